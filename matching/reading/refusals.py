"""
Files that no reader accepts, recognised by how they begin, and what to do instead. To support one, remove its line
here.
"""

import re

from matching.reading.values import FileRejected

_STATEMENT = "bank statements cannot be read yet; download the account's transactions as CSV and upload that"
_SWIFT = re.compile(r"\s*(?:\{1:[^\n]*\{4:\s*)?:20:[^\n]*\n(?:[^\n]*\n){0,4}?:(?:25P?|28C?|60[FM]):")
_OFX = re.compile(r"\s*(?:OFXHEADER\s*:|<OFX>)")
_STATEMENT_XML = re.compile(r"<OFX>|<\?OFX\b|urn:iso:std:iso:20022:tech:xsd:camt\.05")
_PAGE = re.compile(r"<(?:!doctype|html|head|body|table)\b", re.I)
MAGIC = (
    (b"%PDF", "a PDF document"),
    (
        b"\xd0\xcf\x11\xe0",
        "an old Excel workbook (.xls) or a password-protected one; save it as .xlsx without a password",
    ),
    (b"\x1f\x8b", "compressed with gzip; unpack it first"),
    (b"BZh", "compressed with bzip2; unpack it first"),
    (b"\xfd7zXZ", "compressed with xz; unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"\x89PNG", "a picture"),
    (b"GIF8", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3", "a SQLite database; export the table as CSV"),
)


def refuse_statements(start: str) -> None:
    """Refuse bank statements, which would make a garbled table, by how they begin. Raises: FileRejected."""
    for pattern, name in ((_SWIFT.match, "an MT940"), (_OFX.match, "an OFX"), (_STATEMENT_XML.search, "a CAMT or OFX")):
        if pattern(start):
            raise FileRejected(f"the file is {name} file; {_STATEMENT}")


def refuse_documents(text: str) -> None:
    """Refuse text that is not a table: a web page or XML. Raises: FileRejected."""
    start = text.lstrip()[:4096]
    if start[:5].lower() == "<?xml" or _PAGE.match(start):
        raise FileRejected("the file is a web page or XML, perhaps an error page; download the table again as CSV")
