"""`python -m matching`: two files in, matches and their sums out."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from matching import command
from matching.results import Progress

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).resolve().parents[2]
LEFT = "invoice,customer,amount\n" + "".join(f"RE-{1000 + 7 * n},Acme {n},{n + 10}.50\n" for n in range(40))
RIGHT = "memo,payer,credit\n" + "".join(f"paid RE-{1000 + 7 * n},Acme {n},{n + 10}.50\n" for n in range(38))


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "matching", *arguments, "--out", str(folder / "out")]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "left.csv").write_text(LEFT)
    (tmp_path / "right.csv").write_text(RIGHT)
    return str(tmp_path / "left.csv"), str(tmp_path / "right.csv")


def test_two_files_are_matched_and_add_up(tmp_path, files):
    done = run(tmp_path, *files)
    rows = list(csv.DictReader((tmp_path / "out/matches.csv").open()))
    summary = json.loads((tmp_path / "out/summary.json").read_text())
    again = run(tmp_path, *files, "--plan", str(tmp_path / "out/plan.json"), "--threads", "1")

    assert (done.returncode, again.returncode) == (0, 0)
    assert {(row["side"], row["row"]) for row in rows} == {(s, str(n)) for s in ("left", "right") for n in range(38)}
    assert (summary["left"]["matched"], summary["left"]["open"], summary["matches"]) == (38, 2, 38)
    assert summary["left"]["sums"]["XXX"]["matched"] == summary["right"]["sums"]["XXX"]["total"]
    # with the plan that it saved, on one thread
    assert list(csv.DictReader((tmp_path / "out/matches.csv").open())) == rows


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ("%PDF-1.7", "a PDF document"),
        ("a,b\n", "has no rows"),
        (None, "No such file"),
    ],
)
def test_an_unusable_input_gives_one_line(tmp_path, files, left, said):
    path = Path(files[0])
    path.unlink() if left is None else path.write_text(left)

    done = run(tmp_path, *files)

    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("content", ["", "%PDF-1.7"])
def test_a_file_that_cannot_be_used_is_named(tmp_path, files, side, content, capsys):
    Path(files[side]).write_text(content)

    assert command.main([*files, "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.startswith(f"matching: {files[side]}: ")


@pytest.mark.parametrize("threads", ["0", "-1", "1000000"])
def test_a_number_of_threads_that_cannot_be_is_refused_in_one_line(files, threads, capsys):
    assert command.main([*files, "--threads", threads]) == 2
    assert capsys.readouterr().err == "matching: --threads must be from 1 to 256\n"


def test_matches_are_written_in_another_format_and_a_run_that_compared_nothing_says_so(tmp_path, files, capsys):
    step = {"name": "p", "kind": "rules", "where": [{"field": "who", "compare": "equal"}]}
    fields = {"who": {"type": "code", "left": "invoice", "right": "payer"}}
    (tmp_path / "plan.json").write_text(json.dumps({"fields": fields, "passes": [step]}))
    out = ["--out", str(tmp_path / "out"), "--format", "jsonl", "--plan", str(tmp_path / "plan.json")]

    assert command.main([*files, *out]) == 0
    assert (tmp_path / "out/matches.jsonl").read_text() == ""
    assert "No pass compared any two rows" in capsys.readouterr().err
    step["where"][0]["field"] = "amount"
    fields["amount"] = {"type": "money", "left": "amount", "right": "credit"}
    (tmp_path / "plan.json").write_text(json.dumps({"fields": fields, "passes": [step]}))
    assert command.main([*files, *out]) == 0
    assert len((tmp_path / "out/matches.jsonl").read_text().splitlines()) == 76
    assert "No pass compared" not in capsys.readouterr().err


def test_the_amounts_that_a_plan_compares_are_added_up(tmp_path, capsys):
    """The right file is not read for an amount: what `credit` means there is not certain."""
    (tmp_path / "l.csv").write_text("r,amount,d\nR1,10.00,2026-03-02\nR2,20.00,2026-03-06\nR3,20.50,2026-03-06\n")
    (tmp_path / "r.csv").write_text("r,credit,d\nR1,10.00,2026-03-03\n,20.00,2026-03-09\n,20.25,2026-03-09\n")
    fields = {
        "amount": {"type": "money", "left": "amount", "right": "credit"},
        "ref": {"type": "reference", "left": "r", "right": "r"},
    }
    gates = [{"field": "ref", "compare": "equal"}, {"field": "amount", "compare": "equal"}]
    plan = {"fields": fields, "passes": [{"name": "a", "kind": "rules", "where": gates}]}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    files = [str(tmp_path / name) for name in ("l.csv", "r.csv")]

    line = [*files, "--plan", str(tmp_path / "plan.json"), "--out", str(tmp_path / "out")]
    assert command.main(line) == 0
    assert command.main([*line, "--format", "jsonl"]) == 0

    summary = json.loads((tmp_path / "out/summary.json").read_text())
    sums = {side: next(iter(summary[side]["sums"].values())) for side in ("left", "right")}
    assert [sums[side]["total"] for side in ("left", "right")] == ["50.5", "50.25"]
    assert [sums[side]["matched"] for side in ("left", "right")] == ["10", "10"]
    assert "right" in capsys.readouterr().out
    # What the first of the two runs wrote is not left beside what the second did.
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("matches.jsonl", "plan.json", "reported.jsonl", "summary.json"),
    ]


def test_an_invalid_plan_is_refused(tmp_path, files):
    fields = {"amount": {"type": "money", "left": {"from": "a", "extract": "("}, "right": "b"}}
    (tmp_path / "plan.json").write_text(json.dumps({"fields": fields, "passes": [{"name": "p", "kind": "rules"}]}))

    done = run(tmp_path, *files, "--plan", str(tmp_path / "plan.json"))

    assert done.returncode == 2
    assert "plan.json: not a valid plan: /fields/amount/left/extract: is not a valid RE2" in done.stderr
    assert "; /passes/0/where: is missing" in done.stderr


def test_a_plan_and_two_rows_are_explained(tmp_path, files, capsys):
    step = {"name": "by amount", "kind": "rules", "where": [{"field": "amount", "compare": "equal"}]}
    fields = {"amount": {"type": "money", "left": "amount", "right": "credit"}}
    (tmp_path / "plan.json").write_text(json.dumps({"fields": fields, "passes": [step]}))
    plan = ["--plan", str(tmp_path / "plan.json")]

    statuses = [
        command.explain(arguments)
        for arguments in (
            plan,
            [*files, *plan, "--left-row", "3", "--right-row", "3"],
            [*files, *plan, "--left-row", "3", "--right-row", "4"],
            [*files, *plan, "--left-row", "3", "--right-row", "99"],
        )
    ]

    told, refused = capsys.readouterr()
    assert statuses == [0, 0, 0, 2]
    assert told.startswith(
        "1. by amount: Two open records match if “amount” on the left and “credit” on the right are equal."
    )
    assert "are matched by the pass 'by amount'" in told
    assert "  amount equal: “13.50” and “13.50”: " in told
    assert "  runner-up: none\n  margin: " in told
    assert "by amount: amount equal: “13.50” and “14.50”: fails" in told
    assert "there is no data row 99" in refused


def test_the_bar_shows_the_name_of_a_pass_as_it_is(capsys):
    with command._Bar() as bar:
        bar.show(Progress("comparing", "[/red] [bold]", 0, 1, 1, 2, 0.5, 0))
        bar._bar.console.print(bar._bar.get_renderable())

    assert "[/red] [bold] comparing" in capsys.readouterr().err
