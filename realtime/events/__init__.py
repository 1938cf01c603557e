"""The catalogue of events, one module a noun. Importing this package registers all of them."""

from realtime.events import job, project, user, vault
from realtime.events.base import CATALOGUE, Event

__all__ = ["CATALOGUE", "Event", "job", "project", "user", "vault"]
