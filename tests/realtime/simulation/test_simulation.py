"""The real relay under a seeded scheduler, on a simulated database and simulated sockets. See decision 16."""

import pytest

from tests.realtime.simulation.mutants import MUTANTS, Mutant
from tests.realtime.simulation.plans import PLANS
from tests.realtime.simulation.world import World

pytestmark = pytest.mark.integration  # thousands of orders of what happens
SEARCHED = 800
SEEDS = 40  # of each plan; `make simulate` tries as many as one likes


@pytest.mark.parametrize("plan", PLANS)
def test_everybody_gets_everything_once_whatever_goes_wrong(plan: str) -> None:
    for seed in range(SEEDS):
        try:
            World(seed, plan).run()
        except Exception as error:
            error.add_note(f'To run it again: make simulate ARGS="--seed {seed} --plan {plan}"')
            raise


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.rule)
def test_a_rule_that_is_taken_out_is_missed(mutant: Mutant) -> None:
    # The seed is of the code as it was; after a change, others of the plan may be needed.
    seed, plan = mutant.caught_by
    with mutant.applied():
        missed = next((tried for tried in (seed, *range(SEARCHED)) if not _holds(tried, plan)), None)

    assert missed is not None
    assert _holds(missed, plan)


def _holds(seed: int, plan: str) -> bool:
    try:
        World(seed, plan).run()
    except Exception:  # noqa: BLE001 - a rule may be missed by anything
        return False
    return True


def test_a_seed_always_gives_the_same_run() -> None:
    first, second = World(7), World(7)

    assert first.run() == second.run()
    assert set(first.database.ledger) == set(second.database.ledger)
