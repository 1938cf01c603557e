"""When a suggested plan looks for sums, and with which columns."""

import random

import pyarrow as pa
import pytest

from matching.suggest import suggest

pytestmark = pytest.mark.integration


def test_a_column_that_is_no_party_does_not_hide_that_references_prove_sums():
    chance = random.Random(3)
    firms = [
        f"{chance.choice('BDGLMR')}{vowel}{end} {kind}"
        for vowel in "aeiou"
        for end, kind in (("rton", "Inns"), ("l", "Deli"))
    ]
    documents, payments = [], []
    for n in range(40):
        amounts = [chance.randrange(1_000, 90_000) / 100 for _ in range(2)]
        numbers = [f"SI-{104_000 + 2 * n + k}" for k in range(2)]
        documents += [
            (number, "Invoice", firms[n % 10], amount) for number, amount in zip(numbers, amounts, strict=True)
        ]
        payments.append((firms[n % 10].upper(), f"INVOICE {numbers[0][3:]} {numbers[1][3:]}", round(sum(amounts), 2)))
    left, right = (
        pa.table({name: [str(row[k]) for row in table] for k, name in enumerate(names)})
        for table, names in (
            (documents, ("no", "type", "customer", "amount")),
            (payments, ("payer", "details", "amount")),
        )
    )

    plan = suggest(left, right)

    assert "sums" in [step.kind for step in plan.passes]
    party = plan.fields["named party"]
    assert (party.left, party.right) == ("customer", "payer")
