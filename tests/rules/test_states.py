"""States are named by their enumeration. A string that equals a state and is next to a status was typed by hand."""

import re
from pathlib import Path

import pytest

from matching import results
from models.status import JobStatus, MatchStatus, SourceStatus, sql_list

ROOT = Path(__file__).resolve().parents[2]
TEXTS = {status.value for kind in (SourceStatus, JobStatus, MatchStatus) for status in kind}
# `status == "ready"`, `"status": "ready"`, `status IN ('ready', 'failed')`, `source.status not in ("ready", ...)`
BESIDE = re.compile(r"""status\w*["']?\s*(?:=|==|!=|<>|:|,|in|not in|IN|NOT IN)\s*[\[(]?\s*(["'])(\w+)\1""")
SEVERAL = re.compile(r"""[\[(]\s*(["'])(\w+)\1,\s*(["'])(\w+)\3""")
# States of the queue's own table, which has queued and picked tasks, and the answer to "is this server ready?".
OF_OTHERS = {"server/health/routes.py": {"ready"}}


def typed_by_hand(text: str) -> set[str]:
    """States that a Python file contains as plain strings. In SQL, 'queued' is a task of the queue."""
    one = {word for quote, word in BESIDE.findall(text) if word in TEXTS and (quote, word) != ("'", "queued")}
    return one | {first for _, first, _, second in SEVERAL.findall(text) if {first, second} <= TEXTS}


def test_no_state_is_typed_by_hand():
    found = {}
    for folder in ("server", "realtime", "models"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if words := typed_by_hand(path.read_text()) - OF_OTHERS.get(name, set()):
                found[name] = words

    assert found == {}


@pytest.mark.parametrize(
    "line",
    [
        'if job.status == "running":',
        'if job.status not in ("running", "cancelling"):',
        'changes = {"status": "failed"}',
        "WHERE s.status <> 'pending'",
        "WHERE status IN ('ready', 'failed')",
        'await u.save(job, status="cancelled")',
        "LIVE = \"('queued', 'running')\"",
    ],
)
def test_a_state_that_is_typed_by_hand_is_found(line):
    assert len(typed_by_hand(line)) == 1


def test_the_engine_and_the_database_name_the_states_of_matches_alike():
    assert (results.SUGGESTED, results.CONFIRMED) == (MatchStatus.SUGGESTED, MatchStatus.CONFIRMED)


def test_states_in_sql():
    assert sql_list((SourceStatus.READY, SourceStatus.FAILED)) == "('ready', 'failed')"
