"""The seam between a conversation and a line: a ``CallLeg`` carries audio, digits and call control.

A SIP call is one; a scripted caller in a test, a WebSocket or a WebRTC caller can be others.
All methods and all listener callbacks run on the event loop's thread unless said otherwise.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

FRAME_MS = 20


class HangupCause(enum.Enum):
    """Who ended a call, or why it never came to life."""

    BOT = "bot"
    CALLER = "caller"
    TRANSFERRED = "transferred"
    CANCELLED = "cancelled"
    MEDIA_TIMEOUT = "media_timeout"
    FAILED = "failed"
    SHUTDOWN = "shutdown"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True)
class CallInfo:
    """What is known of a call when it starts.

    Attributes:
        call_id: the SIP Call-ID (or another unique name); the id to look for in the logs.
        caller: user part of the From address, "" if withheld.
        called: user part of the To address or request URI.
        headers: X- headers of the INVITE, names as sent.
    """

    call_id: str
    caller: str
    called: str
    headers: Mapping[str, str] = field(default_factory=dict)


class TransferMode(enum.Enum):
    """How a call is handed over (RFC 5589)."""

    ATTENDED = "attended"
    BLIND = "blind"
    BRIDGE = "bridge"
    """No REFER: the target is rung on a second call, and we join the two."""


@dataclass(frozen=True, slots=True)
class TransferRequest:
    """Where to hand a call over.

    Attributes:
        target: a SIP URI ("sip:1001@10.0.0.5:5060").
        mode: attended: the target is rung first and the caller given away only when it answers.
        ring_timeout_s: how long the target may ring (attended) or the NOTIFYs may take (blind).
        headers: X- headers for the INVITE to the target and the REFER to the caller.
        bridge_on: answers to the REFER after which we join the two calls ourselves.
        briefing: what the target is told before it gets the caller; "" for nothing.
        briefing_pcm: that, spoken (s16le mono at the leg's rate).
    """

    target: str
    mode: TransferMode = TransferMode.ATTENDED
    ring_timeout_s: float = 25.0
    headers: Mapping[str, str] = field(default_factory=dict)
    bridge_on: frozenset[int] = frozenset()
    briefing: str = field(default="", repr=False)
    briefing_pcm: bytes = field(default=b"", repr=False)


class TransferOutcome(enum.Enum):
    """How a transfer ended. BUSY and FAILED leave the caller on the line with us.

    ANSWERED: the caller is gone. BRIDGED: the caller talks to the target through us until one of them hangs up.
    """

    ANSWERED = "answered"
    BRIDGED = "bridged"
    BUSY = "busy"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TransferResult:
    """How a transfer ended, with the last SIP status that said so (0 if none came)."""

    outcome: TransferOutcome
    status: int = 0
    reason: str = ""


class AudioSource(Protocol):
    """Where a leg gets the audio that the caller hears. Called on the media clock's thread: must not block."""

    def read(self, samples: int) -> bytes:
        """Return exactly ``samples`` samples (s16le mono at the leg's rate), silence included."""
        ...


class LegListener(Protocol):
    """What a leg tells its conversation. Called on the event loop."""

    def on_answered(self) -> None:
        """The call is up and audio flows both ways."""
        ...

    def on_audio(self, pcm: bytes) -> None:
        """A frame of FRAME_MS of the caller's audio arrived (s16le mono at the leg's rate)."""
        ...

    def on_dtmf(self, digit: str) -> None:
        """The caller pressed a key: one of 0-9 * # A-D."""
        ...

    def on_hold(self, held: bool) -> None:
        """The far side put the call on hold, or took it back."""
        ...

    def on_transfer_done(self, result: TransferResult) -> None:
        """A transfer that ``CallLeg.transfer`` started has ended."""
        ...

    def on_hung_up(self, cause: HangupCause) -> None:
        """The call is over; nothing follows."""
        ...


class CallLeg(Protocol):
    """One call as its conversation sees it."""

    @property
    def info(self) -> CallInfo:
        """What is known of the call."""
        ...

    @property
    def rate_hz(self) -> int:
        """Sample rate of the audio in both directions, 8000 or 16000."""
        ...

    def start(self, listener: LegListener, source: AudioSource) -> None:
        """Answer the call; from now on ``listener`` is told and ``source`` is heard."""
        ...

    def hang_up(self, cause: HangupCause = HangupCause.BOT) -> None:
        """End the call. ``on_hung_up`` follows. Harmless when it is over already."""
        ...

    def send_dtmf(self, digits: str) -> None:
        """Send digits to the far end (RFC 4733)."""
        ...

    def transfer(self, request: TransferRequest) -> None:
        """Start to hand the call over; ``on_transfer_done`` tells how it ended. One at a time."""
        ...
