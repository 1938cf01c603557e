"""
Files that are not tables: refused on upload if their first bytes show it, otherwise failed sources; never a dead
worker.
"""

import io
import os
import struct
import zipfile
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from server.api.keys import SETTINGS
from server.source.loading import load_source

SHEET = (
    b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    b"<sheetData>%s</sheetData></worksheet>"
)


def workbook(*rows):
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return sink.getvalue()


def with_sheet(xml):
    """A workbook whose sheet is replaced."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(["a"]))) as good, zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as bad:
        for name in good.namelist():
            bad.writestr(name, xml if name == "xl/worksheets/sheet1.xml" else good.read(name))
    return sink.getvalue()


def sparse():
    return with_sheet(
        SHEET % b"".join(b'<row r="%d"><c r="XFD%d"><v>1</v></c></row>' % (n, n) for n in range(1, 2_000))
    )


def entities():
    levels = b"".join(b'<!ENTITY a%d "%s">' % (n + 1, b"&a%d;" % n * 10) for n in range(9))
    head = b'<!DOCTYPE w [<!ENTITY a0 "aaaaaaaaaa">' + levels + b"]>"
    cell = b'<row r="1"><c r="A1" t="inlineStr"><is><t>&a9;</t></is></c></row>'
    return with_sheet((SHEET % cell).replace(b"?>", b"?>" + head, 1))


def zip_bomb():
    """A few hundred kilobytes that unpack to 3 GB: one member of zeros, named by many directory entries."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "x")
        archive.writestr("xl/worksheets/sheet1.xml", bytes(100_000_000))
        for number in range(30):
            twin = zipfile.ZipInfo(f"xl/worksheets/twin{number}.xml")
            real = archive.getinfo("xl/worksheets/sheet1.xml")
            for field in ("header_offset", "compress_type", "CRC", "compress_size", "file_size"):
                setattr(twin, field, getattr(real, field))
            archive.filelist.append(twin)
    return sink.getvalue()


