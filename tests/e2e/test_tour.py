"""The tour of docs/tour.md can be walked, on the demo's books, and shows the pictures that it takes on the way."""

import asyncio
import re
import signal
import sys

import pytest

from server.demo import plan, story
from server.demo.setup import FILES
from tests.e2e.conftest import DEMO_ROWS, ROOT

pytestmark = pytest.mark.long

NAME = "The tour's own"  # other tests decide in the demo itself, and a demo that is started for one test takes 10 s
PICTURE = re.compile(r"!\[[^\]]+\]\((?:docs/)?images/([a-z-]+)\.png\)")


@pytest.fixture
async def books(manager):
    """A project with what the demo has: its books, its reasons and its plan, and a colleague. They match as the demo does."""
    project = await manager.send("POST", "/projects", {"name": NAME})
    path = f"/projects/{project['id']}"
    await manager.send("POST", f"{path}/members", {"email": "user@tallyroom.example", "role": "analyst"})
    sides = [
        await manager.upload(project["id"], name, body.decode())
        for (name, _), body in zip(FILES, story.books(DEMO_ROWS), strict=True)
    ]
    await manager.send("PATCH", path, {"reason_codes": plan.REASONS}, project["version"])
    made = await manager.send("POST", f"{path}/plans", {"name": plan.NAME, "document": plan.DOCUMENT})
    body = {"left_source": sides[0], "right_source": sides[1], "plan": made["id"]}
    await manager.send("POST", f"{path}/jobs", body)


@pytest.mark.usefixtures("books")
async def test_the_tour_can_be_walked_from_the_first_reconciliation_to_the_books(tmp_path, installation):
    walk = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "docs.tour.walk", "--at", installation.url, "--project", NAME, "--into", str(tmp_path)),
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, complaints = await walk.communicate()
    finally:
        if walk.returncode is None:
            walk.send_signal(signal.SIGINT)  # so that it stops what it has started
            await walk.wait()

    assert walk.returncode == 0, complaints.decode()[-3000:]
    taken = {path.stem for path in tmp_path.iterdir()}
    shown = {name for page in ("README.md", "docs/tour.md") for name in PICTURE.findall((ROOT / page).read_text())}
    assert taken == shown == {path.stem for path in (ROOT / "docs/images").iterdir()}
