"""Whom the demo lets in: accounts that everybody knows, and their one password. In production it opens nothing."""

PASSWORD = "demo-tallyroom-password"  # noqa: S105 - printed at the start, in demo mode only
ACCOUNTS = (
    ("admin@tallyroom.example", "Ada Admin", "admin"),
    ("manager@tallyroom.example", "Mia Manager", "manager"),
    ("user@tallyroom.example", "Uli User", "user"),
)
EMAILS = tuple(email for email, _, _ in ACCOUNTS)
