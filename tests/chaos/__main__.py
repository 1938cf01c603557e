"""`python -m tests.chaos`: lets things go wrong for a while, and says what was survived."""

import argparse
import asyncio
import faulthandler
import signal
import sys
import tempfile
from pathlib import Path

from core import log
from tests.chaos.run import Report, Run, Sizes, new_seed
from tests.chaos.without import rule_of


def main() -> int:
    """
    Exit status 0 if every client had what the database had. With `--without`, 0 if that was not so: the run must notice that
    a rule is missing.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--small", action="store_true", help="few clients and processes")
    parser.add_argument(
        "--without", metavar="RULE", help="take a rule of the relay out, by words of its name in mutants.py"
    )
    options = parser.parse_args()
    without = None if options.without is None else rule_of(options.without).rule
    seed = new_seed() if options.seed is None else options.seed
    small = Sizes(people=3, clients_each=2, writers=2, with_worker=False, with_roll=False)
    print(f"seed {seed}, {options.seconds:.0f} s", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing is left running
    faulthandler.register(signal.SIGUSR1, all_threads=False)
    log.configure("chaos", "error", "console")
    with tempfile.TemporaryDirectory(prefix="tallyroom-chaos-", ignore_cleanup_errors=True) as folder:
        run = Run(Path(folder), seed, small if options.small else Sizes(), without=without)
        report = asyncio.run(run.run(options.seconds))
    print("\n".join(report.lines()))
    return _verdict(report, without)


def _verdict(report: Report, without: str | None) -> int:
    is_broken = any(report.broken.found.values())
    if without is not None:
        print(f"without the rule {without!r}: {'NOTICED' if is_broken else 'nobody noticed'}")
        return 0 if is_broken else 1
    print("everything held" if report.is_good else f"BROKEN; to run it again: make chaos SEED={report.seed}")
    return 0 if report.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
