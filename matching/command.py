"""The engine by itself: `python -m matching left.csv right.csv [--plan p.json] [--out dir]` matches two files."""

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from matching import engine, inputs
from matching.faults import plan_of
from matching.fields import Roles, with_currencies
from matching.output import FORMATS, Writer
from matching.plan import Plan, PlanInvalid
from matching.reading.values import FileRejected
from matching.results import left_out, nothing_compared, too_little
from matching.sentences import numbered
from matching.suggest import suggest
from matching.summary import Tally, money_table, roles_of, side_of, summed

# Of the matches that are written together. The chunks that people review are smaller, so that they are there sooner.
CHUNK_ROWS = 100_000
MOST_FAULTS = 10  # of a plan, in one line
MOST_THREADS = 256


class Refused(Exception):
    """The input cannot be used. The message is one line."""


def main(arguments: list[str]) -> int:
    """Run the command. Exit status 0: matched; 2: the input cannot be used, for the reason given in one line."""
    parser = argparse.ArgumentParser(
        prog="python -m matching",
        description="Match two tables according to a plan.",
        epilog="Exit status 0: matched; 2: the files or the plan cannot be used, for the reason given in one line.",
    )
    parser.add_argument("left", type=Path)
    parser.add_argument("right", type=Path)
    parser.add_argument("--plan", type=Path, help="a plan as JSON; without it, one is suggested")
    parser.add_argument("--out", type=Path, default=Path("matching-out"), help="folder for the results")
    parser.add_argument("--format", choices=FORMATS, default="csv", help="of the matches; csv if not given")
    parser.add_argument("--threads", type=int, default=2, help="has no effect on the results")
    options = parser.parse_args(arguments)
    return _status(lambda: _run(options))


def explain(arguments: list[str], program: str = "python -m matching explain") -> int:
    """Print a plan in words, or what became of two rows. Exit status 0, or 2 as `main`."""
    parser = argparse.ArgumentParser(
        prog=program, description="Say in words what a plan does, or why two rows of two files match or do not."
    )
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE", help="the left and the right file")
    parser.add_argument("--plan", type=Path, help="a plan as JSON; without it, one is suggested for the files")
    parser.add_argument("--left-row", type=int, metavar="N", help="a data row of the left file, from 0")
    parser.add_argument("--right-row", type=int, metavar="M", help="a data row of the right file, from 0")
    options = parser.parse_args(arguments)
    rows = (options.left_row, options.right_row)
    if len(options.files) not in (0, 2) or (not options.files and options.plan is None):
        parser.error("give a plan, or two files")
    if any(row is not None for row in rows) and (None in rows or not options.files):
        parser.error("two rows need two files, --left-row and --right-row")
    return _status(lambda: _explain(options))


