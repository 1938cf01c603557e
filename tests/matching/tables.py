"""Small tables, a plan for them, and what the engine finds."""

import pyarrow as pa

from matching import engine
from matching.plan import Plan

AMOUNT = {
    "fields": {
        "amount": {"type": "money", "left": "amount", "right": "amount"},
        "who": {"type": "text", "left": "who", "right": "who"},
    },
    "passes": [
        {
            "name": "amount",
            "kind": "rules",
            "where": [{"field": "amount", "compare": "equal"}],
            "score": [{"field": "who", "compare": "similarity"}],
        }
    ],
}


def table(rows: list[tuple[str, str]]) -> pa.Table:
    return pa.table(
        {"amount": pa.array([r[0] for r in rows], pa.string()), "who": pa.array([r[1] for r in rows], pa.string())}
    )


def matched(left: pa.Table, right: pa.Table, plan: Plan, **options) -> list[tuple[int, int, str]]:
    found = []
    for item in engine.run(left, right, plan, **options):
        if isinstance(item, engine.Chunk):
            columns = (item.matches[name].to_pylist() for name in ("left", "right", "status"))
            found += list(zip(*columns, strict=True))
    return found
