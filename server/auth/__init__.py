"""
Sign-in, access tokens, rotating refresh tokens, sessions. Read tokens.py first, then actions.py.

Passwords are hashed off the event loop (passwords.py), and counters slow down guessing (throttle.py).
"""
