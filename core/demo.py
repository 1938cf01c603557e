"""The demo's accounts: everybody knows them and their one password. In production they open nothing."""

PASSWORD = "demo-tallyroom-password"  # noqa: S105 - printed at start-up, only in demo mode
ACCOUNTS = (
    ("admin@tallyroom.example", "Ada Admin", "admin"),
    ("manager@tallyroom.example", "Mia Manager", "manager"),
    ("user@tallyroom.example", "Uli User", "user"),
)
EMAILS = tuple(email for email, _, _ in ACCOUNTS)
