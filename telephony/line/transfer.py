"""How a call is handed over, as a state machine without I/O or clock (RFC 3515, RFC 3891, RFC 5589).

Attended: the target is rung on a second call (the consultation); only when it answers is the caller's side
asked, by REFER with Replaces, to take the consultation's place. Whatever goes wrong before, the caller is
still with us. Blind: REFER at once; some PBXs drop the caller when that fails. Bridge: no REFER, we join the two
calls; that is also what is left where the caller's side knows no REFER. A target that we have rung can be told
something before it gets the caller.

The far side reports by NOTIFY. Three things end a transfer without one: it may hang up right after its 202
(then it has the call), the target may hang up (then either the exchange is done and the NOTIFY is on its way,
or it gave up), or nothing comes at all.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from voicebot.conversation.leg import TransferMode, TransferOutcome, TransferResult

# What a called party answers when it is there but has no time (486, 600 of RFC 3261).
BUSY_STATUSES = frozenset({486, 600})
# After the target has gone the NOTIFY is at most a few round trips away.
LAST_NOTIFY_S = 3.0
# The audio of a call comes up a little after its answer.
BRIEFING_MARGIN_S = 0.3

# --- events


@dataclass(frozen=True, slots=True)
class Begin:
    """The transfer is wanted."""


@dataclass(frozen=True, slots=True)
class TargetAnswered:
    """The target took the consultation call."""


@dataclass(frozen=True, slots=True)
class TargetGone:
    """The consultation call is over, or could not be made."""

    status: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """The caller's side accepted (202) or refused the REFER, or reported by NOTIFY.

    Attributes:
        status: SIP status.
        final: nothing follows.
    """

    status: int
    reason: str = ""
    final: bool = False


@dataclass(frozen=True, slots=True)
class CallerGone:
    """The caller's side hung up."""


@dataclass(frozen=True, slots=True)
class ReferFailed:
    """The REFER could not even be sent."""

    reason: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A deadline may have passed."""


Event = Begin | TargetAnswered | TargetGone | Progress | CallerGone | ReferFailed | Tick

# --- actions


@dataclass(frozen=True, slots=True)
class RingTarget:
    """Start the consultation call."""


@dataclass(frozen=True, slots=True)
class HangUpTarget:
    """End the consultation call (CANCEL or BYE)."""


@dataclass(frozen=True, slots=True)
class SendRefer:
    """Send the REFER, with Replaces if there is a consultation call."""


@dataclass(frozen=True, slots=True)
class BriefTarget:
    """Play to the target what it is to know before it gets the caller."""


@dataclass(frozen=True, slots=True)
class JoinCalls:
    """Let the caller and the target hear each other through us, until one of them hangs up."""


@dataclass(frozen=True, slots=True)
class HangUpCaller:
    """End our call with the caller: someone else has it now."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The transfer is over; nothing follows."""

    result: TransferResult


Action = RingTarget | HangUpTarget | SendRefer | BriefTarget | JoinCalls | HangUpCaller | Finish


class _State(enum.Enum):
    NEW = "new"
    RINGING = "ringing"
    BRIEFING = "briefing"
    REFERRING = "referring"
    DONE = "done"


