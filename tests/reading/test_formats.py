"""There is one table of formats, and everything derived from it knows a format once it has a line there."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from matching.reading.detect import check_magic, detect, format_of
from matching.reading.format import Detection, Format, Start
from matching.reading.formats import FORMATS
from matching.reading.look import read_whole
from matching.reading.mapping import Mapping
from matching.reading.rows import Builder
from matching.reading.tables import read_batches
from matching.reading.values import FileRejected

ROOT = Path(__file__).resolve().parents[2]
NAMES = tuple(FORMATS)


def write_workbook(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([("invoice", "amount"), ("INV-1", "1.50"), ("INV-2", "2.50")]):
            sheet.write_row(number, 0, row)


TABLE = [{"invoice": "INV-1", "amount": "1.50"}, {"invoice": "INV-2", "amount": "2.50"}]
# The rows of formats with their own columns, by the format's name; all other files contain TABLE.
ROWS: dict[str, list[dict[str, str | None]]] = {}
# Text formats whose files show for sure that they are in them; any text may be a table of lines.
STRICT = {"json"}
# One file of each format. Those of a format that test_damage has no file of are damaged there.
WRITERS: dict[str, Callable[[Path], object]] = {
    "csv": lambda path: path.write_text("invoice,amount\nINV-1,1.50\nINV-2,2.50\n"),
    "jsonl": lambda path: path.write_text('{"invoice":"INV-1","amount":1.50}\n{"invoice":"INV-2","amount":2.50}\n'),
    "json": lambda path: path.write_text(
        '{"data":[{"invoice":"INV-1","amount":1.50},{"invoice":"INV-2","amount":2.50}],"more":false}'
    ),
    "xlsx": write_workbook,
    "parquet": lambda path: pq.write_table(pa.table({"invoice": ["INV-1", "INV-2"], "amount": ["1.50", "2.50"]}), path),
}


@pytest.fixture(params=NAMES)
def written(request, tmp_path):
    path = tmp_path / "table.dat"
    WRITERS[request.param](path)
    return request.param, path


def test_each_format_is_recognised_by_its_content_and_read(written):
    name, path = written

    detection = detect(path)
    rows = [row for batch in read_batches(path, detection) for row in batch.columns.to_pylist()]

    assert (detection.format, format_of(path.read_bytes())) == (name, name)
    assert rows == ROWS.get(name, TABLE)


@pytest.mark.parametrize("said", NAMES)
def test_a_file_declared_as_another_format_is_refused(written, said):
    name, path = written
    both_texts = FORMATS[name].magic is None and FORMATS[said].magic is None

    if name == said or (both_texts and said not in STRICT):
        assert detect(path, said).format == said
    else:
        with pytest.raises(FileRejected, match=re.escape(FORMATS[said].mismatch)):
            detect(path, said)


def test_an_upload_may_declare_any_of_the_formats_and_no_other():
    rest = json.loads((ROOT / "docs/openapi.json").read_text())
    body = rest["paths"]["/api/v1/projects/{id}/sources"]["post"]["requestBody"]["content"]["multipart/form-data"]

    assert body["schema"]["properties"]["format"]["enum"] == list(NAMES)


def test_the_readme_and_the_dashboard_name_the_formats_of_the_table():
    readme = (ROOT / "README.md").read_text()
    dashboard = (ROOT / "web/src/api/formats.ts").read_text()

    assert f"**Files as they are**: {', '.join(format.title for format in FORMATS.values())};" in readme
    assert re.findall(r'"name": "(\w+)"', dashboard) == list(NAMES)


def test_a_new_format_is_one_line_of_the_table(tmp_path, monkeypatch):
    def read(path, detection, batch_rows):
        build = Builder(("key", "value"), batch_rows)
        for line, text in enumerate(path.read_text().splitlines()[1:], 2):
            build.add(text.split("=", 1), line)
        yield build.take()

    def recognises(start: Start) -> bool:
        return start.text.startswith("[pairs]\n")

    pairs = Format(
        name="pairs",
        title="Pairs",
        mismatch="the file has no pairs",
        detect=lambda _, start, __: Detection("pairs", encoding=start.encoding),
        read=read,
        recognises=recognises,
    )
    monkeypatch.setitem(FORMATS, pairs.name, pairs)
    path = tmp_path / "a.csv"
    path.write_text("[pairs]\na=1\nb=2\n")

    detection = detect(path)
    batch = next(read_batches(path, detection))

    assert (detection.format, format_of(path.read_bytes())) == ("pairs", "pairs")
    assert batch.columns.to_pylist() == [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]
    with pytest.raises(FileRejected, match=rf"; CSV, .*{FORMATS[NAMES[-1]].title} and Pairs can be loaded"):
        check_magic(b"%PDF-1.7")


def test_a_format_that_knows_its_columns_is_asked_about_none_of_them(tmp_path, monkeypatch):
    columns = ("Amt", "Sts")

    def read(path, detection, batch_rows):
        build = Builder(columns, batch_rows)
        for line, text in enumerate(path.read_text().splitlines()[1:], 2):
            build.add(text.split("="), line)
        yield build.take()

    def form(name, **known):
        return Format(
            name=name,
            title=name,
            mismatch=f"the file is no {name}",
            detect=lambda _, start, __: Detection(name, columns, start.encoding, mapping=known),
            read=read,
            recognises=lambda start: start.text.startswith(f"[{name}]\n"),
        )

    amount, skip = {"column": "Amt", "decimal": "."}, [{"column": "Sts", "values": ["PDNG"]}]
    for made in (form("guessed"), form("known", amount=amount, currency={"value": "EUR"}, skip=skip)):
        monkeypatch.setitem(FORMATS, made.name, made)
    rows = "1.234=BOOK\n2.345=BOOK\n3.456=PDNG\n"
    paths = {name: tmp_path / name for name in ("guessed", "known")}
    for name, path in paths.items():
        path.write_text(f"[{name}]\n{rows}")

    guessed, known = (read_whole(path) for path in paths.values())
    told, _ = read_whole(paths["known"], Mapping.model_validate({"skip": []}))

    assert guessed[0].questions
    assert (known[0].questions, known[0].suggested.amount) == ([], known[0].mapping.amount)
    amounts = [str(one) for _, typed in known[1] for one in typed.amount.to_pylist()]
    assert [Decimal(one) for one in amounts] == [Decimal("1.234"), Decimal("2.345")]
    assert (told.mapping.amount, told.mapping.skip) == (known[0].mapping.amount, [])  # what people say counts more
    # What the format says is stored with what people say, and settles as much when the file is read again.
    paths["known"].write_text("[known]\n1.234=booked\n2.345=booked\n3.456=booked\n4.567=declined\n")
    again, _ = read_whole(paths["known"], Mapping.model_validate({"skip": skip, "reference": None}))
    assert again.questions == []
