"""Locust's page, closed to other sites: it has no protection of its own against forms and scripts that come from them."""

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, abort, request

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def guard(app: Flask, web_host: str) -> None:
    """
    Refuse requests that another site makes, and on loopback also those that reach the page under another name, as they do
    after a name was rebound.
    """

    def check() -> Any:
        asked = urlsplit(f"//{request.host}")
        if web_host in LOOPBACK and asked.hostname not in LOOPBACK:
            abort(403, "Open this page as http://localhost.")
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != asked.netloc:
            abort(403, "This page takes no requests from other sites.")

    app.before_request(check)
