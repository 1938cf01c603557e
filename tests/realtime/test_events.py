"""The catalogue of events: one module per noun, and a registered stream for each event."""

import importlib
import pkgutil

from realtime import events, streams
from realtime.events import CATALOGUE
from server.live import STREAMS


def test_each_module_of_the_catalogue_is_registered():
    modules = {module.name for module in pkgutil.iter_modules(events.__path__)} - {"base", "state"}

    assert {kind.__module__.rpartition(".")[2] for kind in CATALOGUE.values()} == modules
    assert all(importlib.import_module(f"realtime.events.{name}") is getattr(events, name) for name in modules)


def test_each_stream_has_a_name_rights_and_a_snapshot():
    assert tuple(STREAMS) == streams.NOUNS


def test_each_event_uses_registered_streams():
    unknown = {name for name, kind in CATALOGUE.items() if not kind.nouns or not set(kind.nouns) <= set(STREAMS)}

    assert unknown == set()
