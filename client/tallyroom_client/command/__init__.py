"""
The commands of `tallyroom remote`: what the dashboard does, for scripts.

Results go to standard output, progress and refusals to standard error. A refusal is one line that says what to do.
"""

import sys
from collections.abc import Sequence


def main() -> None:
    """Entry point of the script `tallyroom` that the client's package installs."""
    from .line import run

    arguments = sys.argv[1:]
    if arguments[:1] == ["remote"]:
        sys.exit(run(arguments[1:]))
    if arguments in ([], ["-h"], ["--help"]):
        sys.stdout.write(
            "usage: tallyroom remote ...\n\nThe commands of a Tallyroom server's clients: tallyroom remote --help\n"
        )
        sys.exit(0 if arguments else 2)
    sys.stderr.write(
        f"tallyroom: {arguments[0][:50]!r} is a command of the server; this is the client: tallyroom remote --help\n"
    )
    sys.exit(2)


def remote(arguments: Sequence[str]) -> int:
    """Run `tallyroom remote` with these arguments. Returns: the exit code."""
    from .line import run

    return run(arguments)
