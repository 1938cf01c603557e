"""The words from CLDR."""

import subprocess
import sys

import pytest

from matching.reading.cells import build
from matching.reading.cells.lexicon import PATH


def test_words_are_those_of_the_pinned_release() -> None:
    assert PATH.read_text(encoding="utf-8") == build._serialised(build._content())


@pytest.mark.acceptance
def test_loading_the_words_needs_no_babel() -> None:
    code = "import sys; from matching.reading.cells.lexicon import lexicon; lexicon(); print('babel' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
