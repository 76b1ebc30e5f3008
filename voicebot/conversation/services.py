"""What a call needs from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from voicebot.connectors.base import Brain
from voicebot.conversation.leg import TransferRequest
from voicebot.conversation.rehearsal import RehearsalBudget
from voicebot.conversation.voice import LineVoice
from voicebot.protocol.instruction import Blacklist, ShortMessage, ToCustomerService
from voicebot.speech.types import Recogniser, TurnEndModel


@dataclass(frozen=True, slots=True)
class Services:
    """What a call needs from outside.

    Attributes:
        recogniser: audio to text.
        voice: text to audio.
        brain: queries to answers.
        transfer_request: turns the brain's instruction and the id of its session into a dial target.
        store: keeps a text message or blacklist entry, with the brain's session id, for whoever carries it out.
        rehearsals: how many queries may be rehearsed at a time; shared by calls.
        tell: told what happens to the call: its name, and what there is to say.
        hide: pauses the recording, or lets it go on.
        turn_ends: hears whether a caller has finished, where turns end by their words; None: nobody does.
        waiting: what callers hear while somebody is rung (s16le at the line's rate); empty: the ringing tone.
    """

    recogniser: Recogniser
    voice: LineVoice
    brain: Brain
    transfer_request: Callable[[ToCustomerService, str], TransferRequest]
    store: Callable[[ShortMessage | Blacklist, str], None]
    rehearsals: RehearsalBudget = field(default_factory=lambda: RehearsalBudget(2))
    tell: Callable[[str, Mapping[str, Any]], None] = lambda kind, data: None
    hide: Callable[[bool], None] = lambda on: None
    turn_ends: TurnEndModel | None = None
    waiting: bytes = b""
