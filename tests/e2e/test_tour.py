"""The tour of docs/tour.md can be walked, on a demo of its own, and shows the pictures that it takes on the way."""

import asyncio
import re
import signal
import sys

import pytest

from tests.e2e.conftest import ROOT

ROWS = "3000"  # with fewer, the evidence is other than the tour says
PICTURE = re.compile(r"!\[[^\]]+\]\((?:docs/)?images/([a-z-]+)\.png\)")


@pytest.mark.timeout(240)  # it starts an installation of its own
async def test_the_tour_can_be_walked_from_the_first_reconciliation_to_the_books(tmp_path):
    walk = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "docs.tour.walk", "--rows", ROWS, "--into", str(tmp_path)),
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
