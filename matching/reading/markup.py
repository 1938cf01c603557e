"""Reads XML from untrusted files as a stream, in time that grows only with its length."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.parsers import expat

from matching.reading.values import FileRejected

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], object]
# Expat (before 2.6) scans a tag or comment again from its start for each piece it arrives in, and keeps all of it. Real
# workbooks have none longer than a few kB.
MAX_TOKEN_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Wording:
    """How the refusals of a format name its files, and what they advise."""

    name: str  # such as "workbook"
    repair: str  # what to do about one that is damaged
    instead: str  # what to do about one that has something that no such file needs
    has_lines: bool = True  # whether somebody who opens the file sees this document, so that a line helps

    @property
    def damaged(self) -> str:
        """That the file is damaged, somewhere."""
        return f"the {self.name} is damaged; {self.repair}"


class Document:
    """A document that is read once. Its elements' starts and ends and the text in them are passed to functions."""

    def __init__(self, wording: Wording, start: Start, end: End | None = None) -> None:
        """Prepare to read. `start` is called with each element's name, as written, and its attributes."""
        self._wording = wording
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = start
        self._parser.EndElementHandler = end
        # Declarations define entities, and entities can expand a little text into a lot.
        self._parser.StartDoctypeDeclHandler = self._refuse_declarations

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
                    raise FileRejected(self._where("has a tag or comment longer than 1 MiB", self._wording.instead))
                yield
            self._parser.Parse(b"", True)
        except (expat.ExpatError, LookupError) as error:  # the latter for an encoding that Python does not know
            raise FileRejected(self._where("is damaged", self._wording.repair)) from error

    def _where(self, fault: str, advice: str) -> str:
        line = f" in line {self._parser.CurrentLineNumber}" if self._wording.has_lines else ""
        return f"the {self._wording.name} {fault}{line}; {advice}"

    def _refuse_declarations(self, *_: object) -> None:
        name, instead = self._wording.name, self._wording.instead
        raise FileRejected(f"the {name} has a document type declaration, which no {name} needs; {instead}")


def local(name: str) -> str:
    """An element's name without its prefix."""
    return name.rpartition(":")[2]
