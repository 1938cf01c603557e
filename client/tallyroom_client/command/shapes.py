"""The shapes of what the commands read."""

from typing import Any

from ..problem import not_tallyroom
from ..shape import NUMBER, Maybe, fits

SIDE = {name: {"amount": str} for name in ("confirmed", "to_review", "open")}
PROOF = {"currency": str, "agrees": bool, "difference": {"amount": str}, "left": SIDE, "right": SIDE}
COUNTS = dict.fromkeys(("matches", "confirmed", "suggested", "open_left", "open_right"), int)
CREATED = {"id": str}
NAMED = {"id": str, "name": str}
VAULT = {**NAMED, "my_role": str}
REVEALED = {"fields": {"secret": str}}
PROBLEM = Maybe({"detail": Maybe(str)})
JOB = {"status": str, "problem": PROBLEM}
EXPLAIN = {
    "sentence": str,
    "competitor": Maybe({"match_id": str, "side": str}),
    "passes": [{"pass": str, "sentence": str}],
    "weight": Maybe(NUMBER),
    "prior": Maybe(NUMBER),
    "fields": [{"field": str, "weight": Maybe(NUMBER)}],
    "unknown": [str],
}
SUMMARY = {"counts": COUNTS, "proof": [PROOF], "notes": [str]}
JOB_PROGRESS = {"stage": str, "fraction": NUMBER, "matched": int, "eta_seconds": Maybe(NUMBER)}
SOURCE_PROGRESS = {"bytes": int, "total_bytes": Maybe(int), "rows": int}
QUESTION = {
    "column": Maybe(str),
    "columns": Maybe([str]),
    "kind": str,
    "choices": [str],
    "examples": [str],
    "answers": Maybe([{"mapping": {}}]),
}
SOURCE = {
    **NAMED,
    "project_id": str,
    "status": str,
    "rows": {"loaded": int, "rejected": int, "left_out": Maybe(int)},
    "problem": PROBLEM,
    "questions": [QUESTION],
}


def checked(value: Any, shape: Any) -> Any:
    """What a server has sent, if it has the shape. Raises: Problem."""
    if not fits(value, shape):
        raise not_tallyroom("The server")
    return value
