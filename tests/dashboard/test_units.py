"""The dashboard's own tests that need no page: sessions across tabs, the live client, numbers."""

import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.acceptance

WEB = Path(__file__).parents[2] / "web"
VITEST = WEB / "node_modules/vitest/vitest.mjs"
TIMEOUT_S = 300


@pytest.mark.skipif(
    shutil.which("node") is None or not VITEST.is_file(),
    reason="no Node.js, or the dashboard's packages are not installed (`make test` installs them where Node.js is)",
)
def test_the_dashboard_s_modules_pass_their_own_tests():
    done = subprocess.run(
        ["node", str(VITEST), "run"],
        cwd=WEB,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
