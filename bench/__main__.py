"""
`python -m bench [read|engine|matching|upload|job|page|room|live|crowd|publish|rest|export|plans|pressure|hostile|idle|large ...]`: run the named benchmarks, or
all but `large`, which takes a quarter of an hour, and print one table.
"""

import sys

from bench import (
    crowd,
    engine,
    export,
    hostile,
    idle,
    job,
    live,
    matching,
    page,
    plans,
    pressure,
    publish,
    read,
    report,
    rest,
    room,
    sums,
    upload,
)

BENCHMARKS = {
    "read": read.main,
    "engine": engine.main,
    "matching": lambda: [*matching.main(), *sums.main()],
    "upload": upload.main,
    "job": job.main,
    "page": page.main,
    "room": room.main,
    "live": live.main,
    "crowd": crowd.main,
    "publish": publish.main,
    "rest": rest.main,
    "export": export.main,
    "plans": plans.main,
    "pressure": pressure.main,
    "hostile": hostile.main,
    "idle": idle.main,
}
LONG = {"large": room.large, "growth": engine.grown}


def main(names: list[str]) -> int:
    """Run benchmarks. Returns: 1 if a bar was missed."""
    known = BENCHMARKS | LONG
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"unknown benchmark {unknown[0]!r}; the benchmarks are: {', '.join(known)}")
    lines: list[report.Line] = []
    for name in names or BENCHMARKS:
        print(f"running {name} ...", file=sys.stderr, flush=True)
        lines += known[name]()
    report.show(lines)
    return 1 if any(line.holds is False for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
