"""One supervisor in a call, as a state machine without I/O or clock."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.supervision.modes import KEYS, LEAVE_KEY, Cause, Mode, Stage

_BUSY = frozenset({486, 600})
_NOT_ANSWERING = frozenset({408, 480, 487})

# --- events


@dataclass(frozen=True, slots=True)
class Begin:
    """The supervisor is to be rung."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The supervisor took the call."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The call with the supervisor is over, or could not be made; ``status`` is the SIP status."""

    status: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody wants another mode."""

    mode: Mode


@dataclass(frozen=True, slots=True)
class Pressed:
    """The supervisor pressed a key."""

    digit: str


@dataclass(frozen=True, slots=True)
class Dismissed:
    """The supervision is to end."""

    cause: Cause


@dataclass(frozen=True, slots=True)
class Tick:
    """The deadline may have passed."""


Event = Begin | Answered | Gone | Wanted | Pressed | Dismissed | Tick

# --- actions


@dataclass(frozen=True, slots=True)
class Ring:
    """Start the call with the supervisor."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call with the supervisor, in whatever state it is."""


@dataclass(frozen=True, slots=True)
class Beep:
    """Let the supervisor hear that a key was understood: as many beeps as the number on it."""

    count: int


@dataclass(frozen=True, slots=True)
class Changed:
    """Stage or mode are others now: mix anew, and tell."""


Action = Ring | HangUp | Beep | Changed


class Supervision:
    """A supervisor from being rung to the end.

    Args:
        mode: what the supervisor does once there.
        ring_timeout_s: how long the supervisor may be rung.
        keys: whether the supervisor's keys change the mode.
    """

    def __init__(self, mode: Mode, ring_timeout_s: float, *, keys: bool = True) -> None:
        self.mode = mode
        self.stage = Stage.RINGING
        self.cause = Cause.NONE
        self.status = 0
        self.deadline_s: float | None = None
        self._ring_timeout_s = ring_timeout_s
        self._keys = keys

    def feed(self, event: Event, now_s: float) -> list[Action]:
        """Take in what happened and return what to do, in this order."""
        if self.stage is Stage.OVER:
            return []
        match event:
            case Begin():
                self.deadline_s = now_s + self._ring_timeout_s
                return [Ring(), Changed()]
            case Answered() if self.stage is Stage.RINGING:
                self.stage, self.deadline_s = Stage.UP, None
                return [Changed()]
            case Gone(status=status):
                self.status = status
                return self._end(self._why(status))
            case Wanted(mode=mode):
                return self._switch(mode)
            case Pressed(digit=digit) if self.stage is Stage.UP and self._keys:
                return self._press(digit)
            case Dismissed(cause=cause):
                return [HangUp(), *self._end(cause)]
            case Tick() if self.deadline_s is not None and now_s >= self.deadline_s:
                return [HangUp(), *self._end(Cause.NO_ANSWER)]
        return []

    def _switch(self, mode: Mode) -> list[Action]:
        if mode is self.mode:
            return []
        self.mode = mode
        return [Changed()]

    def _press(self, digit: str) -> list[Action]:
        if digit == LEAVE_KEY:
            return [HangUp(), *self._end(Cause.LEFT)]
        mode = KEYS.get(digit)
        return [] if mode is None else [Beep(int(digit)), *self._switch(mode)]

    def _why(self, status: int) -> Cause:
        if self.stage is Stage.UP:
            return Cause.LEFT
        if status in _BUSY:
            return Cause.BUSY
        return Cause.NO_ANSWER if status in _NOT_ANSWERING else Cause.FAILED

    def _end(self, cause: Cause) -> list[Action]:
        self.stage, self.cause, self.deadline_s = Stage.OVER, cause, None
        return [Changed()]
