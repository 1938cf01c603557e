"""
How right suggested plans are where payments are sums: batches, fees, parts, refunds, reversals and duplicates.

A match counts as right only if it is a whole group: all its rows and no other.
"""

import csv
import json
import random
import tempfile
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from bench.matching import DATA, SEED, run
from bench.report import Line
from bench.settlements import settlements
from bench.settlements import write as write_generated

BATCHED = DATA / "batched_settlements"
GROUPS = 8_000  # generated

Truth = set[tuple[frozenset[int], frozenset[int]]]


@dataclass(frozen=True)
class Share:
    """How many of the found groups are right, and of how many that there are."""

    right: int
    found: int
    true: int

    @property
    def precision(self) -> float:
        """Share of what was found that is right."""
        return self.right / max(self.found, 1)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.right / max(self.found + self.true, 1)


def write_batched(folder: Path, kept: float = 1.0, seed: int = SEED) -> Truth:
    """Write a share of the groups of the public set without ids, shuffled. Returns: the groups by data row."""
    chance = random.Random(seed)
    groups: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    kinds = {}
    for group, kind, side, row in _read(BATCHED / "ground_truth.csv")[1:]:
        groups[group][side == "bank"].add(row)
        kinds[group] = kind
    chosen = sorted(chance.sample(sorted(groups), int(len(groups) * kept)))
    places: list[dict[str, int]] = []
    for n, (name, file) in enumerate((("left", "ledger.csv"), ("right", "bank.csv"))):
        header, *rows = _read(BATCHED / file)
        ids = {row for group in chosen for row in groups[group][n]}
        some = [row for row in rows if row[0] in ids]
        chance.shuffle(some)
        places.append({row[0]: number for number, row in enumerate(some)})
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as out:
            csv.writer(out).writerows([header[1:], *(row[1:] for row in some)])
    return {
        (frozenset(places[0][row] for row in groups[group][0]), frozenset(places[1][row] for row in groups[group][1]))
        for group in chosen
        if not kinds[group].endswith("-only")
    }


def score(folder: Path, truth: Truth) -> tuple[Share, Share]:
    """What a run has written, against the truth: what it confirmed, and all it found."""
    found: dict[str, tuple[str, tuple[set[int], set[int]]]] = {}
    with (folder / "matches.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["match_id"], (row["status"], (set(), set())))[1][row["side"] == "right"].add(
                int(row["row"])
            )

    def share(statuses: Collection[str]) -> Share:
        some = [(frozenset(left), frozenset(right)) for status, (left, right) in found.values() if status in statuses]
        return Share(sum(one in truth for one in some), len(some), len(truth))

    return share(("confirmed",)), share(("confirmed", "suggested"))


def main() -> list[Line]:
    """Match the public set, if it is there, and one that is generated."""
    lines = []
    if (BATCHED / "ground_truth.csv").is_file():
        lines.append(_line("batched settlements", "public", (0.956, 0.965), (0.9995, 0.999)))
    return [*lines, _line(f"generated settlements, {GROUPS:,} groups", "generated", (0.90, 0.92), (0.999, 0.995))]


def _line(name: str, which: str, f1: tuple[float, float], precision: tuple[float, float]) -> Line:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if which == "public":
            truth = write_batched(folder)
        else:
            made = settlements(GROUPS, SEED)
            write_generated(made, folder)
            truth = {(left, right) for _, left, right in made.truth}
        wall, cpu = run(folder)
        shares = score(folder / "out", truth)
        passes = [step["kind"] for step in json.loads((folder / "out/plan.json").read_text())["passes"]]
    sure, all_ = shares
    measured = (
        f"whole groups F1 {all_.f1:.4f}, precision {all_.precision:.4f}; confirmed F1 {sure.f1:.4f}, precision "
        f"{sure.precision:.4f}; {wall:.0f} s (CPU {cpu:.0f} s); {', '.join(passes)}"
    )
    bar = f"confirmed F1 >= {f1[0]} at precision >= {precision[0]}, all F1 >= {f1[1]} at >= {precision[1]}"
    holds = all(s.f1 >= f and s.precision >= p for s, f, p in zip(shares, f1, precision, strict=True))
    return Line(f"suggested plan, {name}", measured, bar, "", holds)


def _read(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))
