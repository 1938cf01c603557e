"""
A load test with Locust: people who read and write over REST, and people who watch over Socket.IO.

Writers add records and rename the project, watchers receive the events. Both run in this process, so the time from the
request to the event is measured by one clock. See docs/load-testing.md.
"""

import atexit
import os
import sys
import time
from argparse import Namespace
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit
from uuid import uuid4

import gevent
from locust import FastHttpUser, between, events, task
from locust.contrib.socketio import SocketIOUser
from locust.env import Environment
from locust.exception import StopUser

from bench.load.book import Access, Book, Refused
from bench.load.page import guard
from bench.load.verdict import EVENT, verdict_of
from core.demo import PASSWORD

DEMO = "manager@tallyroom.example"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
CLOSED_FOR = {
    "too_many_connections": "more sockets of one person than TALLYROOM_MAX_SOCKETS_PER_USER allows; raise it on the server",
    "token_expired": "the token ended and was not refreshed",
    "token_revoked": "the token was revoked",
}


class Sent:
    """When requests were sent whose events somebody may be waiting for."""

    MOST = 10_000

    def __init__(self) -> None:
        self._at: OrderedDict[str, float] = OrderedDict()

    def new_id(self) -> str:
        """An id for a request that is sent now."""
        request_id = str(uuid4())
        self._at[request_id] = time.monotonic()
        while len(self._at) > self.MOST:
            self._at.popitem(last=False)
        return request_id

    def ms_since(self, request_id: str | None) -> float | None:
        """Milliseconds since a request of ours was sent. None if it was not ours."""
        at = self._at.get(request_id or "")
        return None if at is None else (time.monotonic() - at) * 1000


SENT = Sent()
START: "Start | None" = None
BOOK: Book | None = None


@dataclass(frozen=True)
class Start:
    """
    Where the test goes and as whom, as it was started. Locust's page cannot change it: a foreign site could send the page
    a form, and the token would go wherever that says.
    """

    host: str
    access: Access
    project: str


def book() -> Book:
    """The project that is read and written."""
    assert BOOK is not None, "the test has not begun"
    return BOOK


@events.init_command_line_parser.add_listener
def _options(parser: Any) -> None:
    hidden = {"default": "", "include_in_web_ui": False}
    parser.add_argument("--token", env_var="TALLYROOM_TOKEN", help="an access token or an API token", **hidden)
    parser.add_argument(
        "--email", env_var="TALLYROOM_EMAIL", help="the account that signs in without a token", **hidden
    )
    parser.add_argument("--password", env_var="TALLYROOM_PASSWORD", help="its password", **hidden)
    parser.add_argument("--project", help="read this project and change nothing, instead of making one", **hidden)
    bars = {"type": float, "include_in_web_ui": False}
    parser.add_argument("--most-failures", default=0.1, help="percent of requests that may fail", **bars)
    parser.add_argument("--rest-p95-ms", default=500, help="95 %% of the REST requests are at most this slow", **bars)
    parser.add_argument("--event-p95-ms", default=1000, help="95 %% of the events are at most this late", **bars)


@events.init.add_listener
def _prepare(environment: Environment, **_: Any) -> None:
    """Sign in, and forget the secrets. Without a page, also make the project before the clock of --run-time starts."""
    global START
    options = environment.parsed_options
    assert options is not None
    host = str(environment.host).rstrip("/")
    if not options.token and not options.email and urlsplit(host).hostname in LOOPBACK:
        options.email, options.password = DEMO, PASSWORD
    try:
        START = Start(host, Access(host, options.token, options.email, options.password), options.project)
        options.token = options.password = ""
        if environment.web_ui is not None:
            guard(environment.web_ui.app, options.web_host)
        elif options.headless:
            _open_book(environment)
    except Refused as refused:
        print(f"The load test cannot begin: {refused}")
        sys.exit(2)


@events.test_start.add_listener
def _begin(environment: Environment, **_: Any) -> None:
    if BOOK is not None:
        return
    try:
        _open_book(environment)
    except Refused as refused:
        # Locust's page lists it among the failures.
        environment.events.request.fire(
            request_type="TEST", name="begin", response_time=0, response_length=0, exception=refused, context={}
        )
        assert environment.runner is not None
        gevent.spawn(environment.runner.stop)


def _open_book(environment: Environment) -> None:
    global BOOK
    assert START is not None
    if str(environment.host).rstrip("/") != START.host:
        raise Refused(f"this load test was started for {START.host}; start another one for another server")
    BOOK = Book.open(START.host, START.access, START.project)


@events.test_stop.add_listener
def _end(environment: Environment, **_: Any) -> None:
    global BOOK
    options = environment.parsed_options
    if BOOK is None or options is None:
        return
    opened, BOOK = BOOK, None
    try:
        opened.close()
    except Refused as refused:
        _say(f"The project {opened.project} of the test is still there: {refused}", options)
    found = verdict_of(environment.stats, options)
    environment.process_exit_code = 0 if found.holds else 1
    _say(found.text, options)


def _say(text: str, options: Namespace) -> None:
    """Print below Locust's own tables, which without its page come last."""
    if options.headless:
        atexit.register(print, text)
    else:
        print(text)


class _Person(FastHttpUser):
    abstract = True

    def _ask(self, method: str, path: str, name: str, **options: Any) -> None:
        headers = {**book().access.headers(), **options.pop("headers", {})}
        with self.client.request(
            method, f"{book().host}/api/v1{path}", name=name, headers=headers, catch_response=True, **options
        ) as response:
            if response.status_code >= 400:
                response.failure(f"{response.status_code} {response.text[:200]}")


