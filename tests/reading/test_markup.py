"""XML of any format: refusals name the kind of file, and the line where somebody can see it."""

import pytest

from matching.reading.markup import MAX_TOKEN_BYTES, Document, Wording
from matching.reading.values import FileRejected

STATEMENT = Wording("bank statement", "ask the bank for it again", "export it as CSV")
REFUSED = {
    "damage": ("<a>\n<b>\n</a>", "the bank statement is damaged in line 3; ask the bank for it again"),
    "a declaration": (
        "<!DOCTYPE a>\n<a/>",
        "the bank statement has a document type declaration, which no bank statement needs; export it as CSV",
    ),
    "an endless tag": (
        "<a>\n<b" + " " * 2 * MAX_TOKEN_BYTES,
        "the bank statement has a tag or comment longer than 1 MiB in line 2; export it as CSV",
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refusal_says_what_file_and_where(text: str, message: str) -> None:
    with pytest.raises(FileRejected) as caught:
        Document(STATEMENT, lambda *_: None).read(iter([text.encode()]))

    assert str(caught.value) == message
