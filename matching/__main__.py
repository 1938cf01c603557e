"""`python -m matching`: matches two files, or shows how one is read."""

import os
import sys


def main(arguments: list[str]) -> int:
    """Run the command that the arguments name. Each imports its own parts: the engine's take a second."""
    if arguments[:1] == ["read"]:
        # Reading needs no linear algebra, whose threads take 0.05 s to start and wait without a use.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        from matching.reading import command as read

        return read.main(arguments[1:])
    from matching import command

    return command.main(arguments)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Not sys.exit: a thread of Arrow that is just starting can make a normal exit abort, which was seen once.
    os._exit(status)