class Reader(_Person):
    """Somebody at the dashboard who looks at things."""

    weight = 5
    wait_time = between(0.5, 2)

    @task(2)
    def projects(self) -> None:
        """The first page."""
        self._ask("GET", "/projects", "/projects")

    @task(2)
    def project(self) -> None:
        """One project, and its jobs."""
        self._ask("GET", f"/projects/{book().project}", "/projects/{id}")
        self._ask("GET", f"/projects/{book().project}/jobs", "/projects/{id}/jobs")

    @task(3)
    def matches(self) -> None:
        """What a job has matched, and its sums."""
        if book().job:
            self._ask("GET", f"/jobs/{book().job}/matches?limit=50", "/jobs/{id}/matches")
            self._ask("GET", f"/jobs/{book().job}/summary", "/jobs/{id}/summary")

    @task(2)
    def records(self) -> None:
        """A page of records."""
        if book().source:
            self._ask("GET", f"/sources/{book().source}/records?limit=50", "/sources/{id}/records")


class Writer(_Person):
    """A program that delivers records."""

    weight = 1
    wait_time = between(1, 3)

    def on_start(self) -> None:
        """Ends at once if nothing may be changed."""
        if book().is_borrowed:
            raise StopUser

    @task(3)
    def add_records(self) -> None:
        """Twenty records, in a request that could be repeated safely."""
        rows = [{"data": {"ref": uuid4().hex[:12], "amount": f"{n}.50"}} for n in range(20)]
        headers = {"X-Request-ID": SENT.new_id(), "Idempotency-Key": str(uuid4())}
        path = f"/sources/{book().inbox}/records"
        self._ask("POST", path, "/sources/{id}/records (20)", json={"records": rows}, headers=headers)

    @task(1)
    def rename(self) -> None:
        """A new description of the project."""
        headers = {"X-Request-ID": SENT.new_id()}
        path = f"/projects/{book().project}"
        self._ask("PATCH", path, "/projects/{id}", json={"description": f"at {time.time():.3f}"}, headers=headers)


class Watcher(SocketIOUser):
    """Somebody whose dashboard is open: a socket that follows the project, from where it was after each loss."""

    weight = 4
    wait_time = between(5, 15)
    # Programs have no origin. A server that is reached under another name than its own would refuse that of a page.
    options: ClassVar[dict[str, Any]] = {"websocket_extra_options": {"suppress_origin": True}}

    def on_start(self) -> None:
        """Connects and follows the project."""
        self.after: int | None = None
        self.epoch: str | None = None
        self.is_leaving = False
        self.sio.on("*", self._on_event, namespace="/live")
        self.sio.on("connect", self._follow, namespace="/live")
        self.sio.connect(
            book().host,
            auth=lambda: {"token": book().access.token},
            namespaces=["/live"],
            transports=["websocket"],
            wait_timeout=10,
        )

    def on_stop(self) -> None:
        """Leaves."""
        self.is_leaving = True
        self.sio.disconnect()

    @task
    def look_again(self) -> None:
        """Asks for what was missed. Nothing was, unless events were lost."""
        if self.sio.connected:
            self._follow()

    def _follow(self) -> None:
        asked: dict[str, Any] = {"stream": f"project:{book().project}"}
        while True:
            place = {} if self.after is None else {"after": self.after, "epoch": self.epoch}
            answer = self.sio.call("subscribe", asked | place, namespace="/live", timeout=10)
            if not answer["ok"]:
                self._tell("subscribe", answer["problem"]["code"])
                return
            for event in answer["events"]:
                self._take(event)
            if self.after is None or answer["mode"] == "snapshot":
                self.after, self.epoch = answer["head"], answer["epoch"]
            if not answer.get("more"):
                return

    def _on_event(self, name: str, data: dict[str, Any]) -> None:
        if name == "auth.expiring":
            book().access.renew()
            self.sio.emit("auth.refresh", {"token": book().access.token}, namespace="/live")
        elif name == "closing" and not self.is_leaving:
            code = data["code"]
            self._tell("closed by the server", f"{code}: {CLOSED_FOR.get(code, 'see docs/load-testing.md')}")
        elif name == "stream.reset":
            self._follow()
        elif "seq" in data:
            self._take(data)

    def _take(self, event: dict[str, Any]) -> None:
        """Counts an event. One that does not follow on the last is a failure, unless it is known already."""
        if self.after is not None and event["seq"] <= self.after:
            return
        if self.after is not None and event["seq"] != self.after + 1:
            self._tell(event["type"], f"a gap: {event['seq']} after {self.after}")
        self.after, self.epoch = event["seq"], event["epoch"]
        taken_ms = SENT.ms_since(event["request_id"])
        if taken_ms is not None:
            self._tell(event["type"], None, taken_ms)

    def _tell(self, name: str, failure: str | None, taken_ms: float = 0.0) -> None:
        error = None if failure is None else RuntimeError(failure)
        self.environment.events.request.fire(
            request_type=EVENT, name=name, response_time=taken_ms, response_length=0, exception=error, context={}
        )


if not os.environ.get("TALLYROOM_LOAD_VERBOSE"):
    import logging

    logging.getLogger("socketio.client").setLevel(logging.ERROR)
