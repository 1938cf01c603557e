"""Accounts: what administrators do with them, and what people change themselves."""
