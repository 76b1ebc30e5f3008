"""A call in a line worker as its supervisors see it: what it is doing, who listens, and what they may want of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from telephony.line.call import SipCallLeg
from telephony.line.supervision import Joining, Standing
from voicebot.conversation.leg import TransferMode, TransferRequest
from voicebot.conversation.orders import EndCall, HandOver, Hint, Order, SayNow, TakenOver, TalkedOver
from voicebot.conversation.phase import Phase
from voicebot.conversation.session import CallSession
from voicebot.errors import CallStateError, SupervisorLimitError, UnknownSupervisorError
from voicebot.runtime.listener import Listener
from voicebot.settings.model import LineSettings
from voicebot.settings.supervision import SupervisionSettings
from voicebot.supervision.modes import Cause, Mode, Stage, Then

_MAX_REMEMBERED = 20
"""Supervisions that are over and still shown."""

_STATES = {
    Phase.NEW: "ringing",
    Phase.TALKING: "talking",
    Phase.TRANSFERRING: "transferring",
    Phase.BRIDGED: "bridged",
    Phase.TAKEN_OVER: "taken_over",
    Phase.OVER: "over",
}


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


@dataclass(slots=True)
class _Known:
    """A supervision as it is shown.

    Attributes:
        by: id of the key that has the supervisor rung.
        actor: id of the key that has ordered what happens next; "": the supervisor does it.
    """

    by: str
    target: str
    then: Then
    standing: Standing
    since: str = field(default_factory=_now)
    told: bool = False
    actor: str = ""

    def shown(self) -> dict[str, Any]:
        standing = self.standing
        return {
            "id": standing.id,
            "by": self.by,
            "target": self.target,
            "mode": standing.mode.value,
            "state": standing.stage.value,
            "cause": standing.cause.value,
            "sip_status": standing.status,
            "since": self.since,
        }


class SupervisedCall:
    """One call.

    Args:
        leg: the call.
        line: the line that has it.
        settings: of supervision.
        request_for: turns a target and a reason into a request to ring it.
        tell: told what supervisors do, for the events and the record.
    """

    def __init__(
        self,
        leg: SipCallLeg,
        line: LineSettings,
        settings: SupervisionSettings,
        request_for: Callable[[str, str], TransferRequest],
        tell: Callable[[Mapping[str, str]], None],
    ) -> None:
        self.leg = leg
        self.line = line
        self._settings = settings
        self._request_for = request_for
        self._tell = tell
        self._session: CallSession | None = None
        self._known: dict[str, _Known] = {}
        self._listeners: set[Listener] = set()
        self._taken_over = False
        self._talked_over = False
        self._phase = Phase.NEW
        self._since = _now()

    # --- the call

    def begin(self, session: CallSession) -> None:
        """Its conversation begins."""
        self._session = session

    @property
    def session(self) -> CallSession:
        """The conversation."""
        assert self._session is not None, "the call has begun"
        return self._session

    def look(self) -> None:
        """Something has happened in the conversation: note when its phase has changed."""
        if self._session is not None and self._session.phase is not self._phase:
            self._phase, self._since = self._session.phase, _now()

    def hide(self, on: bool) -> None:
        """Nobody is to hear what the caller gives, now or from the recording; or it may be heard again."""
        self.leg.hide(on)
        if self.leg.pump.recorder is not None:
            self.leg.pump.recorder.hide(on)

    def end(self) -> None:
        """The call is over."""
        for one in self._known.values():
            if one.standing.stage is not Stage.OVER:
                # The line tells it, too, once it has let go of its call: that may be too late for the record.
                self._stands(replace(one.standing, stage=Stage.OVER, cause=Cause.CALL_OVER))
        for listener in list(self._listeners):
            listener.close()

    @property
    def supervisors(self) -> int:
        """Telephones of supervisors that ring or are in the call."""
        return sum(one.standing.stage is not Stage.OVER for one in self._known.values())

    def shown(self) -> dict[str, Any]:
        """Return the call as plain values; ``words`` is for those who may read them."""
        self.look()
        info, record = self.leg.info, self.session.stopwatch.record
        said = [turn.caller_text for turn in record.turns if turn.caller_text]
        heard = [item.text for turn in record.turns for item in turn.heard if item.text]
        return {
            "id": info.call_id,
            "line": self.line.name,
            "bot": self.line.name if self.line.brain_url else self.line.bot,
            "direction": "incoming" if self.leg.incoming else "outgoing",
            "caller": info.caller,
            "called": info.called,
            "state": _STATES[self._phase],
            "since": self._since,
            "started_at": record.started_at,
            "transfer": record.transfer,
            "supervisors": [one.shown() for one in self._known.values()],
            "listeners": len(self._listeners),
            "words": {"caller": said[-1] if said else "", "bot": heard[-1] if heard else ""},
        }

    # --- what supervisors want

    def hang_up(self, by: str, text: str) -> None:
        """End the call, after these words if the bot can say them."""
        self._order(EndCall(text), {"action": "hang_up", "by": by})

    def say(self, by: str, text: str, interrupt: bool) -> None:
        """Have the bot say something."""
        self._order(SayNow(text, interrupt), {"action": "say", "by": by})

    def whisper(self, by: str, text: str) -> None:
        """Give the bot a hint for its next answer."""
        self._order(Hint(text), {"action": "whisper", "by": by})

    def transfer(self, by: str, target: str, mode: str, briefing: str) -> None:
        """Put the caller through; mode and briefing "" are those of the settings.

        Raises:
            TransferError: the target cannot be dialled.
            CallStateError: the caller is not here, or is being put through already.
        """
        request = self._request_for(target, "supervisor")
        request = replace(request, mode=TransferMode(mode)) if mode else request
        request = replace(request, briefing=briefing) if briefing else request
        self._order(HandOver(request), {"action": "transfer", "by": by})

    def need_seat(self) -> None:
        """Make sure that one more supervisor may join.

        Raises:
            SupervisorLimitError: there are enough already.
            CallStateError: the call is not up.
        """
        if self.supervisors >= self._settings.max_per_call:
            raise SupervisorLimitError(f"the call has {self.supervisors} supervisors, and may not have more")
        self._need_call()

    def join(self, by: str, target: str, mode: Mode, then: Then | None) -> dict[str, Any]:
        """Ring a supervisor.

        Raises:
            TransferError: the target cannot be dialled.
        """
        request = replace(self._request_for(target, "supervision"), ring_timeout_s=self._settings.ring_timeout_s)
        name = secrets.token_hex(4)
        ringing = Standing(name, Stage.RINGING, mode, Cause.NONE, 0, False)
        one = self._known[name] = _Known(by, target, then or Then(self._settings.after_take_over), ringing)
        self._forget()
        self._tell({"action": "ring", "by": by, "supervisor": name, "mode": mode.value})
        self.leg.join(Joining(name, replace(request, briefing=""), mode, self._settings.keys), self._stands)
        return one.shown()

    def switch(self, by: str, name: str, mode: Mode) -> dict[str, Any]:
        """Change what a supervisor does.

        Raises:
            UnknownSupervisorError: there is none of that id.
        """
        one = self._live(name)
        one.actor = by
        self.leg.set_mode(name, mode)
        return {**one.shown(), "mode": mode.value}

    def dismiss(self, by: str, name: str) -> None:
        """End a supervision.

        Raises:
            UnknownSupervisorError: there is none of that id.
        """
        self._live(name).actor = by
        self.leg.dismiss(name)

    async def listen(self, by: str, path: Path) -> None:
        """Send the audio to a socket.

        Raises:
            SupervisorLimitError: there are enough listeners already.
            CallStateError: the call is not up.
        """
        if len(self._listeners) >= self._settings.max_listeners:
            raise SupervisorLimitError(f"{len(self._listeners)} listen to the call, and no more may")
        self._need_call()

        def gone(listener: Listener, slow: bool) -> None:
            self._listeners.discard(listener)
            self._tell({"action": "listener_dropped" if slow else "listener_left", "by": by})

        listener = Listener(self.leg.pump, lambda: self.session.hidden, gone)
        self._listeners.add(listener)
        self._tell({"action": "listener_joined", "by": by})
        try:
            await listener.connect(path)
        except OSError as error:
            listener.close()
            raise CallStateError("whoever wanted to listen is gone") from error
        self._announce()

    def _need_call(self) -> None:
        if self.session.phase in (Phase.NEW, Phase.OVER):
            raise CallStateError("the call is not up")

    def _live(self, name: str) -> _Known:
        one = self._known.get(name)
        if one is None or one.standing.stage is Stage.OVER:
            raise UnknownSupervisorError("nobody of that id supervises the call")
        return one

    def _forget(self) -> None:
        over = [name for name, one in self._known.items() if one.standing.stage is Stage.OVER]
        for name in over[: max(0, len(self._known) - _MAX_REMEMBERED)]:
            del self._known[name]

    def _order(self, order: Order, done: Mapping[str, str]) -> None:
        if not self.session.allows(order):
            raise CallStateError(f"not while the call is {_STATES[self.session.phase].replace('_', ' ')}")
        self._tell(done)
        self.session.obey(order)
        self.look()

    # --- what becomes of it

    def _stands(self, standing: Standing) -> None:
        """A supervision has changed."""
        one = self._known[standing.id]
        before, one.standing = one.standing, standing
        if (before.stage, before.mode) != (standing.stage, standing.mode):
            one.since = _now()
            self._tell(_done(one))
            one.actor = ""
        if standing.stage is Stage.UP and not one.told:
            one.told = True
            self._announce()
        self._follow(one.then)

    def _follow(self, then: Then) -> None:
        """Let the bot know whether it is needed."""
        up = [one.standing for one in self._known.values() if one.standing.stage is Stage.UP]
        taken_over = any(one.mode is Mode.TAKE_OVER for one in up)
        talked_over = any(one.mode is Mode.TALK and one.speaking for one in up)
        if talked_over is not self._talked_over:
            self._talked_over = talked_over
            self.session.obey(TalkedOver(talked_over))
        if taken_over is not self._taken_over:
            self._taken_over = taken_over
            self.session.obey(TakenOver(taken_over, hang_up=then is Then.HANG_UP))
        self.look()

    def _announce(self) -> None:
        """Tell the caller that somebody listens, if the settings want that."""
        text = self._settings.announcement[self.line.language]
        order = SayNow(text, interrupt=False)
        if text and self.session.allows(order):
            self.session.obey(order)
        if self._settings.tone:
            self.leg.signal()


def _done(one: _Known) -> dict[str, str]:
    """Return what has become of a supervision, for the events."""
    standing = one.standing
    action = {Stage.RINGING: "ring", Stage.UP: "mode" if one.told else "join", Stage.OVER: "leave"}[standing.stage]
    done = {"action": action, "by": one.actor or one.by, "supervisor": standing.id, "mode": standing.mode.value}
    return {**done, "cause": standing.cause.value} if standing.cause is not Cause.NONE else done
