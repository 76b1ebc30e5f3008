"""A language model as a seam: messages and tools in, pieces of an answer out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from voicebot.breaker import Circuit


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model wants a tool to be used.

    Attributes:
        id: of this call; the result carries it, too.
        name: of the tool.
        arguments: JSON text, as the model wrote it; it may be anything.
    """

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer's text: a token, or part of one."""

    text: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The answer is complete.

    Attributes:
        reason: "stop", "length", "tool_calls", …; "" if the endpoint does not say.
    """

    reason: str


Piece = TextDelta | ToolCall | Finish


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation with a model.

    Attributes:
        role: who it is from.
        content: its text.
        tool_calls: what an assistant wants to be used.
        tool_call_id: which of these calls a message of role "tool" answers.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that a model may use.

    Attributes:
        name: letters, digits, "_" and "-".
        description: what it does; all that the model knows of it.
        parameters: JSON Schema of an object.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """What a model is asked.

    Attributes:
        messages: the conversation so far, the system prompt first.
        tools: what it may use.
        max_tokens: longest answer; None for what is usual.
    """

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    max_tokens: int | None = None


class Streaming(Protocol):
    """Something that answers."""

    def stream(self, request: ModelRequest) -> AsyncGenerator[Piece, None]:
        """Answer piece by piece; the last one is Finish. Closing the iterator gives the answer up at once.

        Raises:
            ModelReplyTimeoutError: it took too long.
            ModelReplyError: the model cannot be reached, refused, or broke off.
        """
        ...


class LanguageModel(Streaming, Protocol):
    """A model with what it takes to reach it."""

    @property
    def circuit(self) -> Circuit:
        """Whether it is asked at the moment; after too many failures it is left alone for a while."""
        ...

    async def start(self) -> None:
        """Get ready, so that the first caller does not wait for that. A model answers without that, too."""
        ...

    async def close(self) -> None:
        """Close all connections. Answers that are under way end with an error."""
        ...
