"""A line worker: a small process with its own SIP library that holds a few calls and nothing heavy.

Started by the supervisor as ``python -m voicebot.runtime.line_process``. Its first line on stdin is
its order; the end of stdin ends it. Events go to stdout as JSON lines: ``ready``, ``calls``,
``turn``, ``call_ended``, ``stored``, ``registration``, ``failed``, and those of ``dialled`` and ``overseer``.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import uvloop

from telephony.announcements.outcome import Category
from telephony.announcements.watch import AnswerWatch
from telephony.line.agent import LineAgent
from telephony.line.call import SipCallLeg
from telephony.line.registration import RegistrationEvent
from voicebot.campaigns.ending import EndRules
from voicebot.connectors.base import Brain
from voicebot.connectors.custom_robot import CustomRobotBrain
from voicebot.conversation.answeredby import Answerer
from voicebot.conversation.leg import CallInfo, CallLeg
from voicebot.conversation.record import TurnRecord
from voicebot.conversation.rehearsal import RehearsalBudget
from voicebot.conversation.segmenter_ears import SegmenterEars
from voicebot.conversation.services import Services
from voicebot.conversation.session import CallSession
from voicebot.conversation.stopwatch import Stopwatch
from voicebot.conversation.voice import LineVoice
from voicebot.errors import SpeechError, VoicebotError
from voicebot.events.cdr import NOTHING_TOLD, FarEnd, cdr
from voicebot.events.desk import EventDesk
from voicebot.events.event import ENDED, STARTED
from voicebot.protocol.instruction import Blacklist, ShortMessage
from voicebot.runtime.call_config import conversation_config, plays_audio
from voicebot.runtime.call_files import CallFiles
from voicebot.runtime.dialled import DialledCalls, DialledLeg, DialMessage
from voicebot.runtime.heap import keep_what_is_loaded
from voicebot.runtime.lines import transfer_request
from voicebot.runtime.logs import set_up_logging
from voicebot.runtime.order import WorkerOrder
from voicebot.runtime.outbox import Outbox, order_of
from voicebot.runtime.overseer import Overseer
from voicebot.runtime.phaselog import PhaseLog
from voicebot.runtime.room import callers_in_worker, free_places
from voicebot.runtime.routing import line_of_call
from voicebot.runtime.stdio import report, stdin_lines
from voicebot.runtime.waiting import waiting_music
from voicebot.settings.model import LineSettings, Settings
from voicebot.speech.echo import PlayedAudio
from voicebot.speech.vad.detectors import Detectors
from voicebot.speech.worker.client import SpeechClient
from voicebot.storage.spool import Spool

logger = logging.getLogger(__name__)

_KEEP_PAUSE_S = 1.0
_PATIENT_ATTEMPTS = 10


class LineWorker:
    """Takes calls and holds a conversation in each."""

    def __init__(self, order: WorkerOrder) -> None:
        self._order = order
        self._settings: Settings = order.settings
        self._hot_words = order.hot_words
        self._speech = SpeechClient(order.speech_socket)
        self._brains: dict[str, CustomRobotBrain] = {}
        self._voices: dict[str, LineVoice] = {}
        self._sessions: dict[str, CallSession] = {}
        self._legs: dict[str, SipCallLeg] = {}
        self._outbox = Outbox(Spool(self._settings.paths.outbox))
        self._events = EventDesk(self._settings.events.webhooks, self._settings.paths.events, report)
        self._agent = LineAgent(order.agent_config(), asyncio.get_running_loop(), self._on_call, self._on_registration)
        self._files = CallFiles(self._settings.recording, self._settings.paths, self._agent.rate_hz)
        self._waiting = waiting_music(self._settings.sip.transfer, self._agent.rate_hz)
        self._dialled = DialledCalls(
            self._agent,
            self._on_dialled,
            EndRules(self._settings.dialling),
            self._settings.conversation.voicemail_message,
        )
        self._overseer = Overseer(self._settings.supervision, self._room, report)
        self._rehearsals = RehearsalBudget(self._settings.conversation.rehearsals)
        self._detectors: Detectors | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Get the lines and the SIP library ready, and say so."""
        self._detectors = Detectors.load(self._settings)
        for line in self._settings.lines:
            self._brains[line.name] = self._brain(line)
            self._voices[line.name] = self._voice(line)
        await self._agent.start()
        keep_what_is_loaded()  # a full collection stops the audio of all calls for as long as it takes
        report("ready", {"sip_port": self._agent.sip_port, "library_calls": self._agent.max_calls})
        self._keeping = asyncio.create_task(self._keep_prompts(), name="keep-prompts")

    async def stop(self) -> None:
        """End all calls and free everything."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        await self._dialled.close()
        await self._overseer.close()
        await asyncio.gather(*(session.close() for session in list(self._sessions.values())))
        self._outbox.close()
        await self._agent.stop()
        await self._files.close()
        for brain in self._brains.values():
            await brain.close()
        await self._speech.close()

    async def _keep_prompts(self) -> None:
        """Hold what is said when something fails, as soon as the speech worker can speak."""
        waiting = list(self._settings.lines)
        for attempt in itertools.count(1):
            try:
                while waiting:
                    conversation, language = self._settings.conversation, waiting[0].language
                    texts = (
                        *(conversation.apology, conversation.goodbye, conversation.unavailable),
                        *(conversation.prompt, conversation.monologue),
                    )
                    await self._voices[waiting[0].name].keep(text[language] for text in texts if text[language])
                    waiting.pop(0)
                return
            except SpeechError as error:
                if attempt == _PATIENT_ATTEMPTS:
                    logger.warning("the apology could not be rendered yet: %s", error.message)
            await asyncio.sleep(_KEEP_PAUSE_S)

    def obey(self, message: dict[str, Any]) -> None:
        """Carry out a message of the supervisor."""
        if message.get("do") == "register":
            self._agent.register()
        elif message.get("do") == "dial":
            self._dialled.dial(DialMessage.from_json(message))
        elif message.get("do") == "supervise":
            self._overseer.obey(message)
        elif message.get("do") == "expect":
            self._hot_words = message["hot_words"]
        else:
            logger.warning("unknown order %r", message.get("do"))

    def _brain(self, line: LineSettings) -> CustomRobotBrain:
        """Return the line's brain; lines with the same one share it, and what it is known to fail at."""
        url, key = line.brain_url, line.brain_token
        if not url:
            url, key = f"{self._order.brain_url}/bots/{line.bot}/stream/query", self._order.api_key
        known = (brain for brain in self._brains.values() if brain.is_at(url, key))
        return next(known, None) or CustomRobotBrain(url, key, self._settings.brain)

    def _voice(self, line: LineSettings) -> LineVoice:
        files = self._speech if plays_audio(self._settings, line) else None
        voice, rate_hz = line.voice or line.language, self._agent.rate_hz
        return LineVoice(self._speech, voice, rate_hz, files, line.brain_url, aligner=self._speech)

    def _on_registration(self, event: RegistrationEvent) -> None:
        report("registration", asdict(event))

    # --- calls

    def _on_call(self, leg: SipCallLeg) -> None:
        line = line_of_call(leg.info, self._settings)
        logger.info("call %s comes in on line %s", leg.info.call_id, line.name)
        self._hold(leg, leg, line, {})

    def _on_dialled(self, leg: SipCallLeg, dialled: DialledLeg) -> None:
        line = dialled.message.line
        if line.name not in self._brains:  # a bot that has no line of its own
            self._brains[line.name] = self._brain(line)
            self._voices[line.name] = self._voice(line)
        seen = self._watched(dialled, line) if self._settings.dialling.listen else dialled
        self._hold(leg, seen, line, {**dialled.message.variables, "direction": "outgoing"})

    def _watched(self, dialled: DialledLeg, line: LineSettings) -> AnswerWatch:
        """Return a leg that tells what is announced, and who answers."""
        call_id, settings = dialled.info.call_id, self._settings

        def found(category: Category, answerer: Answerer | None) -> None:
            session = self._sessions[call_id]
            person = category in (Category.HUMAN, Category.UNDECIDED)
            session.stopwatch.record.announcement = "" if person else category.value
            if answerer is not None:
                session.answered_by(answerer)

        return AnswerWatch(
            dialled,
            self._speech,
            (line.language, "en" if line.language == "zh" else "zh"),
            [Category(name) for name in settings.dialling.give_up_on],
            settings.conversation.answered_by.voicemail == "leave_message",
            found,
        )

    def _hold(self, leg: SipCallLeg, seen: CallLeg, line: LineSettings, variables: Mapping[str, str]) -> None:
        """Begin the conversation of a call, which may see its leg through another one."""
        stopwatch = Stopwatch(leg.info, line.name, functools.partial(self._tell_turn, leg.info.call_id))
        recorder = self._files.record(leg)
        services = self._services(line, leg.info)
        call = self._overseer.begin(leg, line, stopwatch.record, services.transfer_request, services.tell)
        services = replace(services, hide=call.hide)
        session = CallSession(
            seen,
            conversation_config(self._settings, line, leg.info, variables, self._hot_words.get(line.name, ())),
            self._ears(leg),
            services,
            stopwatch,
            self._ended,
            PhaseLog(self._files.timeline(recorder, line, stopwatch.record), call.look),
        )
        call.begin(session)
        self._sessions[session.call_id] = session
        self._legs[session.call_id] = leg
        report("calls", {"count": len(self._sessions)})
        whom = {"line": line.name, "caller": leg.info.caller, "called": leg.info.called}
        self._events.tell(STARTED, session.call_id, {**whom, "direction": "incoming" if leg.incoming else "outgoing"})
        session.start()

    def _room(self) -> int:
        """Return how many calls beside those of callers can begin."""
        callers, library_calls = len(self._sessions), self._agent.max_calls
        most = callers_in_worker(self._settings.sip, self._settings.supervision, library_calls)
        used = max(self._agent.calls, callers + self._overseer.supervisors)
        return free_places(library_calls, used, callers, most)

    def _ears(self, leg: SipCallLeg) -> SegmenterEars:
        assert self._detectors is not None, "the worker was started"
        played = PlayedAudio()
        leg.monitor(played.note)
        detector = self._detectors.for_call(leg.rate_hz, played)
        ears = SegmenterEars(self._settings.speech.vad, leg.rate_hz, detector)
        if leg.incoming:  # what answers a call of ours is to be known as soon as can be
            leg.be_patient(ears.can_wait)
        return ears

    def _services(self, line: LineSettings, info: CallInfo) -> Services:
        brain: Brain = self._brains[line.name]

        def store(instruction: ShortMessage | Blacklist, session_id: str) -> None:
            self._outbox.store(order_of(instruction, info, line, session_id))

        return Services(
            recogniser=self._speech,
            voice=self._voices[line.name],
            brain=brain,
            transfer_request=functools.partial(
                transfer_request, sip=self._settings.sip, call=info, line=line.name, language=line.language
            ),
            store=store,
            tell=lambda kind, data: self._events.tell(kind, info.call_id, data),
            rehearsals=self._rehearsals,
            turn_ends=self._speech if self._settings.conversation.turn_model else None,
            waiting=self._waiting,
        )

    def _tell_turn(self, call_id: str, what: str, turn: TurnRecord) -> None:
        if not self._order.tell_turns:
            return
        last = turn.heard[-1] if turn.heard else None
        report(
            "turn",
            {
                "call_id": call_id,
                "what": what,
                "turn_id": turn.turn_id,
                "caller": turn.caller_text,
                "heard": last.text if what == "heard" and last else "",
                "complete": last.complete if last else True,
                "overhead_ms": turn.overhead_ms,
            },
        )

    def _ended(self, session: CallSession) -> None:
        self._sessions.pop(session.call_id, None)
        self._overseer.remove(session.call_id)
        leg = self._legs.pop(session.call_id)
        record = session.stopwatch.record
        record.audio = {**asdict(leg.stream_stats), **asdict(leg.frame_stats)}
        outgoing, answered = not leg.incoming, leg.answered_once
        judged = self._dialled.judge(leg, record)
        end = leg.end
        far = FarEnd(end.q850, end.far_text, end.sip_call_id, end.attempts) if end is not None else NOTHING_TOLD
        record.cdr = cdr(
            record, judged, far, outgoing=outgoing, answered=answered, status=leg.status, reason=leg.reason
        )
        self._events.tell(ENDED, session.call_id, record.cdr)
        report("calls", {"count": len(self._sessions)})
        told = record.as_dict() if self._order.tell_turns else {}
        report("call_ended", {"session_id": record.session_id, "record": told})
        self._dialled.ended(leg, record)
        self._files.save(record, leg.pump.recorder)


async def _main() -> int:
    lines = stdin_lines()
    order = WorkerOrder.from_json(json.loads(await lines.__anext__()))
    set_up_logging(order.settings.log, order.token.partition("-")[0])
    worker = LineWorker(order)
    try:
        await worker.start()
    except VoicebotError as error:
        report("failed", {"message": error.message, "code": error.code})
        await worker.stop()
        return 1
    async for line in lines:
        worker.obey(json.loads(line))
    await worker.stop()
    return 0


def main() -> int:
    """Run a line worker until stdin ends."""
    return uvloop.run(_main())


if __name__ == "__main__":
    raise SystemExit(main())
