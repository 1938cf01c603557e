"""Both tables with common names of columns, and pairs taken one to one. Runs in the environment of the peers."""

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd

Fields = dict[str, str]  # the type of each column, by its common name


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, Fields]:
    """The fields of the plan that our engine suggested for two tables, as texts, numbers and dates."""
    plan = json.loads((folder / "out" / "plan.json").read_text())
    fields: Fields = {}
    sides = [pd.read_csv(folder / f"{side}.csv", dtype=str, keep_default_na=False) for side in ("left", "right")]
    made = [pd.DataFrame({"unique_id": range(len(side))}) for side in sides]
    for number, field in enumerate(plan["fields"].values()):
        name = f"f{number}"
        fields[name] = field["type"]
        for side, table, frame in zip(("left", "right"), sides, made, strict=True):
            frame[name] = _typed(_column(table, field[side]), field["type"])
    return made[0], made[1], fields


def _column(table: pd.DataFrame, spec: Any) -> pd.Series:
    if isinstance(spec, str):
        return table[spec]
    if "extract" in spec:
        return table[spec["from"]].str.extract(f"({spec['extract'].replace('(?i)', '')})", flags=2)[0]
    return table[spec["column"]]


def _typed(values: pd.Series, kind: str) -> pd.Series:
    if kind in ("money", "number"):
        return pd.to_numeric(values.str.replace(r"[^0-9.-]", "", regex=True), errors="coerce")
    clean = values.fillna("").str.strip() if kind == "date" else values.fillna("").str.lower().str.strip()
    return clean.where(clean != "", None)


def write(folder: Path, pairs: pd.DataFrame) -> None:
    """Write pairs (`left`, `right`, `weight`), each row in at most one, the likeliest first."""
    left, right, kept = set(), set(), []
    for a, b in pairs.sort_values("weight", ascending=False, kind="stable")[["left", "right"]].itertuples(index=False):
        if a not in left and b not in right:
            left.add(a)
            right.add(b)
            kept.append((a, b))
    pd.DataFrame(kept, columns=["left", "right"]).to_csv(folder / "peer.csv", index=False)


def folder_of_arguments() -> Path:
    """The folder that the benchmark names."""
    return Path(sys.argv[1])
