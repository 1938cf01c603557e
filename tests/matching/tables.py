"""Small tables, a plan for them, and what the engine finds."""

import pyarrow as pa

from matching import engine
from matching.plan import Plan
from matching.results import Chunk

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
    """Row on the left, row on the right and status of each match, for a plan that finds pairs."""
    return [
        pair for item in engine.run(left, right, plan, **options) if isinstance(item, Chunk) for pair in pairs(item)
    ]


def pairs(chunk: Chunk) -> list[tuple[int, int, str]]:
    """Row on the left, row on the right and status of each match of a chunk whose matches are pairs."""
    rows = chunk.matches.select(["left", "right", "status"]).to_pylist()
    return [(left, right, row["status"]) for row in rows for left, right in [row["left"] + row["right"]]]
