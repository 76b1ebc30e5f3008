"""YAML with line numbers: values that know where they stand, so that an error can point there.

Works on the composed nodes, not on loaded values: so ``intent: yes`` stays the word "yes" and ``value: 0086`` keeps
its zeros, which a YAML loader would turn into ``true`` and 86.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NoReturn

import yaml

from voicebot.errors import ConfigError

_QUOTES = 'a text that begins with {{ needs quotes: "{{name}} ..."'
_TRUE, _FALSE = ("true", "yes", "on"), ("false", "no", "off")


class Item:
    """One value of a YAML file, with its file, line and key."""

    __slots__ = ("_file", "_node", "key")

    def __init__(self, file: Path, key: str, node: yaml.Node) -> None:
        self._file = file
        self._node = node
        self.key = key

    @property
    def line(self) -> int:
        """Line in the file, counted from 1."""
        return int(self._node.start_mark.line) + 1

    @property
    def where(self) -> str:
        """``file:line``."""
        return f"{self._file}:{self.line}"

    def fail(self, problem: str) -> NoReturn:
        """Raise the ConfigError that points at this value."""
        raise ConfigError(f"{self.where}: {self.key}: {problem}" if self.key else f"{self.where}: {problem}")

    @property
    def is_text(self) -> bool:
        """The value is a single word or text."""
        return isinstance(self._node, yaml.ScalarNode)

    @property
    def is_map(self) -> bool:
        """The value is a map."""
        return isinstance(self._node, yaml.MappingNode)

    @property
    def _is_bare_template(self) -> bool:
        """The value is ``{{name}}`` without quotes: to YAML, a map with a map for a key."""
        return isinstance(self._node, yaml.MappingNode) and any(
            isinstance(key, yaml.MappingNode) for key, _ in self._node.value
        )

    def map(self, allowed: Collection[str] | None = None) -> dict[str, Item]:
        """Return the entries of a map; with ``allowed``, any other key is an error."""
        if not isinstance(self._node, yaml.MappingNode):
            self.fail("expected keys with values, such as 'name: value'")
        entries: dict[str, Item] = {}
        for key_node, value_node in self._node.value:
            name = str(key_node.value)
            item = Item(self._file, f"{self.key}.{name}" if self.key else name, value_node)
            at_key = Item(self._file, item.key, key_node)
            if name in entries:
                at_key.fail("stands here a second time")
            if allowed is not None and name not in allowed:
                at_key.fail(_unknown(name, allowed))
            entries[name] = item
        return entries

    def plain(self) -> str | int | float | bool | None:
        """Return a word as JSON would have it: 5 and true are a number and a boolean unless they are quoted."""
        text = self.text_or_empty()
        if self._node.tag.rpartition(":")[2] in ("int", "float", "bool", "null"):
            value: int | float | bool | None = yaml.safe_load(text)
            return value
        return text

    def leaves(self) -> Iterator[Item]:
        """Yield all single values in this one, itself if it is one."""
        if isinstance(self._node, yaml.MappingNode):
            for entry in self.map().values():
                yield from entry.leaves()
        elif isinstance(self._node, yaml.SequenceNode):
            for entry in self.list():
                yield from entry.leaves()
        else:
            yield self

    def list(self) -> list[Item]:
        """Return the entries of a list."""
        if not isinstance(self._node, yaml.SequenceNode):
            expected = "expected a list, each entry on a line that starts with '- '"
            self.fail(_QUOTES if self._is_bare_template else expected)
        return [Item(self._file, f"{self.key}[{index}]", node) for index, node in enumerate(self._node.value, start=1)]

    def text(self) -> str:
        """Return a text that is not empty."""
        value = self.text_or_empty()
        if not value:
            self.fail("expected a text, found nothing")
        return value

    def text_or_empty(self) -> str:
        """Return a text."""
        if not isinstance(self._node, yaml.ScalarNode):
            self.fail(_QUOTES if self._is_bare_template else "expected a text")
        return str(self._node.value).strip()

    def texts(self) -> tuple[str, ...]:
        """Return one text or a list of texts as a tuple, never empty."""
        found = (self.text(),) if self.is_text else tuple(item.text() for item in self.list())
        if not found:
            self.fail("expected at least one text")
        return found

    def integer(self, low: int, high: int) -> int:
        """Return a whole number in a range."""
        try:
            value = int(self.text())
        except ValueError:
            self.fail(f"expected a whole number from {low} to {high}")
        if not low <= value <= high:
            self.fail(f"expected a whole number from {low} to {high}, found {value}")
        return value

    def number(self, low: float, high: float) -> float:
        """Return a number in a range."""
        try:
            value = float(self.text())
        except ValueError:
            self.fail(f"expected a number from {low} to {high}")
        if not low <= value <= high:
            self.fail(f"expected a number from {low} to {high}, found {value}")
        return value

    def flag(self, expected: str = "true or false") -> bool:
        """Return yes or no; ``expected`` is what a mistake is answered with."""
        word = self.text().lower()
        if word not in _TRUE + _FALSE:
            self.fail(f"expected {expected}")
        return word in _TRUE

    def choice(self, allowed: Collection[str]) -> str:
        """Return one of some words."""
        word = self.text()
        if word not in allowed:
            self.fail(_unknown(word, allowed))
        return word


def read_yaml(file: Path) -> Item:
    """Read a YAML file.

    Raises:
        ConfigError: the file cannot be read or is not YAML; names file and line.
    """
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: is not UTF-8 text (byte {error.start})") from error
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        problem = _QUOTES if _unquoted(error.problem_mark) else error.problem or "is not YAML"
        raise ConfigError(f"{file}{line}: {problem}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}: is not YAML") from error
    if node is None:
        raise ConfigError(f"{file}: is empty")
    return Item(file, "", node)


def _unquoted(mark: yaml.Mark | None) -> bool:
    """Tell whether the line of an error has a value that begins with ``{{``."""
    if mark is None or mark.buffer is None:
        return False
    line = mark.buffer[: mark.pointer].rpartition("\n")[2]
    return bool(re.search(r"[:\-]\s+\{\{", line))


def _unknown(word: str, allowed: Collection[str]) -> str:
    close = difflib.get_close_matches(word, allowed, n=1)
    hint = f", did you mean '{close[0]}'?" if close else "."
    return f"'{word}' is not known here{hint} Allowed: {', '.join(sorted(allowed))}"
