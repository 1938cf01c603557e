"""How a number is printed: what was measured, its bar, and its peer in the same run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One measured number."""

    what: str
    measured: str
    bar: str
    peer: str
    holds: bool | None = None  # None if there is no bar


def show(lines: list[Line]) -> None:
    """Print a table in Markdown, as in docs/benchmarks.md."""
    print("| what | measured | bar | peer, same run | |\n|---|---|---|---|---|")
    for line in lines:
        mark = {True: "holds", False: "MISSED", None: ""}[line.holds]
        print(f"| {line.what} | {line.measured} | {line.bar} | {line.peer} | {mark} |")
