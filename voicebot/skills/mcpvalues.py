"""Arguments and results of the tools of MCP servers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from voicebot.errors import SkillArgumentError
from voicebot.skills.spec import TYPES

_WORDS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "yes or no",
    "array": "a list",
    "object": "JSON",
}


def tool_arguments(skill: str, schema: Mapping[str, Any], arguments: Mapping[str, str]) -> dict[str, Any]:
    """Turn texts into what a tool's JSON Schema wants; an empty text counts as left out.

    Raises:
        SkillArgumentError: one is missing or of the wrong type. The message names it, and not its value.
    """
    properties = schema.get("properties") or {}
    values: dict[str, Any] = {}
    for name, text in arguments.items():
        if text.strip():
            values[name] = _typed(skill, name, text.strip(), _types(properties.get(name)))
    missing = next((name for name in schema.get("required") or () if name not in values), None)
    if missing is not None:
        raise SkillArgumentError(f"skill '{skill}' needs '{missing}', which is empty")
    return values


def tool_result(structured: Mapping[str, Any] | None, texts: list[str]) -> object:
    """Return what a tool's answer comes to: its structured content, or else its texts.

    Args:
        structured: ``structuredContent``; servers wrap what is no object under the name "result".
        texts: of its ``content``.
    """
    if structured is not None:
        return structured["result"] if structured.keys() == {"result"} else dict(structured)
    text = "\n".join(texts).strip()
    if text[:1] in ("{", "["):
        try:
            value: object = json.loads(text)
        except ValueError:
            return text
        return value
    return text


def _types(schema: object) -> tuple[str, ...]:
    """Return the types that a property may have; none if its schema does not plainly say so."""
    if not isinstance(schema, Mapping):
        return ()
    kind = schema.get("type")
    if isinstance(kind, str):
        return (kind,)
    if isinstance(kind, list):
        return tuple(str(name) for name in kind)
    ways = schema.get("anyOf") or schema.get("oneOf") or ()
    return tuple(name for way in ways for name in _types(way))


def _typed(skill: str, name: str, text: str, types: tuple[str, ...]) -> Any:
    if "string" in types:
        return text
    for kind in types:
        convert = _CONVERSIONS.get(kind)
        if convert is None:
            continue
        try:
            return convert(text)
        except ValueError:
            continue
    if not types:
        return _json_or_text(text)
    wanted = " or ".join(dict.fromkeys(_WORDS[kind] for kind in types if kind in _WORDS)) or "nothing"
    raise SkillArgumentError(f"skill '{skill}' wants {wanted} for '{name}'")


def _array(text: str) -> Any:
    if text.startswith("["):
        return json.loads(text)
    return text.split("\n") if "\n" in text else TYPES["list[str]"].convert(text)


def _object(text: str) -> Any:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text) if text[:1] in "{[" else text
    except ValueError:
        return text


_CONVERSIONS: Mapping[str, Callable[[str], Any]] = {
    "integer": TYPES["int"].convert,
    "number": TYPES["float"].convert,
    "boolean": TYPES["bool"].convert,
    "array": _array,
    "object": _object,
}
