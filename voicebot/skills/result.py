"""Results of skills: a part of one by its path, and the whole as texts."""

from __future__ import annotations

from collections.abc import Iterator

MAX_TEXTS = 50
"""A result with more values than these fills a session with what nobody asks for."""


def pick(result: object, path: str) -> object:
    """Return a part of a result, such as "daily.rain.0"; None if there is no such part, all of it for ""."""
    for step in path.split(".") if path else ():
        if isinstance(result, dict):
            result = result.get(step)
        elif isinstance(result, list) and step.isdecimal() and int(step) < len(result):
            result = result[int(step)]
        else:
            return None
    return result


def as_texts(name: str, result: object, joint: str = ", ") -> dict[str, str]:
    """Return a result under a name: a single value as it is, the parts of a structure as ``name.part``.

    Args:
        name: the name.
        result: a value of JSON.
        joint: what stands between the entries of a list of single values.
    """
    texts = _texts(name, result, joint)
    return {key: text for (key, text), _ in zip(texts, range(MAX_TEXTS), strict=False)}


def _texts(name: str, value: object, joint: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _texts(f"{name}.{key}", part, joint)
    elif not isinstance(value, list):
        yield name, _text(value)
    elif any(isinstance(part, (dict, list)) for part in value):
        for place, part in enumerate(value):
            yield from _texts(f"{name}.{place}", part, joint)
    else:
        yield name, joint.join(map(_text, value))


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # "21 degrees", not "21.0 degrees"
    return str(value)
