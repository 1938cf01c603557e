"""The account of a load test, and the project that it makes for itself."""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

BEFORE_END_S = 120  # a token is renewed this long before it ends
PATIENCE_S = 60
ROWS = 200
MAKE = "POST /projects"
MAPPING = {"amount": {"column": "amount", "decimal": "."}, "reference": {"column": "ref"}}
PLAN = {
    "fields": {
        "amount": {"type": "money", "left": "amount", "right": "amount"},
        "ref": {"type": "reference", "left": "ref", "right": "ref"},
    },
    "passes": [
        {
            "name": "reference",
            "kind": "rules",
            "where": [{"field": "ref", "compare": "equal"}, {"field": "amount", "compare": "equal"}],
        }
    ],
}


class Refused(Exception):
    """The test cannot begin. The message is one line that says what to do."""


class Access:
    """One account's token, shared by all users of the test and renewed before it ends."""

    def __init__(self, host: str, token: str, email: str, password: str) -> None:
        self._host = host
        self._refresh_token = ""
        self._ends_at = float("inf")
        self._lock = threading.Lock()
        self.token = token
        if not self.token:
            if not email or not password:
                raise Refused(
                    "give --token, or --email and --password (or TALLYROOM_TOKEN, TALLYROOM_EMAIL, TALLYROOM_PASSWORD)"
                )
            self._keep(self._post("login", {"email": email, "password": password}))

    def headers(self) -> dict[str, str]:
        """The headers of a request."""
        self.renew()
        return {"Authorization": f"Bearer {self.token}"}

    def renew(self) -> None:
        """Renew the token if it ends soon. An API token never does."""
        with self._lock:
            if time.monotonic() > self._ends_at - BEFORE_END_S:
                self._keep(self._post("refresh", {"refresh_token": self._refresh_token}))

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = requests.post(
                f"{self._host}/api/v1/auth/{path}", json=body, headers={"X-Client": "api"}, timeout=20
            )
        except requests.RequestException as error:
            raise Refused(
                f"{self._host} does not answer ({type(error).__name__}); is the server running, and --host right?"
            ) from None
        return _json(answer, "sign in")

    def _keep(self, answer: dict[str, Any]) -> None:
        self.token, self._refresh_token = answer["access_token"], answer["refresh_token"]
        self._ends_at = time.monotonic() + answer["expires_in"]


@dataclass
class Book:
    """A project with two sources and a job that has matched them, and a third source that grows."""

    host: str
    access: Access
    project: str
    is_borrowed: bool  # it was there before, and stays as it is
    job: str = ""
    source: str = ""
    inbox: str = ""

    @classmethod
    def open(cls, host: str, access: Access, project: str) -> "Book":
        """Make a project, or use the given one. Raises: Refused."""
        if project:
            found = cls(host, access, project, is_borrowed=True)
            found._ask("GET", f"/projects/{found.project}")
            found.job = found._first(f"/projects/{found.project}/jobs")
            found.source = found._first(f"/projects/{found.project}/sources")
            return found
        found = cls(host, access, "", is_borrowed=False)
        name = f"Load test of {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
        found.project = found._ask("POST", "/projects", {"name": name})["id"]
        left, right = found._filled("left"), found._filled("right")
        found.source, found.inbox = left, found._empty("inbox")
        plan = found._ask("POST", f"/projects/{found.project}/plans", {"name": "load", "document": PLAN})["id"]
        sides = {"left_source": left, "right_source": right, "plan": plan}
        found.job = found._ask("POST", f"/projects/{found.project}/jobs", sides)["id"]
        found._wait_for_job()
        return found

    def close(self) -> None:
        """Delete the project that was made."""
        if not self.is_borrowed:
            self._ask("DELETE", f"/projects/{self.project}")

    def _filled(self, name: str) -> str:
        source = self._empty(name)
        rows = [{"data": {"ref": f"R{n}", "amount": f"{n}.00"}} for n in range(ROWS)]
        self._ask("POST", f"/sources/{source}/records", {"records": rows})
        return source

    def _empty(self, name: str) -> str:
        return str(self._ask("POST", f"/projects/{self.project}/sources", {"name": name, "mapping": MAPPING})["id"])

    def _first(self, path: str) -> str:
        items = self._ask("GET", path)["items"]
        return str(items[0]["id"]) if items else ""

    def _wait_for_job(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            status = self._ask("GET", f"/jobs/{self.job}")["status"]
            if status in ("completed", "failed", "cancelled"):
                return
            time.sleep(0.2)
        raise Refused(f"its job did not end within {PATIENCE_S} s; is a worker running?")

    def _ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answer = requests.request(
            method, f"{self.host}/api/v1{path}", json=body, headers=self.access.headers(), timeout=20
        )
        return _json(answer, f"{method} {path}")


def _json(answer: requests.Response, what: str) -> dict[str, Any]:
    """What the server answered. Raises: Refused."""
    if answer.status_code < 400:
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found
    try:
        problem = answer.json()
        reason = f"{problem['code']}: {problem.get('detail') or problem['title']}"
    except (ValueError, KeyError, TypeError):
        reason = "this is not a Tallyroom server's answer"
    hint = ""
    if what == MAKE and answer.status_code == 403:
        hint = "; the account must be a manager to make a project, or give --project with one to read"
    raise Refused(f"could not {what}: {answer.status_code} {reason}{hint}")
