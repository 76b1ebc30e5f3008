"""The supervisors of one call: rings them and mixes. For the SIP thread only.

A supervisor is one more call of this process. Whom it hears and who hears it, ``voicebot.supervision`` says.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pjsua2 as pj

from telephony.line.beeps import beeps
from telephony.line.bridge import Side
from telephony.line.config import FRAME_MS
from telephony.line.consultation import Consultation, Once
from telephony.line.endpoint import Timer
from telephony.line.library import explain
from telephony.line.mixer import mix
from telephony.line.pump import FramePump
from telephony.line.transfer import Event as TargetEvent
from telephony.line.transfer import TargetAnswered, TargetGone
from voicebot.conversation.leg import TransferRequest
from voicebot.supervision.mixing import AGENT, BOT, CALLER, Scene, ways
from voicebot.supervision.modes import Cause, Mode, Stage
from voicebot.supervision.state import (
    Action,
    Answered,
    Beep,
    Begin,
    Changed,
    Dismissed,
    Event,
    Gone,
    HangUp,
    Pressed,
    Ring,
    Supervision,
    Tick,
    Wanted,
)
from voicebot.supervision.voicegate import VoiceGate

if TYPE_CHECKING:
    from telephony.line.sip_call import CallContext

logger = logging.getLogger(__name__)

NOT_SENT = 500


@dataclass(frozen=True, slots=True)
class Joining:
    """A supervisor to be rung.

    Attributes:
        id: names the supervision.
        request: whom to ring, and for how long.
        mode: what the supervisor does once there.
        keys: whether the supervisor's keys change that.
    """

    id: str
    request: TransferRequest
    mode: Mode
    keys: bool = True


@dataclass(frozen=True, slots=True)
class Standing:
    """How a supervision stands."""

    id: str
    stage: Stage
    mode: Mode
    cause: Cause
    status: int
    speaking: bool


Tell = Callable[[Standing], None]


class _Voice:
    """What a supervisor says, frame by frame on the media clock's thread: for the recording, and the bot's manners."""

    def __init__(self, name: str, pump: FramePump, moved: Callable[[bool], None]) -> None:
        self.to_caller = False
        self._name = name
        self._pump = pump
        self._moved = moved
        self._gate = VoiceGate(FRAME_MS)

    def overhear(self, pcm: bytes) -> None:
        """Take a frame."""
        if self.to_caller:
            self._pump.overhear(pcm, self._name)
        if self._gate.feed(pcm):
            self._moved(self._gate.open)


class Supervisor:
    """One supervisor: the call with him, and how it stands.

    Args:
        context: what all calls share.
        joining: whom to ring.
        pump: the audio of the supervised call.
        tell: told how it stands, whenever that changes.
        mixed: told when the audio must be mixed anew.
    """

    def __init__(
        self, context: CallContext, joining: Joining, pump: FramePump, tell: Tell, mixed: Callable[[], None]
    ) -> None:
        self.id = joining.id
        self.state = Supervision(joining.mode, joining.request.ring_timeout_s, keys=joining.keys)
        self.speaking = False
        self._context = context
        self._tell = tell
        self._mixed = mixed
        self._timer: Timer | None = None
        self._leg = Consultation(context, joining.request, self._on_target, mixed, self._on_digit)
        self.voice = _Voice(self.id, pump, self._on_voice)
        self._leg.pump.relay = self.voice

    def feed(self, event: Event) -> None:
        """Carry out what an event leads to."""
        for action in self.state.feed(event, time.monotonic()):
            self._perform(action)
        self._arm()

    @property
    def side(self) -> Side:
        """What there is of the supervisor's call to mix."""
        return self._leg.side

    @property
    def heard_mode(self) -> Mode | None:
        """The mode in which the supervisor is there; None before the answer and after the end."""
        return self.state.mode if self.state.stage is Stage.UP else None

    def _perform(self, action: Action) -> None:
        match action:
            case Ring():
                self._ring()
            case HangUp():
                self._leg.hang_up()
            case Beep(count=count):
                self._leg.pump.play(Once(beeps(self._context.config.rate_hz, count)))
            case Changed():
                self.speaking = self.speaking and self.state.stage is Stage.UP
                self._mixed()
                self._report()

    def _ring(self) -> None:
        try:
            self._leg.dial()
        except pj.Error as error:
            logger.info("a supervisor could not be rung: %s", explain(error))
            self._context.sip.post(lambda: self.feed(Gone(NOT_SENT)))

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline_s = self.state.deadline_s
        if deadline_s is not None:
            delay_s = max(0.0, deadline_s - time.monotonic())
            self._timer = self._context.sip.call_later(delay_s, lambda: self.feed(Tick()))

    def _report(self) -> None:
        state = self.state
        self._tell(Standing(self.id, state.stage, state.mode, state.cause, state.status, self.speaking))

    # --- the call with the supervisor

    def _on_target(self, event: TargetEvent) -> None:
        if isinstance(event, TargetAnswered):
            self.feed(Answered())
            self._leg.watch(lambda: self.feed(Dismissed(Cause.MEDIA_TIMEOUT)))
        elif isinstance(event, TargetGone):
            self.feed(Gone(event.status))

    def _on_digit(self, digit: str) -> None:
        """A key, told on a media thread."""
        self._context.sip.post(lambda: self.feed(Pressed(digit)))

    def _on_voice(self, speaking: bool) -> None:
        """The supervisor begins or ends to speak, told on the media clock's thread."""
        self._context.sip.post(lambda: self._speaks(speaking))

    def _speaks(self, speaking: bool) -> None:
        if self.state.stage is Stage.UP and speaking is not self.speaking:
            self.speaking = speaking
            if self.state.mode is Mode.TALK:
                self._mixed()
                self._report()