def lying_bomb():
    """A ZIP whose directory says that 600 MB are 1,000 bytes."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", "x")
        archive.writestr("xl/worksheets/sheet1.xml", bytes(600_000_000))
    raw = bytearray(sink.getvalue())
    entry = raw.rfind(b"PK\x01\x02")
    raw[entry + 24 : entry + 28] = struct.pack("<I", 1000)
    return bytes(raw)


def parquet(table):
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


PARQUET = parquet(pa.table({"a": ["x"] * 1000, "n": list(range(1000))}))
REFUSED = {
    "empty": b"",
    "binary": os.urandom(5000),
    "a PDF": b"%PDF-1.7\n" + b"x" * 500,
    "a password-protected workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000),
    "an MT940 statement": b":20:STARTUMSE\r\n:25:10020030/1234567\r\n:28C:1/1\r\n:60F:C240101EUR1,00\r\n:61:2401020102D5,00N\r\n",
    "an MT940 statement in an envelope": b"{1:F01X}{2:I940X}{4:\r\n:20:940S\r\n:21:X\r\n:25:DE1\r\n:28C:1\r\n:60F:C240101EUR1,\r\n-}",
    "an OFX statement": b"OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\n\n<OFX>\n<BANKMSGSRSV1>\n",
    "a CAMT statement": b'<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"/>',
    "gzip": b"\x1f\x8b\x08" + bytes(100),
}
FAILED = {
    "zip archive": lambda: _zip({"a.csv": b"a,b\n1,2\n"}),
    "zip bomb": zip_bomb,
    "lying zip bomb": lying_bomb,
    "rows of one cell in the last column": sparse,
    "entity bomb": entities,
    "truncated workbook": lambda: workbook(["a", "b"], [1, 2])[:2000],
    "workbook without cells": lambda: workbook(),
    "truncated parquet": lambda: PARQUET[: len(PARQUET) // 2],
    "corrupt parquet": lambda: PARQUET[:-200] + bytes(150) + PARQUET[-50:],
    "five thousand columns": lambda: b",".join(b"c%d" % n for n in range(5000)) + b"\n",
    "only line ends": lambda: b"\n\n\n",
    "objects without keys": lambda: b"{}\n{}\n",
    "a JSON document without rows": lambda: b'{"a":1,\n"b":2}',
    "a damaged JSON document": lambda: b'[{"a":1},{"a":2',
    "a web page": lambda: b"<!DOCTYPE html><html><body>Sign in</body></html>",
}


FORMATS = {
    **dict.fromkeys(("truncated parquet", "corrupt parquet"), "parquet"),
    **dict.fromkeys((kind for kind in FAILED if "zip" in kind or "workbook" in kind), "xlsx"),
    **dict.fromkeys(("rows of one cell in the last column", "entity bomb"), "xlsx"),
    "objects without keys": "jsonl",
    **dict.fromkeys(("a JSON document without rows", "a damaged JSON document"), "json"),
}


def _zip(members):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return sink.getvalue()


@pytest.mark.parametrize("kind", REFUSED)
async def test_a_file_that_its_first_bytes_give_away_is_refused_on_upload(upload, db, kind):
    status, problem = await upload(REFUSED[kind], "a.csv")

    assert (status, problem["code"]) == (422, "file_rejected")
    assert problem["errors"][0]["pointer"] == "/file"
    assert await db.fetchval("SELECT count(*) FROM sources") == 0
    assert await db.fetchval("SELECT count(*) FROM source_chunks") == 0


@pytest.mark.parametrize("kind", FAILED)
async def test_a_fault_found_only_by_reading_fails_the_source(load, stored, db, worker, kind):
    source = await load(FAILED[kind](), "a.xlsx")

    assert (source["status"], source["problem"]["code"]) == ("failed", "file_rejected")
    assert source["problem"]["detail"]
    assert source["format"] == FORMATS.get(kind, "csv")
    assert "attempts" not in source["problem"]["detail"]
    assert await stored(source) == ([], [])
    assert await db.fetchval("SELECT status FROM sources") == "failed"
    assert worker.process.poll() is None


async def test_rows_that_cannot_be_read_are_listed_and_the_rest_is_loaded(load, stored):
    body = b"".join(
        (
            b"ref,amount\n",
            b"A,1.50\n",
            b"B,2.50,more\n",
            b"C\n",
            b"D\x00,3.50\n",
            b"E\xff,4.50\n",
            b"F,nope\n",
            b"x" * 10_000_000 + b",5.50\n",
            b'"G,6.50\n',
            "Ü,7.50\n".encode() * 20,
            b"H," + b"8" * 40 + b"\n",
        )
    )

    source = await load(body)
    records, rejects = await stored(source)

    assert [record["data"]["ref"] for record in records] == ["A"] + ["Ü"] * 20
    assert [record["row"] for record in records] == [0, *range(8, 28)]
    assert [(reject["line"], reject["column"], reject["code"]) for reject in rejects] == [
        (3, None, "field_count"),
        (4, None, "field_count"),
        (5, None, "nul_character"),
        (6, None, "encoding"),
        (7, "amount", "amount_unparsable"),
        (8, None, "row_too_long"),
        (9, None, "quote"),
        (30, "amount", "amount_unparsable"),
    ]
    assert all(reject["message"] and reject["value_type"] for reject in rejects)


async def test_a_parquet_file_with_broken_text_loses_only_that_row(load, stored):
    offsets = pa.py_buffer(struct.pack("<iii", 0, 1, 3))
    broken = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"\xffok")])

    records, rejects = await stored(await load(parquet(pa.table({"a": broken, "b": ["x", "y"]})), "a.parquet"))

    assert [record["data"] for record in records] == [{"a": "ok", "b": "y"}]
    assert [(reject["line"], reject["column"]) for reject in rejects] == [(1, "a")]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"a":"x\\u0000y","b":1}\n{"a":"ok","b":2}\n', "a.jsonl"),
        (parquet(pa.table({"a": ["x\x00y", "ok"], "b": ["1", "2"]})), "a.parquet"),
    ],
)
async def test_a_nul_character_loses_only_its_own_row(load, stored, body, name):
    records, rejects = await stored(await load(body, name))

    assert [record["data"] for record in records] == [{"a": "ok", "b": "2"}]
    assert [(reject["line"], reject["column"], reject["code"]) for reject in rejects] == [(1, "a", "nul_character")]


async def test_a_failed_source_keeps_no_records(server, load, stored, alice, db):
    source = await load("ref,amount\nA,1.50\nB,nope\n" + "C,2.50\n" * 20)
    # As left by an engine that died three times while it stored the first load.
    await db.execute("UPDATE sources SET status = 'loading', revision = 1, attempt = 3")

    await load_source(server.app[SETTINGS], UUID(source["id"]))
    failed = await alice.ok("GET", f"/sources/{source['id']}")

    assert (failed["status"], failed["problem"]["code"]) == ("failed", "file_rejected")
    assert await stored(failed) == ([], [])


async def test_records_that_a_new_mapping_cannot_type_are_kept(load, settled, stored, alice, db):
    source = await load("ref,amount\nA,1.50\nB,nope\n" + "C,2.50\n" * 20)
    before, _ = await stored(source)
    await db.execute("UPDATE source_chunks SET body = '%PDF-1.7'::bytea")

    await alice.ok("PATCH", f"/sources/{source['id']}", {"mapping": {"reference": {"column": "ref"}}})
    kept = await settled(source["id"])
    after, _ = await stored(kept)

    assert (kept["status"], kept["problem"]["code"]) == ("needs_mapping", "file_rejected")
    assert kept["revision"] > source["revision"]
    assert [record["id"] for record in after] == [record["id"] for record in before]


async def test_a_file_of_one_endlessly_repeated_row_is_refused(load):
    source = await load(parquet(pa.table({"a": pa.array([1] * 12_000_000, pa.int8())})), "a.parquet")

    assert source["problem"]["code"] == "file_rejected"


@pytest.mark.long
async def test_two_thousand_columns_are_loaded(load, stored, alice):
    header, row = ",".join(f"c{n}" for n in range(2000)), ",".join(str(n) for n in range(2000))

    source = await load(f"{header}\n{row}\n{row}\n")
    records, _ = await stored(source)
    changed = await alice.ok("PATCH", f"/records/{records[0]['id']}", {"data": {"c0": "x"}}, if_match=1)

    assert len(records[1]["data"]) == 2000
    assert changed["data"] == {**records[1]["data"], "c0": "x"}
