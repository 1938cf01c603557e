"""Whom to sign in as."""

from server.auth.known import DEMO_PASSWORD as PASSWORD

__all__ = ["ACCOUNTS", "EMAILS", "PASSWORD"]

ACCOUNTS = (
    ("admin@tallyroom.example", "Ada Admin", "admin"),
    ("manager@tallyroom.example", "Mia Manager", "manager"),
    ("user@tallyroom.example", "Uli User", "user"),
)
EMAILS = tuple(email for email, _, _ in ACCOUNTS)
