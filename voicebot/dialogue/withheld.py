"""Variables that a language model is never told: by their names, and their values wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from voicebot.dialogue.memoryuse import LAST

MAX_VALUES = 1000
_MAX_LOOSE = 64
_GAPS = re.compile(r"[\s\-]+")
_GAP = r"[\s\-]*"


class Withheld:
    """Which variables are withheld.

    Args:
        patterns: names; * stands for anything, and upper or lower case makes no difference.
    """

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        self._patterns = tuple(pattern.lower() for pattern in patterns)

    def hides(self, name: str) -> bool:
        """Tell whether a variable is withheld."""
        # What is remembered of the last call is as secret as it was then.
        names = (name.lower(), name.lower().removeprefix(LAST))
        return any(fnmatchcase(one, pattern) for one in names for pattern in self._patterns)


class Secrets:
    """The values that withheld variables of one conversation have had.

    A value stays secret when its variable gets another one: what was said before may still quote it.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def copy(self) -> Secrets:
        """Return another one with the same values."""
        copied = Secrets()
        copied._names = dict(self._names)
        return copied

    def add(self, name: str, value: str) -> None:
        """Remember a value of a withheld variable."""
        value = value.strip()
        if not value:
            return
        self._names.pop(value, None)
        self._names[value] = name
        while len(self._names) > MAX_VALUES:
            del self._names[next(iter(self._names))]

    def hidden(self, text: str) -> str:
        """Return a text with the name in brackets in the place of each value, however it is spaced or hyphenated."""
        if not self._names or not text:
            return text
        # The longest first: one value may be a part of another.
        values = sorted(self._names, key=len, reverse=True)
        groups = "|".join(f"({_loose(value)})" for value in values)
        return re.sub(groups, lambda match: _mark(self._names[values[(match.lastindex or 1) - 1]]), text, flags=re.I)

    def unmarked(self, text: str) -> str:
        """Return a text without these names in brackets: a model may repeat them."""
        for name in set(self._names.values()):
            text = re.sub(r"\s*" + re.escape(_mark(name)), "", text)
        return text


def _mark(name: str) -> str:
    return f"[{name}]"


def _loose(value: str) -> str:
    characters = _GAPS.sub("", value)
    if not characters or len(characters) > _MAX_LOOSE:
        return re.escape(value)
    return _GAP.join(map(re.escape, characters))
