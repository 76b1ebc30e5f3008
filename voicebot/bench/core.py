"""What the decisions of a call cost: a conversation of ten minutes, with nothing around the core.

The caller of the script talks, waits, agrees while the bot talks, interrupts it, coughs, types and stays silent.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.bench.virtual_call import VirtualCall
from voicebot.conversation.config import ConversationConfig
from voicebot.conversation.events import DigitPressed
from voicebot.protocol.chunk import Chunk
from voicebot.protocol.query import Query
from voicebot.protocol.reply import Reply

MINUTES = 10
MINUTE_MS = 60_000
_ANSWER = (
    "We are open from Monday to Friday, from nine in the morning to five in the afternoon. ",
    "On Saturdays only the emergency service is there. ",
    "Would you like to make an appointment?",
)
_WISH = "I would like to move my appointment to next week"


@dataclass(frozen=True, slots=True)
class CoreFigures:
    """What a scripted conversation cost.

    Attributes:
        conversation_ms: its length on the virtual clock.
        seconds: what it took.
        events: how many events the core was fed.
        actions: how many actions it asked for.
        queries: how many of them were queries.
    """

    conversation_ms: float
    seconds: float
    events: int
    actions: int
    queries: int


def answer(query: Query) -> Sequence[Chunk]:
    """Answer what the caller says with three sentences, to be interrupted by words alone."""
    greeting_or_prompt = ("Are you still there?",) if query.silence else ("Good morning, how can I help you?",)
    texts = _ANSWER if query.query_text else greeting_or_prompt
    chunks = [
        Chunk("session", "query", number, reply=Reply(text, allow_semantic_interruption=True))
        for number, text in enumerate(texts)
    ]
    return [*chunks, Chunk("session", "query", len(texts), done=True)]


def conversation(minutes: int = MINUTES) -> VirtualCall:
    """Hold a conversation of so many minutes; every minute brings all that the script has."""
    config = ConversationConfig(language="en", max_call_ms=2 * minutes * MINUTE_MS, silence_ms=8_000)
    call = VirtualCall(config, answer, voice=lambda text: len(text) * 60.0)
    call.answered()
    for minute in range(minutes):
        begin_ms = minute * MINUTE_MS
        call.says(_WISH, 2_400, begin_ms + 5_500)  # after the greeting, or the answer to the keys
        call.says("uh-huh", 300, begin_ms + 13_500)  # the bot goes on
        call.says("", 240, begin_ms + 16_000)  # a cough
        call.says("wait, how much is that", 1_400, begin_ms + 17_000)  # it stops
        for number, digit in enumerate("42#"):
            call.at(begin_ms + 46_800 + 300 * number, DigitPressed(digit))  # after a silence and a prompt
        call.run(begin_ms + MINUTE_MS)
    return call


def measure(minutes: int = MINUTES) -> CoreFigures:
    """Hold a conversation and take the time."""
    begin = time.perf_counter()
    call = conversation(minutes)
    seconds = time.perf_counter() - begin
    return CoreFigures(call.now_ms, seconds, call.events.total(), call.actions.total(), len(call.queries))
