"""Reads XML from untrusted files as a stream, in time that grows only with its length."""

from collections.abc import Callable, Iterator
from xml.parsers import expat

from matching.reading.values import FileRejected

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], object]
# Expat (before 2.6) scans a tag or comment again from its start for each piece it arrives in, and keeps all of it. Real
# workbooks have none longer than a few kB.
MAX_TOKEN_BYTES = 1024 * 1024


class Document:
    """A document that is read once. Its elements' starts and ends and the text in them are passed to functions."""

    def __init__(self, start: Start, end: End | None = None) -> None:
        """Prepare to read. `start` is called with each element's name, as written, and its attributes."""
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = start
        self._parser.EndElementHandler = end
        # Declarations define entities, and entities can expand a little text into a lot.
        self._parser.StartDoctypeDeclHandler = _refuse_declarations

    def send_text_to(self, text: Text | None) -> None:
        """Pass the text from here on to a function, or to none, which is faster."""
        self._parser.CharacterDataHandler = text

    def read(self, pieces: Iterator[bytes]) -> None:
        """
        Read the document. Raises: FileRejected for declarations, for what is not well-formed, and for endless tags.
        """
        for _ in self.steps(pieces):
            pass

    def steps(self, pieces: Iterator[bytes]) -> Iterator[None]:
        """Read the document as `read` does, and pause after each piece."""
        fed = 0
        try:
            for piece in pieces:
                fed += len(piece)
                self._parser.Parse(piece)
                if fed - self._parser.CurrentByteIndex > MAX_TOKEN_BYTES:
                    raise FileRejected("the workbook has a tag or comment longer than 1 MiB; save the sheet as CSV")
                yield
            self._parser.Parse(b"", True)
        except (expat.ExpatError, LookupError) as error:  # the latter for an encoding that Python does not know
            raise FileRejected("the workbook is damaged; open it and save it again as .xlsx") from error


def local(name: str) -> str:
    """An element's name without its prefix."""
    return name.rpartition(":")[2]


def _refuse_declarations(*_: object) -> None:
    raise FileRejected("the workbook has a document type declaration, which no workbook needs; save the sheet as CSV")
