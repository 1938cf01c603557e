"""
`python -m matching` on a million ledger rows and the bank lines that pay them, by two rules, compared with plain DuckDB SQL
for the same passes. Both are measured as whole processes, from CSV to a file.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from bench.report import Line
from bench.stack import ROOT, compiled
from matching import duck

ROWS = 1_000_000
BAR = 5.0
MEMORY_BAR_MB = 1_200
FOUND_BAR = 0.999
GROWTH_BAR = 13.0
PLAN = {
    "fields": {
        "amount": {"type": "money", "left": "amount", "right": "credit"},
        "date": {"type": "date", "left": "booked_on", "right": "value_date"},
        "reference": {
            "type": "reference",
            "left": "invoice_no",
            "right": {"from": "memo", "extract": "INV-[0-9]+"},
        },
        "party": {"type": "text", "left": "customer", "right": "payer"},
    },
    "passes": [
        {
            "name": "reference and amount",
            "kind": "rules",
            "where": [{"field": "reference", "compare": "equal"}, {"field": "amount", "compare": "equal"}],
            "score": [{"field": "party", "compare": "similarity", "method": "token_set"}],
        },
        {
            "name": "amount within 0 to 5 days",
            "kind": "rules",
            "where": [
                {"field": "amount", "compare": "equal"},
                {"field": "date", "compare": "days", "from": 0, "to": 5},
            ],
            "score": [{"field": "party", "compare": "similarity", "method": "token_set"}],
        },
    ],
}
WORDS = "['Acme', 'Borealis', 'Cobalt', 'Delta', 'Ember', 'Fjord', 'Granite', 'Harbour', 'Indigo', 'Juniper', 'Kestrel', 'Lumen']"
FORMS = "['GmbH', 'Ltd', 'BV', 'AG', 'SARL', 'Inc', 'Oy', 'SpA']"
# What somebody would write who wants these pairs and nothing else: no evidence, no optimum, no margins, no ambiguity.
PEER = """
import sys
from duckdb import connect
ledger, bank, out = sys.argv[1:]
con = connect()
con.execute(f"CREATE TABLE l AS SELECT row_number() OVER () - 1 AS i, * FROM read_csv('{ledger}')")
con.execute(
    f"CREATE TABLE r AS SELECT row_number() OVER () - 1 AS i, *, regexp_extract(memo, 'INV-[0-9]+') AS named FROM read_csv('{bank}')"
)
con.execute("CREATE TABLE m AS SELECT 1 AS step, l.i AS l, r.i AS r FROM l JOIN r ON l.invoice_no = r.named AND l.amount = r.credit")
con.execute(
    "INSERT INTO m SELECT 2, l.i, r.i FROM l JOIN r ON l.amount = r.credit AND r.value_date - l.booked_on BETWEEN 0 AND 5 "
    "WHERE l.i NOT IN (SELECT l FROM m) AND r.i NOT IN (SELECT r FROM m)"
)
con.execute(f"COPY m TO '{out}'")
"""


class Run(NamedTuple):
    """Seconds of a whole process, and its peak memory."""

    wall: float
    cpu: float
    peak_mb: float


class Found(NamedTuple):
    """How right the matches are: the share of the true pairs that were found, and how many confirmed ones are wrong."""

    share: float
    wrong: int


def main(rows: int = ROWS, repeat: int = 3) -> list[Line]:
    """Run both in turn. The best run of each counts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, rows)
        runs = [(ours(folder), peer(folder)) for _ in range(repeat)]
        found = score(folder)
    return [_line(rows, runs, found), *_quality(runs, found)]


