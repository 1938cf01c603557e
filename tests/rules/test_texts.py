"""A field that has to say something says something: no character that cannot be seen stands for a name or a reason."""

from typing import Any, get_args

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

import server.app  # noqa: F401 - with it all routes and their bodies are known
from matching.plan import Pass
from server.api.schemas import Body

INVISIBLE = "\u3164\u200b"
# Fields that say nothing to anybody: they are compared with what is stored, or are a machine's.
COMPARED = {
    "Login.email": "an address that has no account",
    "Login.password": "a secret",
    "PasswordChange.current_password": "a secret",
    "Reauthenticate.password": "a secret",
    "EntryCreate.secret": "a secret",
    "EntryUpdate.secret": "a secret",
    "RotateBody.secret": "a secret",
    "GoogleLogin.credential": "a token, which is checked",
    "GoogleLink.credential": "a token, which is checked",
    "MatchByHand.difference_reason": "a code that the project has or has not",
    "PairMatchByHand.difference_reason": "a code that the project has or has not",
    "Split.difference_reason": "a code that the project has or has not",
    "WriteOff.reason": "a code that the project has or has not",
    "ReviewFilter.q": "what is looked for",
    "LogLine.message": "a machine's",
    "DownloadCreate.path": "the path of a route",
}


def _bodies(of: type[BaseModel]) -> list[type[BaseModel]]:
    return [one for child in of.__subclasses__() for one in (child, *_bodies(child))]


def _accepts(field: Any, value: object) -> bool:
    try:
        TypeAdapter(field.rebuild_annotation()).validate_python(value)
    except ValidationError:
        return False
    return True


FIELDS = sorted(
    {
        f"{model.__name__}.{name}": field
        for model in [*_bodies(Body), *get_args(get_args(Pass)[0])]
        for name, field in model.model_fields.items()
    }.items()
)


def test_the_exceptions_are_fields() -> None:
    assert COMPARED.keys() - dict(FIELDS) == set()


@pytest.mark.parametrize(("name", "field"), FIELDS, ids=[name for name, _ in FIELDS])
def test_a_field_that_refuses_nothing_refuses_what_cannot_be_seen(name: str, field: Any) -> None:
    for shape in (str, lambda text: [text]):
        takes_text, takes_nothing = _accepts(field, shape("abc")), _accepts(field, shape(""))
        if takes_text and not takes_nothing:
            assert _accepts(field, shape(INVISIBLE)) == (name in COMPARED), name
