"""What an operator sees of streams and sockets in /metrics."""

import asyncio
from typing import Any

from server.api.metrics import SIGN_INS, Exposition
from tests.auth.follower import Follower
from tests.realtime.wire import until


async def _values(alice: Any) -> dict[str, float]:
    async with await alice.send("GET", "//metrics") as response:
        lines = (await response.text()).splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


async def test_resumes_lag_and_refusals_are_counted(server: Any, alice: Any, project: str, flood: Any) -> None:
    stream = f"project:{project}"
    before = await _values(alice)
    await flood(4)
    follower = await Follower.of(server, alice.token)
    await follower.call("subscribe", {"stream": stream, "after": 0})
    await follower.call("subscribe", {"stream": stream, "after": 99})
    await follower.call("nonsense", {})
    await flood(1)
    await until(lambda: len(follower.events) > 0)
    await follower.io.emit("auth.refresh", {"token": "x"}, namespace="/live")  # closes it
    await follower.closed()

    after = await _values(alice)

    def rise(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert rise('tallyroom_resume_total{mode="replay"}') == 1
    assert rise('tallyroom_resume_total{mode="snapshot"}') == 1
    assert rise("tallyroom_resumed_events_total") == 4
    assert rise('tallyroom_closed_sockets_total{code="token_invalid"}') == 1
    assert rise('tallyroom_refused_total{code="unknown_command"}') == 1
    assert rise("tallyroom_event_delay_seconds_count") >= 1
    assert after['tallyroom_event_delay_seconds_bucket{le="+Inf"}'] == after["tallyroom_event_delay_seconds_count"]
    assert after['tallyroom_socket_limit{of="subscriptions"}'] == 128
    assert after["tallyroom_relay_lag"] == 0
    assert after["tallyroom_stream_head"] == after["tallyroom_relay_position"]
    assert after["tallyroom_slow_clients"] == 0


async def test_metrics_are_written_once_for_all_who_ask_together() -> None:
    exposition = Exposition()
    before = await exposition.text()

    SIGN_INS.labels("test").inc()
    together = await asyncio.gather(*(exposition.text() for _ in range(10)))

    assert all(text is together[0] for text in together)
    assert b'tallyroom_sign_ins_total{outcome="test"}' in together[0]
    assert b'tallyroom_sign_ins_total{outcome="test"}' not in before
