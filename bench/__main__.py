"""`python -m bench [upload|job|page|plans|pressure|hostile|idle ...]`: runs the named benchmarks, or all, and prints one table."""

import sys

from bench import hostile, idle, job, page, plans, pressure, report, upload

BENCHMARKS = {
    "upload": upload.main,
    "job": job.main,
    "page": page.main,
    "plans": plans.main,
    "pressure": pressure.main,
    "hostile": hostile.main,
    "idle": idle.main,
}


def main(names: list[str]) -> int:
    """Returns: 1 when a bar is missed."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"unknown benchmark {unknown[0]!r}; there are: {', '.join(BENCHMARKS)}")
    lines: list[report.Line] = []
    for name in names or BENCHMARKS:
        print(f"running {name} ...", file=sys.stderr, flush=True)
        lines += BENCHMARKS[name]()
    report.show(lines)
    return 1 if any(line.holds is False for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
