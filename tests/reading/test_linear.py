"""
Reading takes time in proportion to the size of the file, whatever it contains.

The files here are small, but a reader that looks at their parts again and again would take hours. Where Python does the
work, calls are counted: twice the file must take about twice the calls.
"""

import io
import json
import random
import sys
import tracemalloc
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from matching.reading.detect import detect
from matching.reading.rows import MAX_RECORD_BYTES
from matching.reading.sheet_rows import rows_of
from matching.reading.sheets import scan_workbook
from matching.reading.tables import read_batches
from matching.reading.values import FileRejected

pytestmark = [
    pytest.mark.integration,  # needs the memory and time of large files
    pytest.mark.timeout(90),  # in seconds, for what takes about one
]

LINES = {
    "quotes opened and closed in each line": 'z","q\n',
    "quotes that are never closed": '"open,3\n',
    "a quote opened at the end of each line": '1,"x\n',
    "quotes that are closed within a field": '"a"b,c\n',
    "open and broken lines in turn": '"a,1\nb,2\n"d"e,4\n',
    "quotes alone": '"\n',
    "quotes within quotes": '"""\n',
    "carriage returns": '"x\r',
    "empty lines": '"\n\n\n',
}


def calls_of(work):
    """The number of function calls, including functions written in C."""
    calls = 0

    def count(_frame, event, _argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.sampled("quotes that are never closed", "quotes alone", "carriage returns")
@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
def test_twice_the_lines_are_twice_the_work(load, line):
    def work(lines):
        return calls_of(lambda: load("a,b\n1,2\n" + line * lines))

    work(1)  # loads the words and the names of months
    assert work(2_000) < 2.5 * work(1_000)


@pytest.mark.parametrize("line", ['z","q\n', '1,"x\n'])
def test_a_file_of_hostile_lines_is_read_to_its_end(load, line):
    found = load("a,b\n1,2\n" + line * 20_000 + "3,4\n")

    assert found.data[0] == {"a": "1", "b": "2"}
    assert sorted(found.rows + found.reject_rows) == list(range(20_002))


def test_lines_after_many_open_quotes_are_records(load):
    found = load("a,b\n" + '"open,3\n4,5\n' * 5_000)

    assert len(found.data) == 5_000
    assert found.rejects == [(2 + 2 * n, None, "quote") for n in range(5_000)]


def test_a_record_ends_where_its_quote_is_closed_properly(load):
    found = load('a,b\n"x\ny""\nz",1\n"x\ny"z,2\n"p\n\nq",3\n')

    assert [tuple(row.values()) for row in found.data] == [('x\ny"\nz', "1"), ('y"z', "2"), ("p\n\nq", "3")]
    assert found.rejects == [(5, None, "quote")]


def test_a_header_of_commas_is_scanned_once(load):
    with pytest.raises(FileRejected, match="columns"):
        load("a,b" + "," * 100_000 + "\n1,2" + "," * 100_000 + "\n")


def test_rows_that_grow_are_refused_at_once(load):
    with pytest.raises(FileRejected, match="columns"):
        load(",".join(["x"] * 500_000) + "\n" + ",".join(["y"] * 500_000) + "\n")


@pytest.mark.long
def test_many_short_rows_below_a_wide_header_are_rejected_without_making_cells(load):
    found = load(",".join(f"c{n}" for n in range(2_000)) + "\n" + "a\n" * 30_000)

    assert len(found.rejects) == 30_000
    assert list(found.profiles) == [f"c{n}" for n in range(2_000)]


def test_a_very_long_value_is_neither_an_amount_nor_a_date(load):
    grouped = "1'" * 150_000
    found = load("a,amount\n" + f"{'1' * 300_000},{grouped}1\n" * 10 + "x,1.50\n")

    assert {found.profiles[name].type for name in found.profiles} <= {"text", "code"}


# -- JSON Lines --------------------------------------------------------------------------------------------------------


def test_objects_with_few_of_many_keys_are_refused(load):
    wide = json.dumps({f"k{n}": n for n in range(2_000)})

    with pytest.raises(FileRejected, match="few of the file's many keys"):
        load(wide + "\n" + "{}\n" * 50_000, "a.jsonl")


@pytest.mark.long
def test_nested_values_are_written_once(load):
    deep = '{"a":' + '{"b":' * 400 + '"' + "x" * 500_000 + '"' + "}" * 400 + "}\n"

    found = load(deep * 20, "a.jsonl")

    inner = json.loads(deep)["a"]["b"]["b"]["b"]["b"]
    assert {name: json.loads(text) for name, text in found.data[0].items()} == {"a.b.b.b.b": inner}
    assert len(found.data) == 20


@pytest.mark.long
def test_nested_values_keep_their_form(load):
    found = load('{"a":{"x":[1.50,[],{}, {"y":null}],"z":"\\"ä"},"b":[true]}\n', "a.jsonl")

    assert found.data == [{"a.x": '[1.50, [], {}, {"y": null}]', "a.z": '"ä', "b": "[true]"}]


# -- JSON --------------------------------------------------------------------------------------------------------------


DOCUMENTS = {
    "objects": ('[{"a":1}', ',{"a":2}', "]"),
    "spaces": ('[{"a":1}', "\n   ", "]"),
    "lists around it": ('{"a":[{"x":1}]', ',"b":[1,[2],3]', "}"),
    "keys of each object": ('[{"a":1}', ',{"b":{"c":[{"d":[]}]}}', "]"),
}


@pytest.mark.sampled("objects", "spaces")
@pytest.mark.parametrize("parts", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_twice_the_document_is_twice_the_work(load, parts):
    first, more, last = parts

    def work(times):
        return calls_of(lambda: load(first + more * times + last, "a.json"))

    assert work(4_000) < 2.5 * work(2_000)


def test_a_document_is_read_in_bounded_memory(load, tmp_path):
    path = tmp_path / "source"
    with path.open("w") as file:
        file.write('{"data":[{"id":0}')
        for n in range(1, 6_000):
            file.write(f',{{"id":{n},"text":"{"x" * 20_000}"}}')
        file.write("]}")
    detection = detect(path)

    tracemalloc.start()
    rows = sum(batch.columns.num_rows for batch in read_batches(path, detection))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert rows == 6_000
    assert peak < 80 * 1024**2  # of a file of 120 MB


# -- XLSX --------------------------------------------------------------------------------------------------------------


def workbook(parts=None, **changes):
    """A workbook of two cells, with text inserted at the marks `rows`, `head` and `tail` of its sheet."""
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True}) as book:
        book.add_worksheet().write_row(0, 0, ["name", "text"])
        book.worksheets()[0].write_row(1, 0, ["x", 5])
    changed = io.BytesIO()
    with zipfile.ZipFile(sink) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            xml = old.read(name).decode()
            if name == "xl/worksheets/sheet1.xml":
                xml = xml.replace("</sheetData>", changes.get("rows", "") + "</sheetData>" + changes.get("tail", ""))
                xml = xml.replace("<worksheet", changes.get("head", "") + "<worksheet")
            new.writestr(name, (parts or {}).get(name, lambda xml: xml)(xml))
    return changed.getvalue()


