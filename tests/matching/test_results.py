"""How a run reports what it left out."""

from dataclasses import replace

from matching.results import PassFinished, left_out, nothing_compared


def test_a_pass_that_compared_everything_reports_nothing():
    assert left_out("amount", 0, 0) is None


def test_a_pass_reports_how_many_groups_it_left_out_and_what_to_do():
    one, many = left_out("amount", 1, 2400), left_out("like name", 1500, 12_000_000)

    assert one is not None
    assert many is not None
    assert one.startswith(
        "Pass 'amount': 1 group of records was not compared, because that would have made 2,400 pairs"
    )
    assert many.startswith("Pass 'like name': 1,500 groups of records were not compared")
    assert "12,000,000 pairs" in many
    assert one.endswith("Add a gate that tells them apart, or give the engine more memory.")


def test_a_run_says_so_if_no_pass_compared_anything():
    nothing = PassFinished(0, "amount", 0, 0, 0, 0, 0, 0, 0, 0, 0)

    told = nothing_compared([nothing, nothing])

    assert told is not None
    assert told.startswith("No pass compared any two rows, so nothing could match")
    assert nothing_compared([nothing, replace(nothing, candidates=1)]) is None
    assert nothing_compared([replace(nothing, reported=1)]) is None
