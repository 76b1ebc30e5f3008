"""``understood``: what a brain took the caller's words for, told to who asks for it. An extension of this project."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MOST_VALUES = 50


@dataclass(frozen=True, slots=True)
class UnderstoodValue:
    """A value in the caller's words.

    Attributes:
        kind: "date", "money" and so on.
        value: canonical; "" where it is nobody else's business.
        text: the caller's words for it; "" likewise.
    """

    kind: str
    value: str = field(default="", repr=False)
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a turn was taken for.

    Attributes:
        kind: "transition", "faq", "fallback" and so on.
        name: the intent, question, document or node.
        intent: the intent that was understood; "" where something else decided.
        score: how sure that is, 0..1.
        entities: the values in the words, in order.
    """

    kind: str
    name: str = ""
    intent: str = ""
    score: float = 0.0
    entities: tuple[UnderstoodValue, ...] = ()


def parse_understanding(value: object) -> Understanding | None:
    """Read ``understood``; None for what is no such thing: somebody else's field of that name may hold anything."""
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        return None
    score, entities = value.get("score"), value.get("entities")
    listed = entities[:MOST_VALUES] if isinstance(entities, list) else []
    return Understanding(
        kind=value["kind"],
        name=_text(value, "name"),
        intent=_text(value, "intent"),
        score=float(score) if isinstance(score, (int, float)) else 0.0,
        entities=tuple(
            UnderstoodValue(one["kind"], _text(one, "value"), _text(one, "text"))
            for one in listed
            if isinstance(one, dict) and isinstance(one.get("kind"), str)
        ),
    )


def _text(fields: dict[str, Any], name: str) -> str:
    text = fields.get(name)
    return text if isinstance(text, str) else ""


def emit_understanding(understood: Understanding) -> dict[str, Any]:
    """Write ``understood``."""
    return {
        "kind": understood.kind,
        "name": understood.name,
        "intent": understood.intent,
        "score": round(understood.score, 3),
        "entities": emit_values(understood),
    }


def emit_values(understood: Understanding) -> list[dict[str, str]]:
    """Write the values alone."""
    return [
        {name: text for name, text in (("kind", one.kind), ("value", one.value), ("text", one.text)) if text}
        for one in understood.entities
    ]
