"""The dashboard's built files, served at the root. Start with routes.py; the sources are in web/."""

from server.dashboard.routes import attach, reference

__all__ = ["attach", "reference"]
