"""The numbers of the relay and its clients, for Prometheus. They are read when somebody asks for them."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import REGISTRY, Collector

from realtime.bus import BusState
from realtime.counts import DELAYS_S, Delays
from realtime.namespace import Namespace
from realtime.relay import Relay


@dataclass(frozen=True)
class _Counted:
    """A counter, its help, the name of its label, and its values."""

    name: str
    text: str
    label: str
    values: dict[str, int]


class LiveMetrics(Collector):
    """
    Reads the counts of the process's relay and guests.

    `relay_lag` is how many events the streams held here are behind what has been committed, as far as is known: more than a
    moment above zero means that the relay does not read.
    """

    def __init__(self) -> None:
        self.of: Callable[[], tuple[Relay, Namespace] | None] = lambda: None
        self.bus: BusState | None = None

    def collect(self) -> Iterator[Metric]:
        """All metrics. None before the application has started."""
        found = self.of()
        if found is None:
            return
        relay, namespace = found
        guests, server = namespace.guests, namespace.server
        assert server is not None
        if self.bus is not None:
            yield from _of_bus(self.bus)
        streams = list(relay.streams.values())
        gauges = {
            "tallyroom_streams": ("Streams held by this process.", len(streams)),
            "tallyroom_stream_head": ("Sum of the heads that are known.", sum(stream.want for stream in streams)),
            "tallyroom_relay_position": ("Sum of the events read.", sum(stream.tail for stream in streams)),
            "tallyroom_relay_lag": (
                "Events that are committed and not yet read.",
                sum(stream.want - stream.tail for stream in streams),
            ),
            "tallyroom_slow_clients": ("Subscriptions whose client is behind.", relay.slow),
            "tallyroom_pending_sockets": ("Sockets that have not signed in yet.", server.pending),
            "tallyroom_tasks": ("Tasks of the event loop.", len(asyncio.all_tasks())),
        }
        for name, (text, value) in gauges.items():
            yield GaugeMetricFamily(name, text, value=value)
        yield _limits(namespace)
        counts = relay.counts
        yield _histogram(counts.delays)
        refused = Counter({**guests.counts.refused}) + server.refused + Counter({"frame": server.faults})
        closed = guests.counts.closed + Counter({"no_pong": server.pings.unanswered})
        counters = [
            _Counted("tallyroom_resume", "Answers to subscribe, by mode.", "mode", counts.resumes),
            _Counted("tallyroom_pages", "Pages of missed events, by source.", "source", counts.pages),
            _Counted(
                "tallyroom_catch_ups", "Reads for clients behind the ring, by source.", "source", counts.catch_ups
            ),
            _Counted("tallyroom_resets", "Subscriptions that had to begin again, by reason.", "reason", counts.resets),
            _Counted("tallyroom_closed_sockets", "Sockets refused or closed, by code.", "code", closed),
            _Counted(
                "tallyroom_refused", "Handshakes, CONNECTs, commands and packets refused, by code.", "code", refused
            ),
        ]
        for counter in counters:
            family = CounterMetricFamily(counter.name, counter.text, labels=[counter.label])
            for labelled, number in counter.values.items():
                family.add_metric([labelled], number)
            yield family
        yield CounterMetricFamily(
            "tallyroom_resumed_events", "Events in answers to subscribe.", value=counts.resumed_events
        )
        yield CounterMetricFamily(
            "tallyroom_revoked_subscriptions", "Subscriptions whose right ended.", value=counts.revoked
        )


def _of_bus(bus: BusState) -> Iterator[Metric]:
    yield GaugeMetricFamily("tallyroom_bus_up", "Whether the bus answers.", value=int(bus.is_up))
    yield CounterMetricFamily("tallyroom_bus_reconnects", "Times that the bus came back.", value=bus.reconnects)
    yield CounterMetricFamily(
        "tallyroom_bus_dropped_hints", "Hints that were not sent over the bus.", value=bus.dropped()
    )


def _histogram(delays: Delays) -> Metric:
    names = [*map(str, DELAYS_S), "+Inf"]
    buckets = list(zip(names, map(float, accumulate(delays.counts)), strict=True))
    text = "From the beginning of a change until its event is written to those who follow, by stream."
    return HistogramMetricFamily("tallyroom_event_delay_seconds", text, buckets=buckets, sum_value=delays.total_s)


def _limits(namespace: Namespace) -> Metric:
    """What a client may do, beside which the other numbers can be read."""
    limits, server = namespace.guests.limits, namespace.server
    assert server is not None
    family = GaugeMetricFamily("tallyroom_socket_limit", "What a client may have of something.", labels=["of"])
    for name, value in {
        "sockets_per_user": limits.sockets_per_user,
        "subscriptions": limits.subscriptions,
        "commands_per_second": limits.commands_per_s,
        "command_burst": limits.command_burst,
        "sockets_per_address": server.limits.per_address,
        "pending_per_address": server.limits.pending_per_address,
        "connect_seconds": server.limits.connect_s,
        "message_bytes": server.limits.message_bytes,
        "stalled_seconds": server.stalled_s,
    }.items():
        family.add_metric([name], value)
    return family


LIVE = LiveMetrics()
REGISTRY.register(LIVE)
