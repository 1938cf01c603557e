"""Memory of an idle installation, and how long a second start takes."""

import time

from bench.report import Line
from bench.stack import Memory, Stack

SECOND_START_BAR_S = 10.0


def main() -> list[Line]:
    """Starts, lets it come to rest, stops, starts again."""
    with Stack() as stack:
        first_s = 0.0
        time.sleep(8)
        web, worker = Memory(stack, "serve"), Memory(stack, "worker")
        web_mb, worker_mb = web.start / 1e6, worker.start / 1e6
        web.growth_mb(), worker.growth_mb()
        stop_s = stack.stop()
        second_s = stack.start()
        del first_s
    return [
        Line("idle memory, web and worker", f"{web_mb:.0f} + {worker_mb:.0f} MB", "", "", None),
        Line(
            "second start to healthy",
            f"{second_s:.1f} s",
            f"<= {SECOND_START_BAR_S:.0f} s",
            "",
            second_s <= SECOND_START_BAR_S,
        ),
        Line("stop of everything", f"{stop_s:.1f} s", "<= 10 s", "", stop_s <= 10),
    ]
