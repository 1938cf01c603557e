"""Commands of the operator that need no server: checks, accounts, work on the stored rows."""
