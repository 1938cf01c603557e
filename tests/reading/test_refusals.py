"""A file that is no table is refused by its name, with what to do instead, whatever its extension says."""

import io
import zipfile

import pytest

from matching.reading.values import FileRejected


def archive(*names):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return sink.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)
CAMT = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
KINDS = {
    "a PDF": (b"%PDF-1.7\n1 0 obj", "PDF document; download the table as CSV"),
    "a PDF behind a line": (b"\r\n%PDF-1.7\n1 0 obj", "PDF document"),
    "gzip": (b"\x1f\x8b\x08" + bytes(100), "gzip; unpack it"),
    "a ZIP archive": (archive("a.csv"), "ZIP archive; unpack it"),
    "an OpenDocument": (archive("mimetype", "content.xml", "META-INF/manifest.xml"), r"\(.ods\); save it as .xlsx"),
    "a Word document": (archive("[Content_Types].xml", "word/document.xml"), "Word document"),
    "a Numbers document": (archive("Index/Document.iwa"), "Numbers"),
    "a binary workbook": (archive("[Content_Types].xml", "xl/workbook.bin"), r"binary workbook \(.xlsb\)"),
    "an old workbook": (OLE + "Workbook".encode("utf-16-le"), r"old Excel workbook \(.xls\); save it as .xlsx"),
    "a protected workbook": (
        OLE + "EncryptedPackage".encode("utf-16-le"),
        "password-protected workbook; save it without",
    ),
    "an OLE file": (OLE, "old Excel workbook .* or a password-protected one"),
    "a very old workbook": (b"\x09\x04\x06\x00\x00\x00\x10\x00" + bytes(100), "old Excel"),
    "a workbook in XML": (b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook>', "Excel 2003"),
    "a PNG": (b"\x89PNG\r\n\x1a\n", "picture"),
    "a JPEG": (b"\xff\xd8\xff\xe0", "picture"),
    "a WEBP": (b"RIFF\x00\x00\x00\x00WEBP", "picture"),
    "a HEIC": (b"\x00\x00\x00\x18ftypheic", "picture"),
    "a page": (b"<!DOCTYPE html>\n<html><body>Sign in", r"web page \(HTML\).*download the table again as CSV"),
    "a table of a page": (b"\xef\xbb\xbf\n<table border=1><tr><td>1</td></tr></table>", "web page"),
    "a page behind a comment": (b"<!-- made by us -->\n<html>", "web page"),
    "a page in UTF-16": (("<html><head><meta>" + " " * 50).encode("utf-16"), "web page"),
    "a web archive": (b"MIME-Version: 1.0\nX-Document-Type: Workbook\n\n", "web archive"),
    "XML": (b"<?xml version='1.0'?>\n<rows><row/></rows>", "XML"),
    "CAMT": (f'<?xml version="1.0"?><Document xmlns="{CAMT}"/>'.encode(), "CAMT.*as CSV"),
    "CAMT without a declaration": (f'<Document xmlns="{CAMT}"><BkToCstmrStmt/>'.encode(), "CAMT"),
    "CAMT in UTF-16": (f'<?xml version="1.0"?><Document xmlns="{CAMT}"/>'.encode("utf-16"), "CAMT"),
    "a payment order": (f'<Document xmlns="{CAMT.replace("camt.053", "pain.001")}"/>'.encode(), "ISO 20022"),
    "OFX": (b"OFXHEADER:100\nDATA:OFXSGML\n", "OFX.*as CSV"),
    "OFX in XML": (b'<?xml version="1.0"?>\n<?OFX OFXHEADER="200"?>\n<OFX>', "OFX"),
    "QIF": (b"!Type:Bank\nD01/05/2024\nT-12.50\nPShop\n^\n", "QIF.*as CSV"),
    "QIF of an account": (b"!Account\nNGiro\n^\n!Type:Bank\n", "QIF"),
    "MT940": (b":20:START\r\n:25:1002/123\r\n:28C:1/1\r\n:60F:C240101EUR1,00\r\n", "MT940.*as CSV"),
    "nothing": (b"", "empty"),
    "blank lines": (b"\n\r\n   \n\t\n", "only blank lines"),
    "a mark alone": (b"\xef\xbb\xbf\n", "only blank lines"),
    "blank lines in UTF-16": (("\n \n" * 30).encode("utf-16"), "only blank lines"),
}


@pytest.mark.parametrize("name", ["a.csv", "a.xls", "a.json"])
@pytest.mark.parametrize(("body", "says"), KINDS.values(), ids=KINDS.keys())
def test_what_is_no_table_is_refused_by_its_name(load, body, says, name):
    with pytest.raises(FileRejected, match=says):
        load(body, name)


@pytest.mark.parametrize(
    "text",
    [
        "<TICKER>,<DATE>,<CLOSE>\nABC,2024-01-05,1.50\n",
        "!Type,amount\nx,1.50\n",
        "From: day,amount\n2024-01-05,1.50\n",
        ":20:,amount\nx,1.50\n",
        "p,amount\n<p>,1.50\n",
        "BM,amount\nMZ,1.50\n",
    ],
)
def test_a_table_with_a_strange_header_is_read(load, text):
    assert load(text).amounts == ["1.5"]
