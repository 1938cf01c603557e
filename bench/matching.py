"""
How right suggested plans are: pairs of tables with known partners, matched by `python -m matching` without any labels.

The public sets are not part of the project. They lie in a folder beside it, or where TALLYROOM_TEST_DATA says.
"""

import csv
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.report import Line

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / ".venv-bench" / "bin" / "python"  # made by `make bench-matching`
PEER_S = 900  # a peer that takes longer is stopped
DATA = Path(os.environ.get("TALLYROOM_TEST_DATA", ROOT.parent / "shared" / "data"))
SEED = 1

Pairs = set[tuple[int, int]]
Rows = list[list[str]]


@dataclass(frozen=True)
class Set:
    """A pair of tables, and the file that says which rows belong together."""

    folder: str
    left: str
    right: str
    truth: str
    delimiter: str = ","

    @property
    def is_there(self) -> bool:
        """Whether the folder with the data has it."""
        return (DATA / self.folder / self.truth).is_file()


BANK = Set("bank_transfers", "left.csv", "right.csv", "truth.csv")
PAPERS = Set("dblp_acm", "dblp.csv", "acm.csv", "gt.csv", "%")
PRODUCTS = Set("abt_buy", "abt.csv", "buy.csv", "gt.csv", "|")


@dataclass(frozen=True)
class Variant:
    """Which rows of a set are matched, and what is expected."""

    name: str
    of: Set
    f1: float  # at least
    kept: float = 1.0  # share of the rows of each side, drawn at random
    together: float = 1.0  # share of the true pairs, of which both rows are kept
    removed: str | None = None  # a file with ids of rows that are left out
    confirmed: float = 0.0  # recall of what is confirmed, at least


VARIANTS = (
    Variant("bank transfers", BANK, 0.998, confirmed=0.96),
    Variant("bank transfers, rows removed", BANK, 0.990, removed="removed.csv", confirmed=0.87),
    Variant("papers (DBLP-ACM)", PAPERS, 0.991),
    Variant("papers, half of each side", PAPERS, 0.977, kept=0.5),
    Variant("products (Abt-Buy)", PRODUCTS, 0.965),
    Variant("products, 70 % of each side", PRODUCTS, 0.895, kept=0.7),
    Variant("products, 40 % of each side", PRODUCTS, 0.85, kept=0.4),
)


@dataclass(frozen=True)
class Score:
    """How right a run is. Confirmed matches count as found."""

    right: int
    found: int
    true: int
    confirmed_right: int
    confirmed: int

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.right / max(self.found + self.true, 1)

    @property
    def recall(self) -> float:
        """Share of the true pairs that are confirmed."""
        return self.confirmed_right / max(self.true, 1)

    @property
    def precision(self) -> float:
        """Share of the confirmed matches that are true."""
        return self.confirmed_right / max(self.confirmed, 1)


def write(variant: Variant, folder: Path, seed: int = SEED) -> Pairs:
    """Write both tables with their rows shuffled. Returns: the true pairs, by data row."""
    source = DATA / variant.of.folder
    tables = [_read(source / name, variant.of.delimiter) for name in (variant.of.left, variant.of.right)]
    chance = random.Random(seed)
    truth = [(row[0], row[1]) for row in _read(source / variant.of.truth, variant.of.delimiter)[1:]]
    left_out = {row[0] for row in _read(source / variant.removed, ",")} if variant.removed else set()
    if variant.together < 1:
        kept = chance.sample(truth, int(len(truth) * variant.together))
        ids = {one for pair in kept for one in pair}
        left_out |= {row[0] for table in tables for row in table[1:]} - ids
    places: list[dict[str, int]] = []
    for name, (header, *rows) in zip(("left", "right"), tables, strict=True):
        chosen = [row for row in rows if row[0] not in left_out]
        chance.shuffle(chosen)
        chosen = chosen[: int(len(chosen) * variant.kept)]
        places.append({row[0]: number for number, row in enumerate(chosen)})
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *chosen])
    return {(places[0][a], places[1][b]) for a, b in truth if a in places[0] and b in places[1]}


def score(folder: Path, truth: Pairs) -> Score:
    """Compare the matches that a run has written with the truth."""
    found: dict[str, tuple[str, dict[str, list[int]]]] = {}
    with (folder / "matches.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            sides = found.setdefault(row["match_id"], (row["status"], {"left": [], "right": []}))[1]
            sides[row["side"]].append(int(row["row"]))
    pairs = [
        ((sides["left"][0], sides["right"][0]), status)
        for status, sides in found.values()
        if len(sides["left"]) == len(sides["right"]) == 1
    ]
    confirmed = [pair for pair, status in pairs if status == "confirmed"]
    right, sure = (sum(pair in truth for pair in some) for some in ([pair for pair, _ in pairs], confirmed))
    return Score(right, len(found), len(truth), sure, len(confirmed))


def run(folder: Path) -> tuple[float, float]:
    """Match the two tables. Returns: seconds of the whole process, and its CPU seconds."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "matching", str(folder / "left.csv"), str(folder / "right.csv")]
    subprocess.run([*command, "--out", str(folder / "out")], check=True, cwd=ROOT, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def peers(folder: Path, truth: Pairs) -> str:
    """What Splink and recordlinkage find in the same two tables, if they are installed."""
    found = []
    for name in ("Splink", "recordlinkage") if PEERS.is_file() else ():
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [str(PEERS), "-W", "ignore", "-m", f"bench.peers.with_{name.lower()}", str(folder)]
        try:
            subprocess.run(command, check=True, cwd=ROOT, capture_output=True, timeout=PEER_S)
        except subprocess.TimeoutExpired:
            found.append(f"{name}: not finished after {PEER_S} s")
            continue
        except subprocess.CalledProcessError as error:
            last = error.stderr.decode(errors="replace").strip().splitlines()[-1:]
            found.append(f"{name}: failed ({' '.join(last)[:80]})")
            continue
        after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        with (folder / "peer.csv").open(encoding="utf-8") as file:
            pairs = {(int(row["left"]), int(row["right"])) for row in csv.DictReader(file)}
        f1 = 2 * len(pairs & truth) / max(len(pairs) + len(truth), 1)
        found.append(f"{name}, likeliest first: F1 {f1:.4f}, {wall:.0f} s (CPU {cpu:.0f} s)")
    return "; ".join(found)


def main() -> list[Line]:
    """Match each set that is there."""
    return [_line(variant) for variant in VARIANTS if variant.of.is_there] or [
        Line("suggested plans", "not measured", "", f"no data at {DATA}", None)
    ]


def _line(variant: Variant) -> Line:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        truth = write(variant, folder)
        wall, cpu = run(folder)
        found = score(folder / "out", truth)
        passes = len(json.loads((folder / "out/plan.json").read_text())["passes"])
        others = peers(folder, truth)
    sure = f"confirmed {found.recall:.3f} of the pairs, {found.precision:.4f} of them right"
    bar = f"F1 >= {variant.f1}" + (f", confirmed >= {variant.confirmed}" if variant.confirmed else "")
    holds = found.f1 >= variant.f1 and found.recall >= variant.confirmed
    if variant.confirmed:
        holds &= found.precision >= 0.999
    measured = f"F1 {found.f1:.4f}; {sure}; {wall:.0f} s (CPU {cpu:.0f} s), {passes} passes"
    return Line(f"suggested plan, {variant.name}", measured, bar, others, holds)


def _read(path: Path, delimiter: str) -> Rows:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, delimiter=delimiter))
