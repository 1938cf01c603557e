"""Whether a load test's figures are good enough."""

from argparse import Namespace
from dataclasses import dataclass

from locust.stats import RequestStats, StatsEntry

EVENT = "EVENT"  # the type under which events are counted
SOCKET = ("WS", "WSC", "WSE", "WSR", "WSS")


@dataclass(frozen=True)
class Verdict:
    """The figures in words, and whether they hold."""

    text: str
    holds: bool


def verdict_of(stats: RequestStats, options: Namespace) -> Verdict:
    """Compare failures and percentiles with what was asked for."""
    rest, sockets = StatsEntry(stats, "rest", ""), StatsEntry(stats, "events", "", use_response_times_cache=False)
    for (_, kind), entry in stats.entries.items():
        if kind == EVENT:
            sockets.extend(entry)
        elif kind not in SOCKET:
            rest.extend(entry)
    total, failed = stats.total.num_requests, stats.total.num_failures
    share = 100 * failed / total if total else 100.0
    lines = [_line(f"{failed} of {total} requests failed ({share:.2f} %)", share, options.most_failures, "%")]
    for name, entry, most in (("REST", rest, options.rest_p95_ms), ("events", sockets, options.event_p95_ms)):
        if entry.num_requests:
            p50, p95, p99 = (entry.get_response_time_percentile(share) for share in (0.5, 0.95, 0.99))
            lines.append(
                _line(f"{name}: {entry.num_requests}, p50 {p50} ms, p95 {p95} ms, p99 {p99} ms", p95, most, "ms")
            )
    holds = all(line.holds for line in lines)
    text = "\n".join(line.text for line in lines)
    return Verdict(f"\n{text}\nVerdict: {'passed' if holds else 'failed'}", holds)


def _line(text: str, value: float, most: float, unit: str) -> Verdict:
    holds = value <= most
    return Verdict(f"{'ok    ' if holds else 'MISSED'} {text}; at most {most:g} {unit}", holds)
