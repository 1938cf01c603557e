"""Many seeds on all processors, or one of them with everything that happened in it."""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from typing import Any

from tests.realtime.simulation.mutants import CAUGHT, MUTANTS
from tests.realtime.simulation.plans import PLANS
from tests.realtime.simulation.trace import traced
from tests.realtime.simulation.world import World

EACH = 50  # seeds that a process tries before it reports


def main() -> None:
    """What the command line asks for. Ends with 1 if something does not hold."""
    options = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    options.add_argument("--seeds", type=int, default=10_000, help="how many runs")
    options.add_argument("--first", type=int, default=1000, help="the first seed; the tests try those below 1000")
    options.add_argument("--seed", type=int, help="only this one, with everything that happens in it")
    options.add_argument("--plan", choices=PLANS, help="what happens in a run; by default each seed chooses")
    options.add_argument("--without", help="take out the rule whose name contains this")
    options.add_argument("--find", action="store_true", help="write down the first seed that misses each rule")
    given = options.parse_args()
    if given.find:
        _find(given.seeds)
    elif given.seed is not None:
        sys.exit(_one(given.seed, given.plan, given.without))
    else:
        sys.exit(_many(given.first, given.seeds, given.plan))


def _one(seed: int, plan: str | None, without: str | None) -> int:
    run = World(seed, plan)
    lines = traced(run)
    for mutant in MUTANTS:
        if without is not None and without in mutant.rule:
            print("without the rule:", mutant.rule)
            mutant.take_out()
    try:
        run.run()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is shown
        print("\n".join([*lines, f"{type(error).__name__}: {error}"]))
        return 1
    print("\n".join([*lines, "everything holds"]))
    return 0


def _many(first: int, seeds: int, plan: str | None) -> int:
    began, steps, failed = time.monotonic(), 0, 0
    parts = [(start, min(EACH, first + seeds - start), plan) for start in range(first, first + seeds, EACH)]
    with ProcessPoolExecutor(os.cpu_count()) as processes:
        for done, found in zip(count(1), processes.map(_part, parts), strict=False):
            steps += found[0]
            failed += len(found[1])
            for line in found[1]:
                print(line, flush=True)
            if done % 10 == 0 or done == len(parts):
                runs, seconds = min(done * EACH, seeds), time.monotonic() - began
                print(
                    f"{runs} runs, {steps} choices in {seconds:.0f} s: {runs / seconds:.0f} runs and "
                    f"{steps / seconds:.0f} choices a second, {failed} failed",
                    flush=True,
                )
    return 1 if failed else 0


def _part(part: tuple[int, int, str | None]) -> tuple[int, list[str]]:
    first, seeds, plan = part
    steps, lines = 0, []
    for seed in range(first, first + seeds):
        run = World(seed, plan)
        try:
            run.run()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is reported with its seed
            with_plan = f" --plan {plan!r}" if plan else ""
            lines.append(f"--seed {seed}{with_plan}: {type(error).__name__}: {error}")
        steps += run.loop.steps
    return steps, lines


def _find(seeds: int) -> None:
    found: dict[str, list[Any]] = {}
    with ProcessPoolExecutor(os.cpu_count()) as processes:
        for mutant, seed in zip(
            MUTANTS, processes.map(_find_one, range(len(MUTANTS)), [seeds] * len(MUTANTS)), strict=True
        ):
            print(f"{mutant.rule}: {seed or 'not missed'}", flush=True)
            if seed is not None:
                found[mutant.rule] = list(seed)
    CAUGHT.write_text(json.dumps(found, indent=0) + "\n")


def _find_one(place: int, seeds: int) -> tuple[int, str] | None:
    mutant = MUTANTS[place]
    with mutant.applied():
        return next(_missed(seeds), None)


def _missed(seeds: int) -> Iterator[tuple[int, str]]:
    for seed in range(seeds):
        for plan in PLANS:
            try:
                World(seed, plan).run()
            except Exception:  # noqa: BLE001 - however it is noticed
                yield seed, plan


if __name__ == "__main__":
    main()
