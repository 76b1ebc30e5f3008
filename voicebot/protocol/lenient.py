"""Fields of an answer of somebody else's engine: what can be understood is, with a log line.

Our server reads queries strictly, so that who builds a client learns of a mistake at once. On the telephone a mistake
of an engine must not cost a caller the answer: a number written as text is a number, ``"true"`` is true, and an
optional field that makes no sense counts as absent.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Mapping
from typing import Any

from voicebot.errors import ProtocolError
from voicebot.protocol.fields import Fields, clean, kind_of

logger = logging.getLogger(__name__)

_WHOLE_NUMBER = re.compile(r"\s*[+-]?\d{1,18}(\.0*)?\s*", re.ASCII)
_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_MOST_NOTES = 100


class LenientFields(Fields):
    """A JSON object that is read as it was meant.

    Args:
        data: the object.
        path: where it stands in its message.
        noted: fields that were logged already; shared by the packets of an answer, so that each is told once.
    """

    __slots__ = ("_noted",)

    lenient = True

    def __init__(self, data: object, path: str = "", noted: set[str] | None = None) -> None:
        super().__init__(data, path)
        self._noted = noted if noted is not None else set()

    def note(self, name: str, problem: str) -> None:
        """Log once what is wrong with a field; never its value."""
        path = self.path(name)
        if path not in self._noted and len(self._noted) < _MOST_NOTES:
            self._noted.add(path)
            logger.warning("%.100r: %s", path, problem)

    def text(self, name: str, default: str = "", max_length: int | None = None) -> str:
        """Return a string field; numbers are written out."""
        value = self._data.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            self.note(name, "a number read as a string")
            return clean(str(value))
        if value is not None and not isinstance(value, str):
            self.note(name, f"{kind_of(value)} left out, a string was expected")
            return default
        return super().text(name, default, max_length)

    def flag(self, name: str, default: bool) -> bool:
        """Return a boolean field; "true", "1" and 1 are true."""
        value = self._data.get(name)
        if value is None or isinstance(value, bool):
            return super().flag(name, default)
        meant = _FLAGS.get(str(value).strip().lower()) if isinstance(value, (str, int, float)) else None
        self.note(name, f"{kind_of(value)} read as {str(default if meant is None else meant).lower()}")
        return default if meant is None else meant

    def integer(self, name: str, default: int | None = None) -> int | None:
        """Return a whole number; digits in a string are one."""
        value = self._data.get(name)
        if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
            self.note(name, "a string read as a number")
            return int(value.partition(".")[0])
        if isinstance(value, float) and math.isfinite(value) and not value.is_integer():
            self.note(name, "a broken number rounded")
            return round(value)
        try:
            return super().integer(name, default)
        except ProtocolError:
            self.note(name, f"{kind_of(value)} left out, a whole number was expected")
            return default

    def object(self, name: str) -> Fields | None:
        """Return an object field; anything else counts as absent."""
        value = self._data.get(name)
        if value is not None and not isinstance(value, Mapping):
            self.note(name, f"{kind_of(value)} left out, an object was expected")
            return None
        return super().object(name)

    def objects(self, name: str) -> list[Fields]:
        """Return a list of objects; a single object counts as a list of one."""
        value = self._data.get(name)
        if isinstance(value, Mapping):
            self.note(name, "an object read as a list of one")
            return [self.inner(value, f"{self.path(name)}.0")]
        return super().objects(name)

    def inner(self, value: Any, path: str) -> LenientFields:
        """Return the fields of an object within this one."""
        return LenientFields(value, path, self._noted)
