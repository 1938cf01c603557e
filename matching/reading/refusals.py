"""
Files that no reader accepts, recognised by how they begin, and what to do instead. To support one, remove its line
here.
"""

import re

from matching.reading.values import FileRejected

_STATEMENT = "bank statements cannot be read yet; download the account's transactions as CSV and upload that"
_SWIFT = re.compile(r"\s*(?:\{1:[^\n]*\{4:\s*)?:20:[^\n]*\n(?:[^\n]*\n){0,4}?:(?:25P?|28C?|60[FM]):")
_OFX = re.compile(r"\s*(?:OFXHEADER\s*:|<OFX>)")
_QIF = re.compile(r"\s*!(?:Type|Account|Option|Clear)\b[^,;\t]*(?:\n|$)", re.I)
_STATEMENT_XML = re.compile(r"<OFX>|<\?OFX\b|urn:iso:std:iso:20022:tech:xsd:camt\.05")
_PAYMENT_XML = re.compile(r"urn:iso:std:iso:20022:tech:xsd:")
_EXCEL_XML = re.compile(r"<\?mso-application[^>]*Excel|urn:schemas-microsoft-com:office:spreadsheet")
# Only elements of web pages, because names of columns may be in angle brackets too: <DATE>;<CLOSE>
_TAGS = "html|head|body|table|thead|tbody|tr|td|th|meta|title|style|script|link|div|span|form|center|font|p|br|h[1-6]"
_PAGE = re.compile(rf"(?:<!--.*?-->\s*)?<(?:!doctype|(?:{_TAGS})(?=[\s/>]))", re.I | re.S)
_XML = re.compile(r"<\?xml|<[A-Za-z_][\w.:-]*\s[^<>]*\bxmlns", re.I)
_WEB_ARCHIVE = re.compile(r"MIME-Version:|(?:From|Subject|Content-Type): [^,;\t]*\n", re.I)
_PICTURE = "a picture; download the table as CSV"
_OLD_EXCEL = "an old Excel workbook (.xls); save it as .xlsx"
MAGIC = (
    (b"%PDF", "a PDF document; download the table as CSV"),
    (b"\x09\x08\x10\x00\x00\x06\x05\x00", _OLD_EXCEL),
    (b"\x09\x04\x06\x00", _OLD_EXCEL),
    (b"\x09\x02\x06\x00", _OLD_EXCEL),
    (b"\x1f\x8b", "compressed with gzip; unpack it first"),
    (b"BZh", "compressed with bzip2; unpack it first"),
    (b"\xfd7zXZ", "compressed with xz; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd; unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"\x89PNG", _PICTURE),
    (b"GIF8", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    (b"II*\x00", _PICTURE),
    (b"MM\x00*", _PICTURE),
    (b"{\\rtf", "a text document; save the table as CSV"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3", "a SQLite database; export the table as CSV"),
    (b"ORC", "an ORC file; convert it to Parquet"),
    (b"Obj\x01", "an Avro file; convert it to Parquet"),
    (b"ARROW1", "an Arrow file; convert it to Parquet"),
)
_OLE = b"\xd0\xcf\x11\xe0"
# What an OLE file is, by the names in its directory. It may be far behind the beginning of a large file.
_OLE_NAMES = (
    ("EncryptedPackage", "a password-protected workbook; save it without a password"),
    ("WordDocument", "a Word document; save the table as CSV"),
    ("Workbook", _OLD_EXCEL),
    ("Book", _OLD_EXCEL),
)


def named_binary(first: bytes) -> str | None:
    """What a file is that is no text and no table, by its first bytes, and what to do instead."""
    if first.startswith(_OLE):
        known = (what for name, what in _OLE_NAMES if name.encode("utf-16-le") in first)
        return next(
            known, "an old Excel workbook (.xls) or a password-protected one; save it as .xlsx without a password"
        )
    if first[:4] == b"RIFF" and first[8:12] == b"WEBP":
        return _PICTURE
    if first[4:8] == b"ftyp":
        return "a picture or a film; download the table as CSV"
    start = first[:64].lstrip(b"\xef\xbb\xbf \t\r\n") if b"%PDF" in first[:64] else first
    return next((what for magic, what in MAGIC if start.startswith(magic)), None)


def refuse_statements(start: str) -> None:
    """Refuse bank statements, which would make a garbled table, by how they begin. Raises: FileRejected."""
    for pattern, name in (
        (_SWIFT.match, "an MT940"),
        (_OFX.match, "an OFX"),
        (_QIF.match, "a QIF"),
        (_STATEMENT_XML.search, "a CAMT or OFX"),
    ):
        if pattern(start):
            raise FileRejected(f"the file is {name} file; {_STATEMENT}")


def refuse_documents(text: str) -> None:
    """Refuse text that is not a table: nothing, a statement, a web page, XML. Raises: FileRejected."""
    start = text.lstrip("\ufeff \t\r\n\f")[:4096]
    if not start.strip("\x00 \t\r\n\f"):
        raise FileRejected("the file has only blank lines; export the table again")
    refuse_statements(start)
    if _PAGE.match(start):
        raise FileRejected("the file is a web page (HTML), perhaps an error page; download the table again as CSV")
    if _WEB_ARCHIVE.match(start):
        raise FileRejected("the file is a web archive or a mail; download the table again as CSV")
    if not _XML.match(start):
        return
    if _PAYMENT_XML.search(start):
        raise FileRejected("the file is an XML file of payments (ISO 20022); download the transactions as CSV instead")
    if _EXCEL_XML.search(start):
        raise FileRejected("the file is a workbook in XML (Excel 2003); save it as .xlsx")
    raise FileRejected("the file is XML or a web page, perhaps an error page; download the table again as CSV")
