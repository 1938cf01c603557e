"""`python -m tests.chaos.without RULE COMMAND`: a process of the server without one of the relay's rules."""

import sys

from server.__main__ import main
from tests.realtime.simulation.mutants import MUTANTS, Mutant


def rule_of(words: str) -> Mutant:
    """The rule whose name contains these words. Raises: LookupError unless there is exactly one."""
    found = [mutant for mutant in MUTANTS if words in mutant.rule]
    if len(found) != 1:
        raise LookupError(f"{words!r} names {len(found)} rules: {[mutant.rule for mutant in found][:5]}")
    return found[0]


if __name__ == "__main__":
    rule_of(sys.argv[1]).take_out()
    sys.argv = [sys.argv[0], *sys.argv[2:]]
    main()
