"""Accounts: what an administrator does with them, and what people change on their own."""