def grown(rows: int = ROWS, times: int = 10) -> list[Line]:
    """How the time grows with the rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, rows)
        one, one_peer = ours(folder), peer(folder)
        write(folder, rows * times)
        many, many_peer = ours(folder), peer(folder)
    ratio, peers = many.wall / one.wall, many_peer.wall / one_peer.wall
    return [
        Line(
            f"{rows * times:,} rows by rules, compared with {rows:,}",
            f"{many.wall:.1f} s, {ratio:.1f} times as long (CPU {many.cpu / one.cpu:.1f} times); {many.peak_mb:,.0f} MB",
            f"<= {GROWTH_BAR * times / 10:.1f} times",
            f"plain DuckDB SQL: {many_peer.wall:.1f} s, {peers:.1f} times as long; {many_peer.peak_mb:,.0f} MB",
            ratio <= GROWTH_BAR * times / 10,
        )
    ]


def write(folder: Path, rows: int) -> None:
    """
    Write ledger.csv, bank.csv, truth.csv (ledger row, bank row) and plan.json. The same rows give the same bytes.

    One invoice in twenty is not paid, payments arrive 0 to 5 days later, two thirds of the memos name the invoice, and
    payers' names are cut off or in capitals.
    """
    connection = duck.connect()

    def chance(of: int, salt: int) -> str:
        return f"(md5_number_lower(i || '/{salt}') % {of})::INTEGER"

    connection.execute(
        f"CREATE TABLE book AS SELECT i, 'INV-' || (1000000 + 7 * i) AS invoice_no, "
        f"concat_ws(' ', {WORDS}[1 + {chance(12, 1)}], {WORDS}[1 + {chance(12, 2)}], {FORMS}[1 + {chance(8, 3)}]) AS customer, "
        f"DATE '2025-01-01' + {chance(365, 4)} AS booked_on, (1000 + {chance(998_990, 5)})::DECIMAL(18,2) / 100 AS amount "
        f"FROM range({rows}) t(i)"
    )
    connection.execute(
        f"CREATE TABLE paid AS SELECT i, booked_on + {chance(6, 6)} AS value_date, "
        f"CASE {chance(3, 7)} WHEN 0 THEN upper(customer) WHEN 1 THEN left(customer, 12 + {chance(8, 8)}) ELSE customer END AS payer, "
        f"CASE WHEN {chance(3, 9)} < 2 THEN 'Payment ' || invoice_no || ' thank you' ELSE 'transfer' END AS memo, amount AS credit "
        f"FROM book WHERE {chance(20, 10)} > 0 ORDER BY value_date, {chance(1 << 30, 11)}, i"
    )
    for name, sql in (
        ("ledger", "SELECT invoice_no, customer, booked_on, amount::DECIMAL(18,2) AS amount FROM book ORDER BY i"),
        ("bank", "SELECT value_date, payer, memo, credit::DECIMAL(18,2) AS credit FROM paid"),
        ("truth", 'SELECT i AS "left", row_number() OVER () - 1 AS "right" FROM paid'),
    ):
        connection.execute(f"COPY ({sql}) TO '{folder / name}.csv' (HEADER)")
    connection.close()
    (folder / "plan.json").write_text(json.dumps(PLAN))


def ours(folder: Path) -> Run:
    """Match the files by the plan."""
    files = (str(folder / "ledger.csv"), str(folder / "bank.csv"))
    return _run("-m", "matching", *files, "--plan", str(folder / "plan.json"), "--out", str(folder / "out"))


def peer(folder: Path) -> Run:
    """Join the files by SQL."""
    return _run("-c", PEER, str(folder / "ledger.csv"), str(folder / "bank.csv"), str(folder / "peer.csv"))


def score(folder: Path) -> Found:
    """Compare the matches that were written with the truth."""
    connection = duck.connect()
    try:
        connection.execute(
            "CREATE TABLE pairs AS SELECT any_value(status) AS status, max(row) FILTER (side = 'left') AS l, "
            f"max(row) FILTER (side = 'right') AS r FROM read_csv('{folder}/out/matches.csv') GROUP BY match_id"
        )
        right, wrong, true = connection.execute(
            "SELECT count(t.l), count(*) FILTER (t.l IS NULL AND status = 'confirmed'), (SELECT count(*) FROM truth) "
            "FROM pairs p LEFT JOIN truth t USING (l, r)".replace(
                "truth", f'(SELECT "left" AS l, "right" AS r FROM read_csv(\'{folder}/truth.csv\'))'
            )
        ).fetchall()[0]
    finally:
        connection.close()
    return Found(right / max(true, 1), wrong)


def _run(*arguments: str) -> Run:
    began = os.times().elapsed
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, env=compiled())
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments[:2])
    return Run(os.times().elapsed - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _line(rows: int, runs: list[tuple[Run, Run]], found: Found) -> Line:
    own, others = (min((pair[side] for pair in runs), key=lambda run: run.cpu) for side in (0, 1))
    wall, other_wall = (min(pair[side].wall for pair in runs) for side in (0, 1))
    return Line(
        f"`python -m matching` of {rows:,} ledger rows by two rules, from CSV to matches.csv",
        f"{wall:.1f} s (CPU {own.cpu:.1f} s); {own.peak_mb:,.0f} MB",
        f"<= {BAR:.0f} x plain SQL",
        f"plain DuckDB SQL: {other_wall:.2f} s (CPU {others.cpu:.1f} s); {others.peak_mb:,.0f} MB; "
        f"ratio {wall / other_wall:.1f}, of CPU {own.cpu / others.cpu:.1f}",
        wall <= BAR * other_wall,
    )


def _quality(runs: list[tuple[Run, Run]], found: Found) -> list[Line]:
    peak = max(run.peak_mb for run, _ in runs)
    return [
        Line("its peak memory", f"{peak:,.0f} MB", f"<= {MEMORY_BAR_MB:,} MB", "", peak <= MEMORY_BAR_MB),
        Line(
            "its matches",
            f"{found.share:.2%} of the pairs; {found.wrong} confirmed ones are wrong",
            f">= {FOUND_BAR:.1%}, none wrong",
            "",
            found.share >= FOUND_BAR and not found.wrong,
        ),
    ]