LONG = 4_000_000
SHEETS = {
    "comments": {"rows": f"<!--{'<c ' * 100_000}-->" * 10},
    "cdata": {"rows": f'<row r="3"><c r="A3" t="inlineStr"><is><t><![CDATA[{"<c " * 30_000}]]></t></is></c></row>'},
    "spaces": {"rows": " " * LONG},
    "attributes": {"rows": '<row r="3" ' + " ".join(f'a{n}="1"' for n in range(50_000)) + "/>"},
    "nested": {"rows": "<x>" * 500_000 + "</x>" * 500_000},
    "formulas": {"rows": "".join(f'<row r="{n}"><c r="A{n}"><f>1+1</f></c></row>' for n in range(3, 50_000))},
    "instructions": {"rows": f"<?x {'<c ' * 100_000}?>" * 10},
    "behind the sheet": {"tail": f"<!--{'<sheet ' * 50_000}-->" * 10},
    "runs of text": {"rows": f'<row r="3"><c r="A3" t="inlineStr"><is>{"<r><t>x</t></r>" * 60_000}</is></c></row>'},
}


@pytest.mark.sampled("comments", "cdata", "attributes", "instructions", "behind the sheet")
@pytest.mark.parametrize("changes", SHEETS.values(), ids=SHEETS.keys())
def test_hostile_xml_in_a_sheet_is_read_like_any_other(load, changes):
    found = load(workbook(**changes), "a.xlsx")

    assert found.data[0] == {"name": "x", "text": "5"}


ENDLESS = {
    "a comment": {"rows": f"<!--{'<c ' * LONG}-->"},
    "an instruction": {"rows": f"<?x {'<c ' * LONG}?>"},
    "a tag": {"rows": f'<row r="3"{" " * LONG}/>'},
    "an attribute": {"rows": f'<row r="3" a="{"x" * LONG}"/>'},
    "a comment before the sheet": {"head": f"<!--{'<c ' * LONG}-->"},
}


@pytest.mark.parametrize("changes", ENDLESS.values(), ids=ENDLESS.keys())
def test_a_tag_or_comment_without_end_is_refused(load, changes):
    # Without compression, the ratio does not make it a bomb.
    body = io.BytesIO(workbook(**changes))
    stored = io.BytesIO()
    with zipfile.ZipFile(body) as old, zipfile.ZipFile(stored, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))

    with pytest.raises(FileRejected, match="tag or comment"):
        load(stored.getvalue(), "a.xlsx")


def test_an_unclosed_element_makes_the_workbook_damaged(load):
    with pytest.raises(FileRejected, match="damaged"):
        load(workbook(rows="<c " * 300_000), "a.xlsx")


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml"]
)
def test_a_document_type_is_refused_wherever_it_stands(load, part):
    def declared(xml):
        start = xml.index("?>") + 2
        return xml[:start] + '<!DOCTYPE x [<!ENTITY a "aaaa">]>' + xml[start:]

    with pytest.raises(FileRejected, match="document type"):
        load(workbook({part: declared}), "a.xlsx")


