"""A line worker's side of the calls that it makes: rings, hands the conversation over, and reports.

Events for the main process, each with the order's ``id``: ``dial_placed`` (``call_id``), ``dial_answered``,
``dial_failed`` (``message``: nobody was called, and nobody will be), ``dial_ended`` (``status``, ``reason``, ``cause``,
``q850``: the cause that the network or the far side told, 0 for none, ``answered``, ``answered_by``, ``announcement``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from telephony.announcements.outcome import Category
from telephony.line.agent import LineAgent
from telephony.line.call import SipCallLeg
from voicebot.campaigns.ending import EndRules
from voicebot.campaigns.outcome import CallResult
from voicebot.conversation.answeredby import Answerer
from voicebot.conversation.leg import AudioSource, CallInfo, HangupCause, LegListener, TransferRequest, TransferResult
from voicebot.conversation.record import CallRecord
from voicebot.errors import VoicebotError
from voicebot.events.cdr import Judged
from voicebot.runtime.stdio import report
from voicebot.settings.model import LineSettings
from voicebot.settings.section import Language

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DialMessage:
    """What the main process orders; as JSON it has ``"do": "dial"`` besides.

    Attributes:
        id: names the order.
        target: SIP URI to ring.
        local_uri: for From; "" for the account's own.
        number: number of the person, as it is shown to the bot.
        caller_number: number the call comes from, likewise.
        line: the line that speaks.
        variables: for the first query.
        ring_timeout_s: how long it may ring.
        causes: causes of ITU-T Q.850 to end with, by what was heard.
    """

    id: str
    target: str
    local_uri: str
    number: str
    caller_number: str
    line: LineSettings
    variables: Mapping[str, str]
    ring_timeout_s: float
    causes: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """Return the message as plain values."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        tables = {"variables": dict(self.variables), "causes": dict(self.causes)}
        return {"do": "dial", **plain, "line": self.line.model_dump(mode="json"), **tables}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> DialMessage:
        """Read a message back."""
        values = {name: plain[name] for name in cls.__slots__}
        return cls(**{**values, "line": LineSettings.model_validate(plain["line"])})


class DialledLeg:
    """A call that we made, as its conversation sees it; it reports the answer, and waits for it only so long."""

    def __init__(self, leg: SipCallLeg, message: DialMessage) -> None:
        self.message = message
        self.answered = False
        self._leg = leg
        self._listener: LegListener | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def info(self) -> CallInfo:
        """What is known of the call."""
        return self._leg.info

    @property
    def rate_hz(self) -> int:
        """Sample rate of the audio."""
        return self._leg.rate_hz

    def start(self, listener: LegListener, source: AudioSource) -> None:
        """Wait for the answer; from then on ``listener`` is told and ``source`` is heard."""
        self._listener = listener
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self.message.ring_timeout_s, self._leg.hang_up, HangupCause.CANCELLED)
        self._leg.start(self, source)

    def hang_up(self, cause: HangupCause = HangupCause.BOT) -> None:
        """End the call, or the ringing."""
        self._leg.hang_up(cause)

    def heard(self, category: Category) -> None:
        """It is known what the call turned out to be: if the bot ends it, it says so."""
        self._leg.will_tell(self.message.causes.get(category.value, 0))

    def send_dtmf(self, digits: str) -> None:
        """Send digits to the far end."""
        self._leg.send_dtmf(digits)

    def transfer(self, request: TransferRequest) -> None:
        """Start to hand the call over."""
        self._leg.transfer(request)

    # --- LegListener

    def on_answered(self) -> None:
        """The call is up."""
        self._no_timer()
        self.answered = True
        report("dial_answered", {"id": self.message.id})
        self._told.on_answered()

    def on_audio(self, pcm: bytes) -> None:
        """A frame came."""
        self._told.on_audio(pcm)

    def on_dtmf(self, digit: str) -> None:
        """A key was pressed."""
        self._told.on_dtmf(digit)

    def on_hold(self, held: bool) -> None:
        """The far side put the call on hold, or took it back."""
        self._told.on_hold(held)

    def on_transfer_done(self, result: TransferResult) -> None:
        """A transfer ended."""
        self._told.on_transfer_done(result)

    def on_hung_up(self, cause: HangupCause) -> None:
        """The call is over."""
        self._no_timer()
        self._told.on_hung_up(cause)

    @property
    def _told(self) -> LegListener:
        assert self._listener is not None, "the call was started"
        return self._listener

    def _no_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


Hold = Callable[[SipCallLeg, DialledLeg], None]


class DialledCalls:
    """All calls that a line worker makes.

    Args:
        agent: who dials.
        hold: begins the conversation of a call that rings.
        rules: tell what a call turned out to be.
        messages: what is said to mailboxes, by language.
    """

    def __init__(self, agent: LineAgent, hold: Hold, rules: EndRules, messages: Mapping[Language, str]) -> None:
        self._agent = agent
        self._hold = hold
        self._rules = rules
        self._messages = messages
        self._legs: dict[str, DialledLeg] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def dial(self, message: DialMessage) -> None:
        """Make a call."""
        task = asyncio.create_task(self._dial(message), name=f"dial-{message.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def judge(self, leg: SipCallLeg, record: CallRecord) -> Judged:
        """Return what a call that is over turned out to be; that a mailbox has our message is noted in the record."""
        dialled = self._legs.get(leg.info.call_id)
        if dialled is None:
            return Judged()
        message = self._messages.get(dialled.message.line.language, "")
        if message and record.answered_by == Answerer.VOICEMAIL.value and record.was_heard(message):
            record.announcement = Category.MESSAGE_LEFT.value
        cause = record.cause.value if record.cause is not None else ""
        told = leg.end.q850 if leg.end is not None else 0
        seen = CallResult(
            dialled.answered, leg.status, leg.reason, cause, record.answered_by, record.announcement, q850=told
        )
        category = self._rules.category_of(seen)
        return Judged() if category is None else Judged(category.value, dialled.message.causes.get(category.value, 0))

    def ended(self, leg: SipCallLeg, record: CallRecord) -> None:
        """A call is over; says how, if it is one of these."""
        dialled = self._legs.pop(leg.info.call_id, None)
        if dialled is None:
            return
        report(
            "dial_ended",
            {
                "id": dialled.message.id,
                "answered": dialled.answered,
                "status": leg.status,
                "reason": leg.reason,
                "q850": leg.end.q850 if leg.end is not None else 0,
                "cause": record.cause.value if record.cause is not None else "",
                "answered_by": record.answered_by,
                "announcement": record.announcement,
            },
        )

    async def close(self) -> None:
        """Give up what is just being dialled."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _dial(self, message: DialMessage) -> None:
        info = CallInfo("", message.number, message.caller_number)
        try:
            sip_leg = await self._agent.call(message.target, local_uri=message.local_uri, info=info)
        except VoicebotError as error:
            report("dial_failed", {"id": message.id, "message": error.message})
            return
        except Exception:
            logger.exception("an outgoing call could not be begun")
            report("dial_failed", {"id": message.id, "message": "a defect of the line worker"})
            return
        leg = DialledLeg(sip_leg, message)
        self._legs[leg.info.call_id] = leg
        self._hold(sip_leg, leg)
        logger.info("call %s goes out on line %s", leg.info.call_id, message.line.name)
        report("dial_placed", {"id": message.id, "call_id": leg.info.call_id})
