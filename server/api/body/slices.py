"""
A body with a list of thousands of items: a few are parsed and validated at a time, with a turn of the event loop
between.

Each slice is checked as strictly as any other body (server/api/body/strict_json.py) and validated just as the model
would.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from core.pointers import pointer_of
from core.problems import Fault, Invalid, InvalidJson, TooLarge
from server.api.body import strict_json
from server.api.body.faults import MOST_FAULTS, faults_of

SLICE_CHARACTERS, SLICE_ITEMS = 48 * 1024, 100  # two to five milliseconds
OTHER_CHARACTERS = 1024 * 1024  # of the members other than the list, which are validated together
_SPACE = re.compile(r"[ \t\n\r]*")
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Sliced:
    """The list of a body that is read in slices: its field, the type of its items, and how many there may be."""

    name: str
    items: TypeAdapter[list[Any]]
    most: int


async def parse_slices(raw: bytes, model: type[Model], sliced: Sliced) -> Model:
    """JSON as a typed model. Raises: InvalidJson, or Invalid with the first hundred faults by JSON pointer."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidJson("The body is not UTF-8.") from error
    reader, body = _Reader(text), _Body(sliced)
    if reader.peek() != "{":
        # It is refused either way, and a short text is enough to show that it is not an object.
        return _whole(text if len(text) <= SLICE_CHARACTERS else "[]", model)
    await body.read(reader)
    return body.built(model)


def _whole(text: str, model: type[Model]) -> Model:
    strict_json.parse(text.encode())
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise Invalid(errors=faults_of(error)) from None


class _Reader:
    """A place in a JSON text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def peek(self) -> str:
        """The next character after any white space."""
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at
        return self.text[self.at : self.at + 1]

    def expect(self, mark: str) -> None:
        """Move past a mark. Raises: InvalidJson when something else comes next."""
        if self.peek() != mark:
            raise InvalidJson("The body is not valid JSON.")
        self.at += 1

    def value(self) -> Any:
        """Move past a value and return it. Raises: InvalidJson."""
        self.peek()
        found, self.at = strict_json.parse_at(self.text, self.at)
        return found

    async def slices(self) -> AsyncIterator[tuple[str, list[Any]]]:
        """Go through a list, yielding the text and the values of some items at a time. Raises: InvalidJson."""
        self.expect("[")
        is_last = self.peek() == "]"
        while not is_last:
            self.peek()
            start = end = self.at
            values: list[Any] = []
            while not is_last and end - start < SLICE_CHARACTERS and len(values) < SLICE_ITEMS:
                values.append(self.value())
                end = self.at
                is_last = self.peek() == "]"
                if not is_last:
                    self.expect(",")
            yield self.text[start:end], values
            await asyncio.sleep(0)
        self.at += 1


class _Body:
    """A body read in slices."""

    def __init__(self, sliced: Sliced) -> None:
        self._sliced = sliced
        self._others: dict[str, str] = {}  # the members other than the list, as they were sent
        self._other_characters = 0
        self._has_list = False
        self._items: list[Any] = []
        self._count = 0
        self._first = ""  # the first item as JSON
        self._faults: list[Fault] = []
        self._is_over = False  # there are so many faults that no more are looked for

    async def read(self, reader: _Reader) -> None:
        """Read the object. Raises: InvalidJson, TooLarge."""
        reader.expect("{")
        names: set[str] = set()
        while reader.peek() != "}":
            if names:
                reader.expect(",")
            name = reader.value()
            if not isinstance(name, str) or name in names:
                raise InvalidJson("The body has an object with the same key twice.")
            names.add(name)
            reader.expect(":")
            if name == self._sliced.name and reader.peek() == "[":
                self._has_list = True
                await self._read_list(reader)
            else:
                await self._read_other(reader, name)
            if self._is_over:
                return
        reader.at += 1
        if reader.peek():
            raise InvalidJson("The body is not valid JSON.")

    async def _read_other(self, reader: _Reader, name: str) -> None:
        if reader.peek() == "[":  # no other field takes a list, so it need only be valid JSON
            async for _ in reader.slices():
                pass
            self._others[name] = "[]"
        else:
            start = reader.at
            reader.value()
            self._others[name] = reader.text[start : reader.at]
            await asyncio.sleep(0)
        self._other_characters += len(name) + len(self._others[name])
        if self._other_characters > OTHER_CHARACTERS:
            most = f"may have at most {OTHER_CHARACTERS:,} characters in total"
            raise TooLarge(
                f"The fields other than {self._sliced.name} {most}.",
                (Fault(pointer_of((name,)), "too_large", f"with the fields before it, {most}"),),
            )

    async def _read_list(self, reader: _Reader) -> None:
        async for text, values in reader.slices():
            if not self._count:
                self._first = json.dumps(values[0])
            self._take(text, values)
            self._count += len(values)
            if self._count > self._sliced.most:
                fault = f"may have at most {self._sliced.most:,} items"
                self._faults = [Fault(f"/{self._sliced.name}", "invalid_field", fault), *self._faults]
                self._is_over = True
            if self._is_over:
                return

    def _take(self, text: str, values: list[Any]) -> None:
        pointer, known = f"/{self._sliced.name}", len(self._faults)
        if strict_json.is_suspicious(text):
            for number, value in enumerate(values):
                strict_json.collect_faults(value, f"{pointer}/{self._count + number}", 2, self._faults)
        if len(self._faults) == known:
            try:
                items = self._sliced.items.validate_json(f"[{text}]")
            except ValidationError as error:
                self._faults += faults_of(error, pointer, first=self._count)
            else:
                self._items += items if not self._faults else ()
        self._is_over = len(self._faults) >= MOST_FAULTS

    def built(self, model: type[Model]) -> Model:
        """The finished model. Raises: Invalid."""
        name = self._sliced.name
        members = [f"{json.dumps(other)}: {text}" for other, text in self._others.items()]
        first = "" if self._faults else self._first
        faults = self._faults
        if self._has_list:
            members.append(f'"{name}": [{first}]')
        try:
            found = _whole("{" + ", ".join(members) + "}", model)
        except Invalid as invalid:
            faults = faults + [
                fault for fault in invalid.errors if not (faults and fault.pointer.startswith(f"/{name}"))
            ]
        if faults:
            raise Invalid(errors=tuple(faults[:MOST_FAULTS]))
        return found.model_copy(update={name: self._items}) if self._has_list else found
