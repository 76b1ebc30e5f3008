"""Building blocks of the schema: a key with what it means in both languages, texts, numbers, flags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": ["string", "number", "boolean"]}
"""What stands there counts as it is written: 0086 and yes are texts, too."""
TEXTS: Schema = {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]}
FLAG: Schema = {"enum": [True, False, "yes", "no", "on", "off"]}
INTERRUPTIBLE: Schema = {"enum": [*FLAG["enum"], "semantic"]}
TEXT_MAP: Schema = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}}
NODE: Schema = {"type": "string", "minLength": 1}
"""The name of a node."""


def key(schema: Schema, english: str, chinese: str) -> Schema:
    """Return a key's schema with its meaning: editors show the first one, or both where they know Markdown."""
    return {**schema, "description": english, "markdownDescription": f"{english}\n\n{chinese}"}


def integer(low: int, high: int) -> Schema:
    """Return a whole number in a range."""
    return {"type": "integer", "minimum": low, "maximum": high}


def number(low: float, high: float) -> Schema:
    """Return a number in a range."""
    return {"type": "number", "minimum": low, "maximum": high}


def one_of(words: Iterable[str]) -> Schema:
    """Return one of some words."""
    return {"enum": list(words)}


def a_map(properties: Mapping[str, Schema], required: Iterable[str] = (), **more: Any) -> Schema:
    """Return a map with these keys and no others."""
    schema: Schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    if required:
        schema["required"] = list(required)
    return {**schema, **more}


def by_name(schema: Schema) -> Schema:
    """Return a map from names to values of one kind."""
    return {"type": "object", "additionalProperties": schema, "minProperties": 1}


def any_required(*names: str) -> list[Schema]:
    """Return that one of some keys at least has to be there."""
    return [{"required": [name]} for name in names]
