"""What the commands write: results, notes and progress."""

import sys
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ..problem import one_line

if TYPE_CHECKING:
    from rich.progress import Progress

MAX_RESULT = 10_000
STEP = 0.1  # of the work, between two lines where there is no terminal


class ExitCode:
    """Exit codes, as every --help lists them."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    FAILED = 3
    QUESTIONS = 4
    LATER = 5
    DISAGREES = 6
    STOPPED = 130


EXIT_CODES = """\
exit codes:
  0    done
  1    refused: not signed in, no right, not found, ambiguous, or not valid
  2    the command is not used like this
  3    the job or the file ended without success
  4    the file has questions that a person must answer
  5    the server cannot be reached or is busy, or --within is over: try again
  6    with --prove: the job is completed, but both sides do not agree
  130  stopped with Ctrl-C"""


def result(text: str) -> None:
    """A line of the result. A character that the terminal lacks is written as an escape."""
    line = one_line(text, MAX_RESULT) + "\n"
    sys.stdout.buffer.write(line.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
    sys.stdout.flush()


def note(text: str) -> None:
    """A line for the person who watches."""
    sys.stderr.write(f"tallyroom: {one_line(text)}\n")
    sys.stderr.flush()


def visible(text: str) -> str:
    """Text with every character that could control a terminal written as an escape; lines and tabs stay."""
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)


@dataclass(frozen=True)
class Step:
    """How far something is: a share of the work from 0 to 1 if it is known, and words."""

    stage: str
    fraction: float | None
    more: str = ""


class Display:
    """Progress: a bar that moves on a terminal, and otherwise a line per stage and tenth."""

    def __init__(self) -> None:
        self._bar = _bar() if sys.stderr.isatty() else None
        self._task = None if self._bar is None else self._bar.add_task("", total=None, more="")
        self._said: tuple[str, int] | None = None

    def begin(self, stage: str) -> None:
        """Show the bar before anything is known. Without a terminal, nothing is said before the server has agreed."""
        if self._bar is not None:
            self.show(Step(stage, None))

    def show(self, step: Step) -> None:
        """Show where the work is."""
        stage, more = one_line(step.stage), one_line(step.more)
        if self._bar is not None and self._task is not None:
            done = None if step.fraction is None else step.fraction * 100
            self._bar.update(
                self._task, description=stage, total=100 if done is not None else None, completed=done or 0, more=more
            )
            return
        mark = (stage, int((step.fraction or 0.0) / STEP + 1e-9))
        if mark != self._said:
            self._said = mark
            share = "" if step.fraction is None else f" {step.fraction:.0%}"
            note(f"{stage}{share}{', ' if more else ''}{more}")

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


def _bar() -> "Progress":
    """A bar for a terminal. Imported only here, because scripts start these commands often."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    # Rich would take square brackets in what a server or a file is called for markup, such as links and colours.
    stage, more = (TextColumn(text, markup=False) for text in ("{task.description}", "{task.fields[more]}"))
    columns = (stage, BarColumn(), TaskProgressColumn(), more)
    return Progress(*columns, console=Console(stderr=True), transient=True)


def count(number: Any, noun: str) -> str:
    """A number with its noun: `1 row`, `4,000 rows`."""
    ending = "es" if noun.endswith("ch") else "s"
    return f"{number:,} {noun}{'' if number == 1 else ending}"
