"""Typed access to the fields of a JSON object; what is wrong is named by its dotted path."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from voicebot.errors import ProtocolError

JsonObject = Mapping[str, Any]


class Fields:
    """A JSON object and where it stands in its message. ``null`` counts as absent, unknown fields are ignored."""

    __slots__ = ("_data", "_path")

    lenient = False
    """What makes no sense is an error; see ``LenientFields`` for the other kind."""

    def __init__(self, data: object, path: str = "") -> None:
        if not isinstance(data, Mapping):
            raise ProtocolError(f"{path or 'message'}: expected an object, found {kind_of(data)}", path)
        self._data = data
        self._path = path

    def path(self, name: str) -> str:
        """Return the dotted path of a field."""
        return f"{self._path}.{name}" if self._path else name

    def fail(self, name: str, problem: str) -> NoReturn:
        """Raise the ProtocolError that names a field."""
        path = self.path(name)
        raise ProtocolError(f"{path}: {problem}", path)

    def text(self, name: str, default: str = "", max_length: int | None = None) -> str:
        """Return a string field."""
        value = self._data.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            self.fail(name, f"expected a string, found {kind_of(value)}")
        if max_length is not None and len(value) > max_length:
            self.fail(name, f"longer than {max_length} characters")
        return clean(value)

    def code(self, name: str, default: str = "") -> str:
        """Return a field that names something: a string, or a whole number written without quotes."""
        value = self._data.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.text(name, default)

    def flag(self, name: str, default: bool) -> bool:
        """Return a boolean field."""
        value = self._data.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fail(name, f"expected true or false, found {kind_of(value)}")
        return value

    def integer(self, name: str, default: int | None = None) -> int | None:
        """Return a whole number; 800.0 is one, true is none."""
        value = self._data.get(name)
        if value is None:
            return default
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            self.fail(name, f"expected a whole number, found {kind_of(value)}")
        return value

    def object(self, name: str) -> Fields | None:
        """Return an object field, None if it is absent."""
        value = self._data.get(name)
        return None if value is None else self.inner(value, self.path(name))

    def objects(self, name: str) -> list[Fields]:
        """Return a list of objects; an absent list is empty."""
        value = self._data.get(name)
        if value is None:
            return []
        if not isinstance(value, Sequence) or isinstance(value, str):
            self.fail(name, f"expected a list, found {kind_of(value)}")
        return [self.inner(item, f"{self.path(name)}.{index}") for index, item in enumerate(value)]

    def inner(self, value: Any, path: str) -> Fields:
        """Return the fields of an object within this one, read in the same way."""
        return Fields(value, path)

    def note(self, name: str, problem: str) -> None:
        """Log what is wrong with a field; only fields that are read leniently do."""

    def texts(self, name: str) -> dict[str, str]:
        """Return an object as a map of strings.

        The page says "map" and no more, and platforms put numbers and nested objects into it; these
        become their JSON text, ``null`` becomes "".
        """
        inner = self.object(name)
        try:
            return {} if inner is None else {clean(key): _as_text(value) for key, value in inner.items()}
        except RecursionError:  # a little less can be written than could be read
            self.fail(name, "nested too deeply")

    def items(self) -> list[tuple[str, Any]]:
        """Return the fields as they stand."""
        return list(self._data.items())


def clean(text: str) -> str:
    r"""Replace what cannot be written as UTF-8: JSON allows lone surrogates (``"\ud800"``), the wire does not."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")
    return text


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return clean(value)
    return clean(json.dumps(value, ensure_ascii=False))


def kind_of(value: object) -> str:
    """Name the JSON type of a value, for an error message."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "an object" if isinstance(value, Mapping) else "a list"
