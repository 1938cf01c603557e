"""E-mail addresses in one canonical form, so that a second spelling cannot become a second account."""

import unicodedata

import idna

MAX_CHARACTERS = 254
MAX_LOCAL = 64


def canonical(address: str) -> str:
    """
    The canonical form: NFC, domain as lower-case ASCII (IDNA 2008), local part case-folded.

    Raises: ValueError with a sentence for the user.
    """
    text = unicodedata.normalize("NFC", address.strip())
    if any(ord(c) < 33 or 0x7F <= ord(c) < 0xA0 or c.isspace() or 0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise ValueError("an e-mail address must not contain spaces or control characters")
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain or "@" in local:
        raise ValueError("an e-mail address must look like name@example.com")
    if domain.endswith((".", "。", "．", "｡")):
        # A trailing dot names the same domain, and would be a second spelling of the same address.
        raise ValueError("the part after @ is not a domain name")
    if not local.isascii():
        raise ValueError("the part before @ must be ASCII")
    try:
        ascii_domain = idna.encode(domain.lower(), uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise ValueError("the part after @ is not a domain name") from error
    result = f"{local.casefold()}@{ascii_domain}"
    if len(result) > MAX_CHARACTERS or len(local) > MAX_LOCAL:
        raise ValueError("the e-mail address is too long")
    return result
