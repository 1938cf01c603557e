"""
Sign-in, access tokens, rotating refresh tokens, sessions. Read tokens.py first, then actions.py.

Passwords are hashed beside the event loop (passwords.py); guessing is slowed by counters (throttle.py).
"""
