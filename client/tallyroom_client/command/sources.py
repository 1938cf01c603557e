"""`sources load`."""

import contextlib
import json
import os
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from ..client import Client
from ..position import Event, Snapshot, State
from ..problem import Problem
from .names import Noun, id_of
from .output import Display, ExitCode, Step, count, note, result
from .shapes import CREATED, SOURCE, SOURCE_PROGRESS, checked
from .waiting import Hint, within

MAX_MAPPING_BYTES = 64 * 1024
BUSY = ("pending", "loading")
ASKED = {
    "date_order": "in which order are day, month and year",
    "decimal_mark": "which is the decimal mark",
    "currency": "which is the currency",
    "amount_column": "which is the amount",
    "sign": "which is money out",
    "minor_units": "do the numbers count the smallest unit",
    "date_column": "which is the date",
    "skip": "which rows should be left out",
    "sheet": "which sheet has the bookings",
    "header": "which line is the header",
}


async def load(client: Client, arguments: Namespace, hint: Hint) -> int:
    """Upload a file and wait until it is ready."""
    path = Path(arguments.file)
    fields = {"name": arguments.name or path.stem}
    if arguments.format:
        fields["format"] = arguments.format
    if arguments.mapping:
        fields["mapping"] = _mapping(arguments.mapping)
    _check_readable(path)
    project = await id_of(client, Noun("project", "/projects", {}), arguments.project)
    with contextlib.ExitStack() as files, Display() as display:
        display.begin(f"uploading {path.name}")
        source = checked(await client.upload(f"/projects/{project}/sources", _form(path, fields, files)), CREATED)
        hint.text = f"The source {source['id']} goes on loading; its page in the dashboard shows how far it is."
        async with within(arguments.within, hint):
            source = await _settled(client, source["id"], display)
    return _report(source)


def _check_readable(path: Path) -> None:
    """Refuse before anything is sent. Raises: Problem."""
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise Problem(422, "file_rejected", f"{path} is empty.")
    except OSError as error:
        raise Problem(422, "file_unreadable", f"{path} cannot be read: {os.strerror(error.errno or 0)}.") from None


def _form(path: Path, fields: dict[str, str], files: contextlib.ExitStack) -> Callable[[], aiohttp.FormData]:
    """The body, opened anew for each attempt. It is sent from the disk, whatever its size."""

    def make() -> aiohttp.FormData:
        form = aiohttp.FormData()
        for name, value in fields.items():
            form.add_field(name, value)
        form.add_field("file", files.enter_context(path.open("rb")), filename=path.name)
        return form

    return make


def _mapping(text: str) -> str:
    """The mapping as JSON, given as such or as @FILE. Raises: Problem."""
    try:
        if text.startswith("@"):
            with open(text[1:], encoding="utf-8") as file:
                text = file.read(MAX_MAPPING_BYTES + 1)
        if len(text) > MAX_MAPPING_BYTES or not isinstance(json.loads(text), dict):
            raise ValueError
    except OSError as error:
        raise Problem(422, "file_unreadable", f"{text[1:]} cannot be read: {os.strerror(error.errno or 0)}.") from None
    except ValueError:
        raise Problem(
            422, "invalid_field", 'The mapping is not a JSON object such as {"date": {"order": "dmy"}}.'
        ) from None
    return text


async def _settled(client: Client, source_id: str, display: Display) -> dict[str, Any]:
    """The source, once it is no longer loading."""
    answer = await client.read(f"/sources/{source_id}")
    if checked(answer.body, SOURCE)["status"] in BUSY:
        stream = f"project:{answer.body['project_id']}"
        async with client.follow(stream, answer.position, states=True) as items:
            async for item in items:
                if isinstance(item, State) and item.value.get("source_id") == source_id:
                    display.show(_step(item.value))
                elif isinstance(item, Snapshot) or (
                    isinstance(item, Event) and item.data.get("source_id") == source_id
                ):
                    answer = await client.read(f"/sources/{source_id}")
                    if checked(answer.body, SOURCE)["status"] not in BUSY:
                        break
    return dict(answer.body)


def _step(value: dict[str, Any]) -> Step:
    total = checked(value, SOURCE_PROGRESS)["total_bytes"]
    fraction = min(value["bytes"] / total, 1.0) if total else None
    return Step("loading", fraction, count(value["rows"], "row"))


def _report(source: dict[str, Any]) -> int:
    rows = source["rows"]
    if source["status"] == "failed":
        problem = source["problem"] or {}
        note(f"{problem.get('detail') or 'The file could not be loaded.'} The source is {source['id']}.")
        return ExitCode.FAILED
    result(source["id"])
    left_out = f", {rows['left_out']:,} left out" if rows.get("left_out") else ""
    note(f"{source['name']}: {count(rows['loaded'], 'row')} loaded, {rows['rejected']:,} rejected{left_out}")
    if rows["rejected"]:
        note("The source's page in the dashboard lists every rejected row with line, column and reason.")
    if left_out:
        note("The source's page in the dashboard lists the rows that are no bookings, such as totals.")
    if source["problem"]:
        note(str(source["problem"].get("detail")))
    for question in source["questions"]:
        note(_question(question))
    if source["questions"]:
        note("Answer on the source's page in the dashboard, or load the file again with --mapping.")
    return ExitCode.DONE if source["status"] == "ready" else ExitCode.QUESTIONS


def _question(question: dict[str, Any]) -> str:
    """A question, and a mapping that would answer it."""
    columns = question.get("columns") or [name for name in [question.get("column")] if name is not None]
    where = f"column {' and '.join(columns)}: " if columns else ""
    choices = f" ({' or '.join(question['choices'])})" if question["choices"] else ""
    examples = f" of {', '.join(question['examples'][:3])}" if question["examples"] else ""
    asked = ASKED.get(question["kind"], question["kind"])
    return f"{where}{asked}{examples}{choices}? For example --mapping '{json.dumps(_answer(question, columns))}'"


def _answer(question: dict[str, Any], columns: list[str]) -> dict[str, Any]:
    """The mapping that takes the first choice. Older servers do not send it."""
    if question.get("answers"):
        return dict(question["answers"][0]["mapping"])
    first, columns = (question["choices"] or ["EUR"])[0], columns or ["COLUMN"]
    if question["kind"] == "date_order":
        return {"date": {"column": columns[0], "order": first}}
    if question["kind"] == "currency":
        return {"currency": {"value": first}}
    names = {"debit": columns[0], "credit": columns[1]} if len(columns) == 2 else {"column": columns[0]}
    return {"amount": {**names, "decimal": first}}