def _status(work: Callable[[], None]) -> int:
    """Do the work. Returns: 0, or 2 if the input cannot be used, for the reason that is written in one line."""
    try:
        work()
    except (Refused, FileRejected, PlanInvalid) as refusal:
        sys.stderr.write(f"matching: {refusal}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"matching: {error.filename}: {error.strerror}\n")
        return 2
    return 0


def _explain(options: argparse.Namespace) -> None:
    plan = _plan(options.plan) if options.plan else None
    if not options.files:
        assert plan is not None
        sys.stdout.write(numbered(plan))
        return
    left, right = _read(*options.files)
    plan = plan or suggest(left.table, right.table, left_roles=left.roles, right_roles=right.roles)
    if options.left_row is None:
        sys.stdout.write(numbered(plan))
        return
    rows = [
        _place(side.rows, row, path)
        for side, row, path in zip((left, right), (options.left_row, options.right_row), options.files, strict=True)
    ]
    from matching import explanation

    whole = with_currencies(plan, (left.roles, right.roles))
    found = explanation.explain(left.table, right.table, rows[0], rows[1], whole)
    sys.stdout.write(f"{found.in_words((left.rows.tolist(), right.rows.tolist()))}\n")


def _place(rows: NDArray[np.int64], row: int, path: Path) -> int:
    """Where a data row of a file is in its table."""
    found = np.flatnonzero(rows == row)
    if not len(found):
        raise Refused(f"{path}: there is no data row {row}, or it could not be read")
    return int(found[0])


def _run(options: argparse.Namespace) -> None:
    if not 1 <= options.threads <= MOST_THREADS:
        raise Refused(f"--threads must be from 1 to {MOST_THREADS}")
    given = _plan(options.plan) if options.plan else None
    left, right = _read(options.left, options.right)
    for line in (*left.notes, *right.notes):
        sys.stderr.write(f"matching: {line}\n")
    plan = given or suggest(left.table, right.table, left_roles=left.roles, right_roles=right.roles)
    options.out.mkdir(parents=True, exist_ok=True)
    _write_json(options.out / "plan.json", plan.model_dump(mode="json", by_alias=True, exclude_none=True))
    for name in ("matches", "reported"):  # of an earlier run into this folder, in another format
        for other in set(FORMATS) - {options.format}:
            (options.out / f"{name}.{other}").unlink(missing_ok=True)
    tally = Tally.of(left.table, right.table)
    with ExitStack() as stack:
        show = stack.enter_context(_Bar()).show if sys.stderr.isatty() else None
        matches, reported = (
            stack.enter_context(
                Writer(options.out / f"{name}.{options.format}", plan.hash, (left.rows, right.rows), options.format)
            )
            for name in ("matches", "reported")
        )
        how = engine.Options(threads=options.threads, on_progress=show, chunk_size=CHUNK_ROWS, with_explanations=False)
        whole = with_currencies(plan, (left.roles, right.roles))
        for item in engine.run(left.table, right.table, whole, options=how):
            tally.add(item)
            if isinstance(item, engine.Chunk):
                (reported if item.is_reported else matches).write(item)
    for step in tally.passes:
        for note in (
            left_out(step.pass_name, step.skipped_blocks, step.skipped_pairs),
            too_little(step.pass_name, step.matches + step.reported, step.too_little),
        ):
            if note is not None:
                sys.stderr.write(f"matching: {note}\n")
    if (note := nothing_compared(tally.passes)) is not None:
        sys.stderr.write(f"matching: {note}\n")
    sides = {
        name: side_of(*_followed(whole, name, side), states)
        for name, side, states in zip(("left", "right"), (left, right), tally.states, strict=True)
    }
    summary = {
        "plan_hash": plan.hash,
        **sides,
        "matches": tally.matches,
        "passes": [vars(step) for step in tally.passes],
    }
    _write_json(options.out / "summary.json", summary)
    sys.stdout.write(money_table(sides, tally))


def _followed(plan: Plan, name: str, side: inputs.Input) -> tuple[pa.Table, Roles]:
    """The amounts to be added up: those that the plan compares, which need not be the ones that the file was read for."""
    roles = roles_of(plan, name)
    if roles.amount in (None, side.roles.amount):
        return side.table, side.roles
    return summed(side.table, roles)


def _read(left: Path, right: Path) -> tuple[inputs.Input, inputs.Input]:
    """Read both files. Raises: Refused, which names the file; OSError."""
    try:
        return inputs.read_both(left, right)
    except FileRejected as refusal:
        if str(refusal).startswith((str(left), str(right))):
            raise
        # The left one is read first. To read it again takes time only where nothing else is done with it.
        guilty = left if _is_refused(left) else right
        raise Refused(f"{guilty}: {refusal}") from refusal


def _is_refused(path: Path) -> bool:
    try:
        inputs.read(path)
    except FileRejected:
        return True
    return False


class _Bar:
    """A progress bar on standard error."""

    def __enter__(self) -> "_Bar":
        # Imported here: without a terminal there is no bar, and it takes 0.06 s.
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        # The name of a pass is a text that people wrote, in which brackets are no markup.
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._bar.start()
        self._task = self._bar.add_task("starting", total=1.0)
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, progress: engine.Progress) -> None:
        """Show how far the run is."""
        description = f"{progress.pass_name or ''} {progress.stage}".strip()
        self._bar.update(self._task, completed=progress.fraction, description=description)


def _plan(path: Path) -> Plan:
    try:
        return plan_of(path)
    except PlanInvalid as error:
        shown = PlanInvalid(error.faults[:MOST_FAULTS])
        more = len(error.faults) - MOST_FAULTS
        raise Refused(f"{path}: not a valid plan: {shown}{f'; and {more} more' if more > 0 else ''}") from error


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
