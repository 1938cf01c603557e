"""The configuration that Aerich reads, and the one that the application starts with."""

import os
from typing import Any

MODELS = (
    "models.user",
    "models.key",
    "models.project",
    "models.source",
    "models.record",
    "models.plan",
    "models.job",
    "models.pair",
    "models.match",
    "models.decision",
    "models.vault",
    "models.outbox",
    "models.log_entry",
    "models.audit",
)


def config(connection: dict[str, Any] | str, *, with_aerich: bool) -> dict[str, Any]:
    """A Tortoise configuration for one connection."""
    modules = [*MODELS, "aerich.models"] if with_aerich else list(MODELS)
    return {
        "connections": {"default": connection},
        "apps": {"models": {"models": modules, "default_connection": "default"}},
        "use_tz": True,
        "timezone": "UTC",
    }


# Only for the `aerich` command line; the application builds its own from the settings.
TORTOISE_ORM = config(os.environ.get("TALLYROOM_DATABASE_URL", "postgres://postgres:@/tallyroom"), with_aerich=True)