class CallSupervision:
    """All supervisors of a call.

    Args:
        context: what all calls share.
        caller: what there is of the caller, as it is when asked.
        agent: the same of an agent that the caller talks to through us; None while there is none.
        pump: the call's audio.
    """

    def __init__(
        self, context: CallContext, caller: Callable[[], Side], agent: Callable[[], Side | None], pump: FramePump
    ) -> None:
        self._context = context
        self._caller = caller
        self._agent = agent
        self._pump = pump
        self._supervisors: dict[str, Supervisor] = {}
        self._hidden = False
        self._bridged = False
        self._over = False

    def join(self, joining: Joining, tell: Tell) -> None:
        """Ring a supervisor; ``tell`` is told how that goes, on the SIP thread."""
        if self._over:
            tell(Standing(joining.id, Stage.OVER, joining.mode, Cause.CALL_OVER, 0, False))
            return
        supervisor = Supervisor(self._context, joining, self._pump, tell, self.mix)
        self._supervisors[joining.id] = supervisor
        supervisor.feed(Begin())

    def want(self, name: str, mode: Mode) -> None:
        """Change what a supervisor does."""
        if name in self._supervisors:
            self._supervisors[name].feed(Wanted(mode))

    def dismiss(self, name: str, cause: Cause) -> None:
        """End a supervision."""
        if name in self._supervisors:
            self._supervisors[name].feed(Dismissed(cause))

    def hide(self, on: bool) -> None:
        """Let nobody who only listens hear the caller, or let it be heard again."""
        if on is not self._hidden:
            self._hidden = on
            self.mix()

    def signal(self, pcm: bytes) -> None:
        """Let the caller hear something over what there is to hear, once; not while a supervisor has taken over."""
        self._pump.play_over(pcm)
        caller = self._caller()
        stream = _stream(caller)
        if self._agent() is not None and caller.port is not None and stream is not None:
            # The bot's port is not heard in a bridged call that nobody supervises by telephone.
            self._pump.pause()
            caller.port.startTransmit(stream)

    def close(self) -> None:
        """The call is over: so is everybody's listening."""
        self._over = True
        for supervisor in list(self._supervisors.values()):
            supervisor.feed(Dismissed(Cause.CALL_OVER))

    def mix(self) -> None:
        """Let everybody hear whom they should; to be repeated when somebody has a new stream."""
        if not self._supervisors:
            return
        agent = self._agent()
        self._hand_back_to(agent)
        modes = {name: mode for name, one in self._supervisors.items() if (mode := one.heard_mode) is not None}
        speaking = frozenset(name for name, one in self._supervisors.items() if one.speaking)
        plan = ways(Scene(agent is not None, modes, speaking, self._hidden))
        for name, one in self._supervisors.items():
            one.voice.to_caller = (name, CALLER) in plan
        if not self._over:
            self._apply(plan, agent)
        self._supervisors = {name: one for name, one in self._supervisors.items() if one.state.stage is not Stage.OVER}

    def _hand_back_to(self, agent: Side | None) -> None:
        """An agent who gets the caller takes the place of a supervisor who had taken over."""
        comes, self._bridged = agent is not None and not self._bridged, agent is not None
        if comes:
            for one in self._supervisors.values():
                if one.state.mode is Mode.TAKE_OVER:
                    self._context.sip.post(functools.partial(one.feed, Wanted(Mode.LISTEN)))

    def _apply(self, plan: frozenset[tuple[str, str]], agent: Side | None) -> None:
        caller = self._caller()
        sides = {CALLER: caller, **({AGENT: agent} if agent is not None else {})}
        # Where a call was hung up, the library has taken its stream out of the bridge already.
        sides |= {name: one.side for name, one in self._supervisors.items() if one.heard_mode is not None}
        hearers = {name: audio for name, side in sides.items() if (audio := _stream(side)) is not None}
        speakers = dict(hearers)
        if caller.port is not None:
            speakers[BOT] = caller.port
            self._pump.pause()
        mix(plan, speakers, hearers)


def _stream(side: Side) -> pj.AudioMedia | None:
    try:
        return side.audio
    except pj.Error:
        return None  # the call has just ended
