"""Operator commands that need no running server: checks, accounts, work on the stored rows."""
