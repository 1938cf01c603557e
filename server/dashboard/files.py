"""
The built files, held in memory. They are two or three megabytes, compressed once, and looked up by name, never by
path.
"""

import mimetypes
from pathlib import Path

from server.api.unchanging import CHECKED, Unchanging, unchanging

DIST = Path(__file__).parents[2] / "web" / "dist"
INDEX = "index.html"
REFERENCE = "docs/index.html"
FOREVER = "public, max-age=31536000, immutable"  # such a file's name changes with its content
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".webmanifest": "application/manifest+json"}


class Build:
    """The files of a build. They are read again when index.html changes."""

    def __init__(self, folder: Path = DIST) -> None:
        self._folder = folder
        self._stamp: tuple[int, int] | None = None
        self._files: dict[str, Unchanging] = {}

    def files(self) -> dict[str, Unchanging]:
        """The files by name, such as `assets/main-1a2b.js`. Empty if nothing is built. Reads the disk."""
        try:
            found = (self._folder / INDEX).stat()
        except OSError:
            self._stamp, self._files = None, {}
            return self._files
        stamp = (found.st_mtime_ns, found.st_size)
        if stamp != self._stamp:
            paths = [path for path in sorted(self._folder.rglob("*")) if path.is_file()]
            self._files = {path.relative_to(self._folder).as_posix(): _read(path, self._folder) for path in paths}
            self._stamp = stamp
        return self._files


def _read(path: Path, folder: Path) -> Unchanging:
    body = path.read_bytes()
    content_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    is_hashed = path.relative_to(folder).parts[0] == "assets"
    return unchanging(body, content_type, FOREVER if is_hashed else CHECKED)