@pytest.mark.long
def test_a_long_text_shared_by_all_cells_is_refused(load):
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(3, 30_000))

    def long(xml):
        return xml.replace("<t>name</t>", f"<t>{'x' * 30_000}</t>")

    with pytest.raises(FileRejected, match="unpacks to far more"):
        load(workbook({"xl/sharedStrings.xml": long}, rows=rows), "a.xlsx")


def test_a_count_of_texts_that_do_not_exist_takes_no_room(load):
    def claim(xml):
        return xml.replace("<sst ", '<sst x="1" ').replace('uniqueCount="3"', 'uniqueCount="4000000000"')

    assert load(workbook({"xl/sharedStrings.xml": claim}), "a.xlsx").data == [{"name": "x", "text": "5"}]


def test_an_endless_format_used_by_many_styles_is_looked_at_once(load):
    def styles(xml):
        formats = f'<numFmts count="1"><numFmt numFmtId="200" formatCode="{"[[x]" * 50_000}"/></numFmts><fonts'
        return xml.replace("<fonts", formats, 1).replace("</cellXfs>", '<xf numFmtId="200"/>' * 20_000 + "</cellXfs>")

    body = workbook({"xl/styles.xml": styles})

    assert load(body, "a.xlsx").data == [{"name": "x", "text": "5"}]
    assert calls_of(lambda: load(body, "a.xlsx")) < 500_000


def styled(rows, columns):
    """A workbook of two rows, with empty cells that have a format down to a row and right to a column."""
    cells = "".join(f'<c r="{column}{{0}}" s="1"/>' for column in columns)
    return workbook(rows="".join(f'<row r="{row}">{cells.format(row)}</row>' for row in rows))


@pytest.mark.parametrize(
    "body",
    [
        styled(range(3, 40_000), ("A", "B", "C", "XFD")),
        styled(range(1_000_000, 1_048_577), ("A",)),
        workbook(rows='<row r="1048576"><c r="XFD1048576" s="1"/></row>'),
        workbook(rows='<row r="1048576"><c r="A1048576"><v>1</v></c></row><row r="3"><c r="XFD3" s="1"/></row>'),
    ],
    ids=["to the last column", "to the last row", "in the last corner", "around a wide area"],
)
def test_cells_far_off_take_no_memory(tmp_path, body):
    path = tmp_path / "a.xlsx"
    path.write_bytes(body)

    tracemalloc.start()
    detection = detect(path)
    rows = sum(batch.columns.num_rows for batch in read_batches(path, detection))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert rows in (1, 2)
    assert peak < 8 * 1024**2


def test_values_spread_over_a_large_area_are_refused(load):
    rows = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(3, 2_000))

    with pytest.raises(FileRejected, match="too large an area"):
        load(workbook(rows=rows), "a.xlsx")


@pytest.mark.long
def test_a_long_text_in_every_cell_of_a_row_is_not_put_together(tmp_path):
    def long(xml):
        return xml.replace("<t>name</t>", f"<t>{random.Random(1).randbytes(450_000).hex()}</t>")

    shared = "".join(f'<c r="{chr(65 + n)}3" t="s"><v>0</v></c>' for n in range(26)) * 10
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook({"xl/sharedStrings.xml": long}, rows=f'<row r="3">{shared}</row>'))
    found = scan_workbook(path)

    tracemalloc.start()
    rows = [(line, sum(len(text) for text in texts if text)) for line, texts in rows_of(path, found, found.sheets[0])]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert [line for line, _ in rows] == [1, 2, 3]
    assert MAX_RECORD_BYTES < rows[2][1] < 3 * MAX_RECORD_BYTES
    assert peak < 32 * 1024**2


def test_each_of_many_sheets_is_scanned_once(load):
    def work(sheets):
        body = io.BytesIO()
        with xlsxwriter.Workbook(body, {"in_memory": True}) as book:
            for _ in range(sheets):
                book.add_worksheet().write_row(0, 0, ["id", "amount"])
        return calls_of(lambda: load(body.getvalue(), "a.xlsx"))

    assert work(400) < 2.5 * work(200)


# -- Parquet -----------------------------------------------------------------------------------------------------------


def test_an_endlessly_repeated_text_is_refused_before_it_is_expanded(load, tmp_path):
    repeated = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), pa.array(["z" * 500_000]))
    pq.write_table(pa.table({"a": repeated}), tmp_path / "source")

    with pytest.raises(FileRejected, match="unpacks to far more"):
        load((tmp_path / "source").read_bytes(), "a.parquet")


def test_the_number_of_cells_is_limited_even_if_they_take_no_bytes(load, tmp_path):
    pq.write_table(pa.table({f"c{n}": pa.array([1] * 400_000) for n in range(60)}), tmp_path / "source")

    with pytest.raises(FileRejected, match="far more rows"):
        load((tmp_path / "source").read_bytes(), "a.parquet")
