"""
API tokens: a program acts for a person, with some of the person's rights, until a date.

Start with authentication.py. core/api_token.py says what a token looks like, models/scope.py what it may do, and
models/access.py enforces that on every row.
"""
