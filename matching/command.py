"""The engine by itself: `python -m matching left.csv right.csv [--plan p.json] [--out dir]` matches two files."""

import argparse
import csv
import hashlib
import json
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from matching import engine
from matching.plan import Plan, PlanInvalid
from matching.reading.look import look, typed_batches
from matching.reading.mapping import Mapping, blocking
from matching.reading.values import FileRejected
from matching.results import left_out
from matching.suggest import Roles, suggest

COLUMNS = ("match_id", "pass", "status", "score", "margin", "side", "row")


class Refused(Exception):
    """The input cannot be used. The message is one line."""


def main(arguments: list[str]) -> int:
    """Run the command. Exit status 0: matched; 2: the input cannot be used, for the reason given in one line."""
    parser = argparse.ArgumentParser(prog="python -m matching", description="Match two tables according to a plan.")
    parser.add_argument("left", type=Path)
    parser.add_argument("right", type=Path)
    parser.add_argument("--plan", type=Path, help="a plan as JSON; without it, one is suggested")
    parser.add_argument("--out", type=Path, default=Path("matching-out"), help="folder for the results")
    parser.add_argument("--threads", type=int, default=2, help="has no effect on the results")
    options = parser.parse_args(arguments)
    try:
        _run(options)
    except (Refused, FileRejected, PlanInvalid) as refusal:
        sys.stderr.write(f"matching: {refusal}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"matching: {error.filename}: {error.strerror}\n")
        return 2
    return 0


def _run(options: argparse.Namespace) -> None:
    left, left_rows, left_roles = _read(options.left)
    right, right_rows, right_roles = _read(options.right)
    plan = _plan(options.plan) if options.plan else suggest(left, right, left_roles=left_roles, right_roles=right_roles)
    options.out.mkdir(parents=True, exist_ok=True)
    _write_json(options.out / "plan.json", plan.model_dump(mode="json", by_alias=True, exclude_none=True))
    passes: list[dict[str, Any]] = []
    matches = 0
    used: tuple[list[int], list[int]] = ([], [])
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with (
        Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar,
        (options.out / "matches.csv").open("w", newline="", encoding="utf-8") as file,
        (options.out / "reported.csv").open("w", newline="", encoding="utf-8") as reported,
    ):
        task = bar.add_task("starting", total=1.0)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        csv.writer(reported, lineterminator="\n").writerow(COLUMNS)

        def show(progress: engine.Progress) -> None:
            bar.update(
                task, completed=progress.fraction, description=f"{progress.pass_name or ''} {progress.stage}".strip()
            )

        for item in engine.run(left, right, plan, options=engine.Options(threads=options.threads, on_progress=show)):
            if isinstance(item, engine.Chunk):
                _write_chunk(
                    csv.writer(reported, lineterminator="\n") if item.is_reported else writer,
                    item,
                    left_rows,
                    right_rows,
                    plan.hash,
                )
                if not item.is_reported:
                    matches += item.matches.num_rows
                    for rows, more in zip(used, item.used, strict=True):
                        rows.extend(more.to_pylist())
            elif isinstance(item, engine.PassFinished):
                passes.append(vars(item))
                if note := left_out(item.pass_name, item.skipped_blocks, item.skipped_pairs):
                    sys.stderr.write(f"matching: {note}\n")
    summary = {
        "plan_hash": plan.hash,
        "left": _sums(left, left_roles, used[0]),
        "right": _sums(right, right_roles, used[1]),
        "matches": matches,
        "passes": passes,
    }
    _write_json(options.out / "summary.json", summary)


def _read(path: Path) -> tuple[pa.Table, list[int], Roles]:
    """A file as a table with typed amount and date, the data row of each of its rows, and what its columns mean."""
    found = look(path)
    mapping, questions = found.mapping, found.questions
    if blocking(questions):
        asked = ", ".join(
            f"{q['column']} ({q['kind'].replace('_', ' ')})" for q in questions if q["kind"] != "currency"
        )
        sys.stderr.write(f"matching: {path}: ambiguous columns are compared as text: {asked}\n")
    tables, rows = [], []
    for batch, typed in typed_batches(path, found):
        keep = pa.compute.is_in(batch.rows, value_set=typed.rows)
        table = batch.columns.filter(keep)
        tables.append(_with_typed(table, mapping, typed))
        rows += typed.rows.to_pylist()
        for reject in [*batch.rejects, *typed.rejects][:20]:
            sys.stderr.write(f"matching: {path}: line {reject.line}: {reject.message}\n")
    if not tables:
        raise Refused(f"{path}: the file has no rows")
    roles = Roles(
        amount=mapping.amount.column if mapping.amount else None,
        currency=mapping.currency.column if mapping.currency else None,
        currency_value=mapping.currency.value if mapping.currency else None,
        date=mapping.date.column if mapping.date else None,
        reference=mapping.reference.column if mapping.reference else None,
    )
    return pa.concat_tables(tables), rows, roles


def _with_typed(table: pa.Table, mapping: Mapping, typed: Any) -> pa.Table:
    names = table.column_names
    if mapping.amount is not None and mapping.amount.column is not None:
        table = table.set_column(names.index(mapping.amount.column), mapping.amount.column, typed.amount)
    elif mapping.amount is not None:
        table = table.append_column("amount" if "amount" not in names else "amount_", typed.amount)
    if mapping.date is not None:
        table = table.set_column(names.index(mapping.date.column), mapping.date.column, typed.date)
    return table


def _plan(path: Path) -> Plan:
    try:
        return Plan.model_validate_json(path.read_bytes())
    except ValueError as error:
        line = str(error).strip().splitlines()
        raise Refused(f"{path}: not a valid plan: {' '.join(part.strip() for part in line[1:3]) or line[0]}") from error


def _write_chunk(writer: Any, chunk: engine.Chunk, left_rows: list[int], right_rows: list[int], plan_hash: str) -> None:
    for match in chunk.matches.to_pylist():
        left, right = [left_rows[row] for row in match["left"]], [right_rows[row] for row in match["right"]]
        records = "/".join(",".join(map(str, rows)) for rows in (left, right))
        match_id = hashlib.sha256(f"{plan_hash}/{chunk.pass_index}/{records}".encode()).hexdigest()[:16]
        shared = (match_id, chunk.pass_name, match["status"], f"{match['score']:.3f}", f"{match['margin']:.3f}")
        writer.writerows((*shared, "left", row) for row in left)
        writer.writerows((*shared, "right", row) for row in right)


def _sums(table: pa.Table, roles: Roles, used: list[int]) -> dict[str, Any]:
    """Counts, and sums per currency, where matched + open = total."""
    taken = set(used)
    found: dict[str, Any] = {"records": table.num_rows, "matched": len(taken), "open": table.num_rows - len(taken)}
    if roles.amount is None or roles.amount not in table.column_names:
        return found
    amounts = table[roles.amount].to_pylist()
    codes = table[roles.currency].to_pylist() if roles.currency else [roles.currency_value or "XXX"] * len(amounts)
    sums: dict[str, dict[str, Decimal]] = defaultdict(
        lambda: {"matched": Decimal(0), "open": Decimal(0), "total": Decimal(0)}
    )
    for row, (amount, code) in enumerate(zip(amounts, codes, strict=True)):
        if amount is not None:
            side = sums[(code or "XXX").strip().upper()]
            side["matched" if row in taken else "open"] += amount
            side["total"] += amount
    found["sums"] = {
        code: {name: f"{value.normalize():f}" for name, value in side.items()} for code, side in sorted(sums.items())
    }
    return found


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
