"""The demo: three accounts and a project whose reconciliation runs live. Never in production."""

from server.demo.accounts import EMAILS, PASSWORD

__all__ = ["EMAILS", "PASSWORD"]