class Transfer:
    """One transfer from its start to its result.

    Args:
        mode: attended, blind or bridge.
        ring_timeout_s: how long the target may ring; with a blind transfer, how long the NOTIFYs may take.
        notify_timeout_s: how long the NOTIFYs may take once the target has answered.
        bridge_on: answers to the REFER after which the two calls are joined by us.
        briefing_s: length of what the target is told first.
    """

    def __init__(
        self,
        mode: TransferMode,
        ring_timeout_s: float,
        notify_timeout_s: float,
        bridge_on: frozenset[int] = frozenset(),
        briefing_s: float = 0.0,
    ) -> None:
        self._mode = mode
        self._bridge_on = bridge_on
        self._briefing_s = briefing_s
        self._ring_timeout_s = ring_timeout_s
        self._notify_timeout_s = notify_timeout_s
        self._state = _State.NEW
        self._target_up = False
        self._accepted = False
        self._last_status = 0
        self._deadline_s: float | None = None

    @property
    def done(self) -> bool:
        """Whether the result was told."""
        return self._state is _State.DONE

    @property
    def deadline_s(self) -> float | None:
        """When the next ``Tick`` is due, on the clock of ``feed``; None if there is nothing to wait for."""
        return self._deadline_s

    def feed(self, event: Event, now_s: float) -> list[Action]:
        """Take in what happened and return what to do, in this order."""
        if self._state is _State.DONE:
            return []
        match event:
            case Begin():
                return self._begin(now_s)
            case TargetAnswered() if self._state is _State.RINGING:
                return self._brief(now_s) if self._briefing_s else self._connect(now_s)
            case TargetGone(status, reason):
                return self._target_gone(status, reason, now_s)
            case Progress() if self._state is _State.REFERRING:
                return self._progress(event, now_s)
            case ReferFailed(reason):
                return self._fail(0, reason)
            case CallerGone():
                return self._caller_gone()
            case Tick() if self._deadline_s is not None and now_s >= self._deadline_s:
                return self._connect(now_s) if self._state is _State.BRIEFING else self._too_late()
        return []

    def _begin(self, now_s: float) -> list[Action]:
        if self._state is not _State.NEW:
            return []
        if self._mode is TransferMode.BLIND:
            self._deadline_s = now_s + self._ring_timeout_s
            self._state = _State.REFERRING
            return [SendRefer()]
        return self._ring(now_s)

    def _ring(self, now_s: float) -> list[Action]:
        self._deadline_s = now_s + self._ring_timeout_s
        self._state = _State.RINGING
        self._target_up = True
        return [RingTarget()]

    def _brief(self, now_s: float) -> list[Action]:
        self._state = _State.BRIEFING
        self._deadline_s = now_s + self._briefing_s + BRIEFING_MARGIN_S
        return [BriefTarget()]

    def _connect(self, now_s: float) -> list[Action]:
        """The target is on the line and knows what it is to know."""
        if self._mode is TransferMode.BRIDGE:
            return self._join()
        self._state = _State.REFERRING
        self._deadline_s = now_s + self._notify_timeout_s
        return [SendRefer()]

    def _target_gone(self, status: int, reason: str, now_s: float) -> list[Action]:
        self._target_up = False
        if self._state in (_State.RINGING, _State.BRIEFING):
            return self._fail(status, reason)
        limit_s = now_s + LAST_NOTIFY_S
        self._deadline_s = limit_s if self._deadline_s is None else min(self._deadline_s, limit_s)
        return []

    def _join(self) -> list[Action]:
        self._state = _State.DONE
        self._deadline_s = None
        return [JoinCalls(), Finish(TransferResult(TransferOutcome.BRIDGED, 200, "joined by us"))]

    def _progress(self, event: Progress, now_s: float) -> list[Action]:
        if event.status in self._bridge_on and not self._accepted:
            return self._bridge_instead(now_s)
        if event.status < 300:
            self._accepted = True
        # The answer to the REFER itself is no result. pjsip 2.15 shows it as 100 "Accepted", others as it came.
        is_answer = not event.final and (event.status == 202 or event.reason == "Accepted")
        self._last_status = event.status
        if event.status >= 300:
            return self._fail(event.status, event.reason)
        if event.status >= 200 and not is_answer:
            return self._succeed(event.status, event.reason)
        if event.final:
            return self._fail(event.status, "the far side stopped reporting before there was a result")
        return []

    def _bridge_instead(self, now_s: float) -> list[Action]:
        """The caller's side knows no REFER, or does not want this one."""
        if self._target_up:
            return self._join()
        if self._mode is TransferMode.ATTENDED:
            return self._fail(0, "the target hung up before it had the caller")
        self._mode = TransferMode.BRIDGE
        return self._ring(now_s)

    def _caller_gone(self) -> list[Action]:
        if self._accepted:
            return self._succeed(self._last_status, "the far side took the call over")
        return self._fail(0, "the caller hung up")

    def _too_late(self) -> list[Action]:
        if self._state is _State.RINGING:
            return self._fail(408, "the target did not answer")
        if not self._target_up and self._mode is TransferMode.ATTENDED:
            return self._fail(self._last_status, "the target hung up before it had the caller")
        return self._fail(self._last_status, "the far side did not report how the transfer went")

    def _succeed(self, status: int, reason: str) -> list[Action]:
        result = TransferResult(TransferOutcome.ANSWERED, status, reason)
        return [*self._end(), HangUpCaller(), Finish(result)]

    def _fail(self, status: int, reason: str) -> list[Action]:
        # A refusal of the REFER itself says nothing about the target.
        about_target = self._accepted or self._state is _State.RINGING
        outcome = TransferOutcome.BUSY if about_target and status in BUSY_STATUSES else TransferOutcome.FAILED
        return [*self._end(), Finish(TransferResult(outcome, status, reason))]

    def _end(self) -> list[Action]:
        self._state = _State.DONE
        self._deadline_s = None
        if not self._target_up:
            return []
        self._target_up = False
        return [HangUpTarget()]
