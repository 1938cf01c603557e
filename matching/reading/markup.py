"""XML from untrusted files, read as a stream in time that grows with its length alone."""

from collections.abc import Callable, Iterator
from xml.parsers import expat

from matching.reading.values import FileRejected

Start = Callable[[str, dict[str, str]], None]
Text = Callable[[str], None]
# Expat (before 2.6) looks at a tag or comment from its start again for each piece that it comes in, and keeps all of
# it. Real workbooks have none of more than a few kB.
MAX_TOKEN_BYTES = 1024 * 1024


class Document:
    """A document that is read once; what starts and which text stands in it goes to functions."""

    def __init__(self, start: Start) -> None:
        """`start` is called with the name of each element as it is written, and its attributes."""
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = start
        # Declarations make entities, and entities make much of little.
        self._parser.StartDoctypeDeclHandler = _refuse_declarations

    def send_text_to(self, text: Text | None) -> None:
        """Text from here on goes to a function, or to none, which is faster."""
        self._parser.CharacterDataHandler = text

    def read(self, pieces: Iterator[bytes]) -> None:
        """Raises: FileRejected for declarations, for what is not well-formed, and for tags without end."""
        fed = 0
        try:
            for piece in pieces:
                fed += len(piece)
                self._parser.Parse(piece)
                if fed - self._parser.CurrentByteIndex > MAX_TOKEN_BYTES:
                    raise FileRejected("the workbook has a tag or comment of more than 1 MiB; save the sheet as CSV")
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise FileRejected("the workbook is damaged; open it, and save it again as .xlsx") from error


def local(name: str) -> str:
    """An element's name without its prefix."""
    return name.rpartition(":")[2]


def _refuse_declarations(*_: object) -> None:
    raise FileRejected("the workbook has a document type declaration, which no workbook needs; save the sheet as CSV")
