"""What became of two records, from what a job has stored. No database."""

from datetime import UTC, datetime, timedelta

from core.ids import uuid7
from models.job import Job
from models.status import MatchStatus
from server.job.fates import Asked, Found, Seen, judge

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
LEFT, RIGHT = uuid7(), uuid7()
RULES = {"name": "rules", "kind": "rules", "accept": "suggest", "where": [{"compare": "equal"}]}
SUMS = {"name": "sums", "kind": "sums", "accept": "suggest"}
HOLDS = {
    "pass_index": 0,
    "field": "amount",
    "compare": "equal",
    "left": "1.00",
    "right": "1.00",
    "similarity": None,
    "holds": True,
}


def asked(*passes, status="completed", ended=()):
    statistics = {"passes": [{"pass_index": index, **one} for index, one in enumerate(ended)]}
    return Asked(
        Job(
            id=uuid7(),
            status=status,
            plan_document={"passes": list(passes)} if passes else None,
            started_at=BEGAN,
            finished_at=BEGAN + timedelta(minutes=9),
            statistics=statistics,
        ),
        LEFT,
        RIGHT,
    )


def seen(*matches, compared=(HOLDS,), last_pass=-1, **more):
    return Seen(list(compared), list(matches), {"left": False, "right": False}, last_pass, **more)


def found(job_id, records, *, at=BEGAN + timedelta(minutes=1), status=MatchStatus.CONFIRMED, fields=()):
    return Found(uuid7(), job_id, 0, "rules", status, 4.0, list(fields), None, frozenset(records), at)


def test_a_block_or_a_total_that_was_left_out_is_told_with_its_size():
    rules = judge(asked(RULES, ended=[{"skipped_blocks": 2, "skipped_pairs": 3_000_000}]), seen())
    sums = judge(asked(SUMS, ended=[{"skipped_blocks": 7, "skipped_pairs": 0}]), seen(compared=[]))

    assert (rules.verdict, rules.pass_name) == ("not_compared", "rules")
    assert "2 groups of records that would have made 3,000,000 pairs" in rules.sentence
    assert (sums.verdict, sums.pass_name) == ("not_compared", "sums")
    assert "7 totals" in sums.sentence


def test_a_job_that_ended_early_says_which_passes_it_had_not_finished():
    answer = judge(asked(RULES, SUMS, status="cancelled"), seen(last_pass=1))

    assert [one.fate for one in answer.passes] == ["weak", "not_reached"]
    assert (answer.verdict, answer.pass_name) == ("not_compared", "sums")


def test_what_was_too_little_evidence_says_what_else_is_not_known():
    answer = judge(asked(RULES, ended=[{}]), seen())

    assert (answer.verdict, answer.passes[0].fate, answer.weight) == ("gated", "weak", None)
    assert len(answer.unknown) == 1
    assert [(one.field, one.weight) for one in answer.fields] == [("amount", None)]


def test_a_record_that_another_match_took_while_the_job_ran_was_left_alone():
    meanwhile = found(None, [LEFT, uuid7()])

    answer = judge(asked(RULES, ended=[{}]), seen(meanwhile))

    assert answer.verdict == "lost_to"
    assert (answer.competitor.match_id, answer.competitor.side) == (meanwhile.id, "left")
    assert "While the job ran" in answer.sentence


def test_two_records_that_people_had_rejected_are_not_proposed_again():
    before = found(uuid7(), [LEFT, RIGHT], at=BEGAN - timedelta(days=1), status=MatchStatus.REJECTED)
    larger = found(uuid7(), [LEFT, RIGHT, uuid7()], at=BEGAN - timedelta(days=1), status=MatchStatus.REJECTED)

    answer = judge(asked(RULES, ended=[{}]), seen(before))
    of_larger = judge(asked(RULES, ended=[{}]), seen(larger))

    assert (answer.verdict, answer.competitor.match_id) == ("not_compared", before.id)
    assert "rejected" in answer.sentence
    assert of_larger.verdict == "gated"


def test_a_match_that_was_rejected_since_is_still_the_jobs():
    question = asked(RULES, ended=[{}])

    answer = judge(question, seen(found(question.job.id, [LEFT, RIGHT], status=MatchStatus.REJECTED)))

    assert (answer.verdict, answer.pass_name) == ("matched", "rules")
    assert "It is rejected by now" in answer.sentence


def test_a_lost_pair_that_is_no_best_alternative_has_no_weight():
    question = asked(RULES, ended=[{}])

    answer = judge(question, seen(found(question.job.id, [LEFT, uuid7()])))

    assert (answer.verdict, answer.weight, answer.competitor.side) == ("lost_to", None, "left")
    assert "Not all of what the pass weighed" in answer.unknown[0]


def test_of_passes_without_gates_nothing_is_said_of_how_two_records_would_fit():
    for step, is_better in ((RULES, True), (SUMS, False)):
        question = asked(step, ended=[{}])

        answer = judge(question, seen(found(question.job.id, [LEFT, uuid7()]), compared=[]))

        assert answer.verdict == "lost_to"
        assert ("better for all records" in answer.passes[0].sentence) == is_better


def test_the_weights_of_a_lost_pair_are_known_if_the_match_that_took_a_record_compares_the_same_values():
    question = asked(RULES, ended=[{}])
    amount = {**HOLDS, "left": "1.0", "weight": 9.5, "rarity": 9.5}  # written otherwise on the side that is not shared
    text = {"field": "who", "compare": "similarity", "left": "a", "right": "b", "similarity": 0.5}
    names = {**HOLDS, **text, "holds": None}
    match = found(question.job.id, [uuid7(), RIGHT], fields=[amount, {**text, "weight": -1.5, "rarity": None}])
    other = {**names, "left": "c"}

    known = judge(question, seen(match, compared=[HOLDS, names]))
    partly = judge(question, seen(match, compared=[HOLDS, other]))

    assert (known.prior, [one.weight for one in known.fields], known.weight, known.unknown) == (
        -4.0,
        [9.5, -1.5],
        4.0,
        [],
    )
    assert ([one.weight for one in partly.fields], partly.weight, len(partly.unknown)) == ([9.5, None], None, 1)


def test_a_job_without_a_plan_has_compared_nothing():
    assert judge(asked(), seen(compared=[])).verdict == "not_compared"
    refused = judge(asked(RULES, ended=[{}]), seen(compared=[], refused="it has no column 'x'"))
    assert "'x'" in refused.unknown[0]
