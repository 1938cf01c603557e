"""
Sign-in, access tokens, rotating refresh tokens, sessions. Read tokens.py first, then actions.py.

Whoever adds a way to prove who one is, or a second factor, has to think of each door: `sign_in`, `change_password`,
`reauthenticate` and `confirm_password` (actions.py), `sign_in` with Google (google/actions.py), `tallyroom users password`
(server/command/people.py), and the Python client's PasswordSession. `Session.method` says how a session was proved, and
`entered_lately` (sessions.py) takes only the methods that it names: any other one cannot step up.

Passwords are hashed off the event loop (passwords.py), and counters slow down guessing (throttle.py).
"""
