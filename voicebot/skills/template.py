"""``{{name}}`` and ``{{name|default}}`` in texts."""

from __future__ import annotations

import re
from collections.abc import Callable

PLACEHOLDER = re.compile(r"\{\{\s*([^{}|]+?)\s*(?:\|([^{}]*))?\}\}")


def placeholders_in(text: str) -> list[tuple[str, str | None]]:
    """Return what is to be filled in, each with the default that stands with it, None for none."""
    return [(match.group(1), match.group(2)) for match in PLACEHOLDER.finditer(text)]


def fill(text: str, value_of: Callable[[str, str], str]) -> str:
    """Fill in a text.

    Args:
        text: the text.
        value_of: gives the value for a name and the default that stands with it ("" for none).
    """
    return PLACEHOLDER.sub(lambda match: value_of(match.group(1), match.group(2) or ""), text)
