"""Who runs the commands: from the environment, and a password from the terminal or standard input."""

import getpass
import os
import sys
from argparse import Namespace

from ..client import DEFAULT_URL, Client, allows_http
from ..follower import Timing
from ..problem import Problem, one_line

MAX_PASSWORD = 1024
PATIENCE_S = 10.0  # with a server that is away or busy; a script that wants more repeats the command


def client_of(arguments: Namespace) -> Client:
    """The client that the arguments and the environment ask for. Raises: Problem."""
    url = arguments.url or os.environ.get("TALLYROOM_URL") or DEFAULT_URL
    allow_http = arguments.allow_http or allows_http()
    timing = Timing(patience_s=PATIENCE_S)
    token = os.environ.get("TALLYROOM_TOKEN")
    if token and not arguments.email:
        return Client(url, token=token.strip(), timing=timing, allow_http=allow_http)
    email = arguments.email or os.environ.get("TALLYROOM_EMAIL")
    if not email:
        raise Problem(401, "unauthenticated", "No account is set.")
    return Client(url, email=email, password=_password(email), timing=timing, allow_http=allow_http)


def _password(email: str) -> str:
    """From TALLYROOM_PASSWORD, the terminal, or the first line of standard input; never from an argument."""
    password = os.environ.get("TALLYROOM_PASSWORD")
    if not password and sys.stdin is not None:
        try:
            asked = sys.stdin.isatty()
            password = (
                getpass.getpass(f"Password of {one_line(email)}: ") if asked else sys.stdin.readline(MAX_PASSWORD)
            )
        except (EOFError, UnicodeDecodeError):
            password = None
    password = (password or "").rstrip("\r\n")
    if not password:
        raise Problem(401, "unauthenticated", f"There is no password for {email}.")
    return password
