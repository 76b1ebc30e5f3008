"""What a scripted caller does: a list of steps, as plain values that travel between processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SCRIPT_HEADER = "X-Script"
"""Header of the INVITE with the script's name, by which the bot's record of the call is found."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a caller does.

    Attributes:
        do: "say": wait until the bot has spoken and fallen silent, then speak;
            "speak": speak at once;
            "interrupt": wait until the bot has been speaking for ``after_ms``, counted from the caller's last words at
            the earliest, then speak over it;
            "press": wait like "say", then press keys;
            "listen": wait until the bot has spoken and fallen silent;
            "wait": let ``after_ms`` pass;
            "hang_up": end the call.
        clip: WAV file to speak.
        keys: keys to press.
        after_ms: see ``do``.
    """

    do: str
    clip: str = ""
    keys: str = ""
    after_ms: int = 0


@dataclass(frozen=True, slots=True)
class Script:
    """One call from the caller's side.

    Attributes:
        name: names the recording.
        target: SIP address to ring.
        steps: what to do, in order; the call is hung up after the last.
        start_after_ms: pause before ringing, to spread simultaneous calls.
        quiet_ms: silence after which the bot counts as having finished.
        patience_s: longest wait for the bot in a step.
        echo_db: level of the bot's own voice that comes back to it, relative to what arrived; None: nothing comes back.
        echo_delay_ms: how late it comes back.
    """

    name: str
    target: str
    steps: tuple[Step, ...]
    start_after_ms: int = 0
    quiet_ms: int = 700
    patience_s: float = 15.0
    echo_db: float | None = None
    echo_delay_ms: int = 0


@dataclass(slots=True)
class Mark:
    """Something that happened in a call, at a sample of its recording.

    Attributes:
        what: "answered", "say", "said", "bot_starts", "bot_stops", "hung_up", "no_answer".
        sample: position in the recording, counted at its rate.
        step: index of the step in progress.
        detail: the clip, or a cause.
    """

    what: str
    sample: int
    step: int
    detail: str = ""


@dataclass(slots=True)
class CallOutcome:
    """What became of a scripted call.

    Attributes:
        name: the script's.
        rate_hz: of the recording and the marks.
        recording: WAV, caller left, bot right, sample-aligned as the caller's side saw it; a third channel holds what
            was sent, if that was more than the caller's words; "" if there is none.
        marks: what happened when.
        completed: every step was carried out.
        cause: why the call ended.
        lost_packets: audio packets of the bot's that never came, or too late to be heard.
    """

    name: str
    rate_hz: int
    recording: str = ""
    marks: list[Mark] = field(default_factory=list)
    completed: bool = False
    cause: str = ""
    lost_packets: int = 0


def script_from(data: dict[str, Any]) -> Script:
    """Read a script that travelled as plain values."""
    return Script(**{**data, "steps": tuple(Step(**step) for step in data["steps"])})


def outcome_from(data: dict[str, Any]) -> CallOutcome:
    """Read an outcome that travelled as plain values."""
    return CallOutcome(**{**data, "marks": [Mark(**mark) for mark in data["marks"]]})
