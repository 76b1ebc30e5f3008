"""From the chunks of a streamed chat completion to pieces of an answer.

Endpoints differ, so nothing is taken for granted: chunks without choices (usage, keep-alive), tool calls in one piece
or in many, with and without an index, and a reason to finish that does not tell of the tool calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from voicebot.llm.model import TextDelta, ToolCall


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    arguments: str = ""


class PieceReader:
    """Reads the chunks of one answer.

    Attributes:
        told: anything came that belongs to an answer.
        finished: the endpoint has said why the answer ends.
        reason: that reason; "" until then.
    """

    def __init__(self) -> None:
        self.told = False
        self.finished = False
        self.reason = ""
        self._calls: list[_Call] = []
        self._places: dict[int, int] = {}  # index as the endpoint counts → place in the list

    def read(self, chunk: Any) -> Iterator[TextDelta]:
        """Read a chunk; yields its text. Tool calls are collected."""
        for choice in getattr(chunk, "choices", None) or ():
            delta = getattr(choice, "delta", None)
            text = getattr(delta, "content", None)
            if isinstance(text, str) and text:
                self.told = True
                yield TextDelta(text)
            for part in getattr(delta, "tool_calls", None) or ():
                self.told = True
                self._collect(part)
            reason = getattr(choice, "finish_reason", None)
            if reason:
                self.told = self.finished = True
                self.reason = str(reason)

    def tool_calls(self) -> list[ToolCall]:
        """Return the collected tool calls, in order; a call without a name is none."""
        return [
            ToolCall(call.id or f"call_{place}", call.name, call.arguments or "{}")
            for place, call in enumerate(self._calls)
            if call.name
        ]

    def _collect(self, part: Any) -> None:
        call = self._call_of(getattr(part, "index", None), getattr(part, "id", None) or "")
        function = getattr(part, "function", None)
        call.name = call.name or getattr(function, "name", None) or ""
        call.arguments += getattr(function, "arguments", None) or ""

    def _call_of(self, index: object, call_id: str) -> _Call:
        """Return the call that a part belongs to."""
        number = index if isinstance(index, int) else -1
        place = self._places.get(number)
        known = self._calls[place] if place is not None else None
        if known is None or (call_id and known.id and call_id != known.id):  # some give all calls the index 0
            self._places[number] = len(self._calls)
            known = _Call()
            self._calls.append(known)
        known.id = known.id or call_id
        return known
