"""Plans in plain words."""

from matching.plan import Plan
from matching.sentences import numbered, sentences_of

PLAN = {
    "fields": {
        "amount": {"type": "money", "left": "amount", "right": {"column": "debit", "negate": True}},
        "day": {"type": "date", "left": "booked", "right": "value date"},
        "number": {"type": "reference", "left": "invoice", "right": {"from": "memo", "extract": "RE-[0-9]+"}},
        "who": {"type": "text", "left": "customer", "right": "payer"},
    },
    "passes": [
        {
            "name": "by number",
            "kind": "rules",
            "where": [
                {"field": "number", "compare": "equal"},
                {"field": "amount", "compare": "within", "percent": "2", "absolute": "0.50"},
                {"field": "day", "compare": "days", "from": -1, "to": 5},
            ],
            "score": [{"field": "who", "compare": "similarity"}],
        },
        {"name": "rest", "kind": "probabilistic", "fields": ["who", "amount"], "confirm_at_margin": "high"},
    ],
}


def test_each_pass_has_a_sentence():
    plan = Plan.model_validate(PLAN)

    first, second = sentences_of(plan)

    assert first == (
        "by number: Two open records match if “invoice” on the left and what RE-[0-9]+ finds in “memo” on the right are equal, "
        "“amount” on the left and “debit” with the other sign on the right differ by at most 2 % or 0.50, whichever is more, and "
        "“value date” on the right is at most 1 day earlier and 5 days later than “booked” on the left. Of several candidates, "
        "“customer” on the left and “payer” on the right decide. Clear matches are confirmed; the others are suggested."
    )
    assert second.endswith("Matches are only suggested. Those that are nearly certain are confirmed.")
    assert numbered(plan).startswith("1. by number: ")


def test_passes_for_groups_say_what_they_add_up():
    passes = [
        {"name": "pairs", "kind": "within_side", "amount": "amount", "reference": "number"},
        {"name": "batches", "kind": "sums", "amount": "amount", "reference": "number", "party": "who"},
        {
            "name": "payouts",
            "kind": "sums",
            "amount": "amount",
            "party": "who",
            "unnamed": False,
            "accept": "suggest",
            "fees": [{"percent": "2.9", "fixed": "0.30", "per": "part"}, {"fixed": "5", "per": "total"}],
        },
    ]

    within, batches, payouts = sentences_of(Plan.model_validate({**PLAN, "passes": passes}))

    assert within == (
        "pairs: Records of one side that were booked twice join the match of their twin. Records of one side that reverse each "
        "other match, where “invoice” on the left and what RE-[0-9]+ finds in “memo” on the right say that they belong together. "
        "A match is confirmed if there is no other reading; otherwise it is suggested."
    )
    assert "less fees that are learned from references" in batches
    assert "Records that name nobody are tried last." in batches
    assert payouts == (
        "payouts: Up to 8 open records of one side match one of the other if their amounts come to its amount (“amount” on the "
        "left and “debit” with the other sign on the right), less a fee of 2.9 % and 0.30 for each record or 5 for each payment, "
        "and “customer” on the left and “payer” on the right say that they belong together. Matches are only suggested."
    )


def test_a_pass_for_payouts_says_whose_rows_are_paid():
    step = {"name": "payouts", "kind": "payouts", "amount": "amount", "date": "day", "parts": "left", "by": "who"}

    (sentence,) = sentences_of(Plan.model_validate({**PLAN, "passes": [step | {"fee_by": "number"}]}))

    assert sentence == (
        "payouts: All open records on the left with one “customer”, of some days in a row (“booked”), match a record on the right "
        "if their amounts come to its amount (“amount” on the left and “debit” with the other sign on the right), less fees "
        "that are learned, which may differ by “invoice”. Which “payer” pays which “customer” is learned, too. A match is "
        "confirmed if there is no other reading; otherwise it is suggested."
    )


def test_a_pass_for_what_is_owed_again_and_again_says_who_pays_whose():
    step = {"name": "fees", "kind": "series", "amount": "amount", "date": "day", "owed": "left", "party": "who"}

    (sentence,) = sentences_of(Plan.model_validate({**PLAN, "passes": [step]}))

    assert sentence == (
        "fees: Each record on the right matches the open record on the left, or several that follow each other, whose "
        "“customer” its “payer” names, and whose days (“booked”) fit best of all that come to its amount (“amount” on the left and "
        "“debit” with the other sign on the right). Who pays for whom, and how many days later, is learned. A match is "
        "confirmed if there is no other reading; otherwise it is suggested."
    )
