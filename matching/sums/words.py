"""The words of a text, as references and names are compared."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
_INITIALS = re.compile(r"(?<![^\W_])([^\W\d_])\.(?=[^\W\d_](?![^\W_]))")  # "S.p.A." is the word that others write "SPA"


def words(text: str | None) -> list[str]:
    """The words of a text, in capitals and without accents."""
    if not text:
        return []
    if "." in text:
        text = _INITIALS.sub(r"\1", text)
    if text.isascii():
        return _WORD.findall(text.upper())
    plain = unicodedata.normalize("NFKD", text)
    return _WORD.findall("".join(c for c in plain if not unicodedata.combining(c)).upper())
