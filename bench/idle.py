"""The memory of an idle installation, and how long a second start and a stop take."""

import time

from bench.report import Line
from bench.stack import Memory, Stack

SECOND_START_BAR_S = 10.0
STOP_BAR_S = 10.0
REST_S = 10.0  # by then the demo's job is done and the fork server is warm


def main() -> list[Line]:
    """Start, wait until it is idle, stop, and start again."""
    with Stack() as stack:
        time.sleep(REST_S)
        web_mb, worker_mb = (Memory.of(stack, word) / 1e6 for word in ("serve", "worker"))
        stop_s = stack.stop()
        second_s = stack.start()
    return [
        Line("idle memory: web, worker with its fork server", f"{web_mb:.0f} MB, {worker_mb:.0f} MB", "", ""),
        Line(
            "second start to healthy",
            f"{second_s:.1f} s",
            f"<= {SECOND_START_BAR_S:.0f} s",
            "",
            second_s <= SECOND_START_BAR_S,
        ),
        Line("stopping everything", f"{stop_s:.1f} s", f"<= {STOP_BAR_S:.0f} s", "", stop_s <= STOP_BAR_S),
    ]
