"""The timers of a conversation: what each of them guards, for how long it runs, and what is done when it goes off.

A live call always has one that leads on. The silence timer is that of ``silence``, that of the keys is set by ``keys``;
the time-out of a clip ends with the next word from the playout.
"""

from __future__ import annotations

from voicebot.conversation.actions import Action, CancelAsk, HangUp, SetRingback
from voicebot.conversation.failing import Failing
from voicebot.conversation.keys import Keys
from voicebot.conversation.leg import HangupCause
from voicebot.conversation.listening import Listening
from voicebot.conversation.phase import Phase
from voicebot.conversation.silence import Silence
from voicebot.conversation.speaking import ClipState
from voicebot.conversation.state import CallState
from voicebot.conversation.turns import Turns
from voicebot.errors import BrainTimeoutError

# How long the line may take to hang up, and a goodbye after the longest call to be said.
_LEAVING_MS = 5_000
_OVERDUE_MS = 30_000
# How long a clip may take to begin, its synthesis included, and to be played: a sentence, or the brain's audio file.
_BEGINNING_MS = 20_000
_SENTENCE_MS = 120_000
_FILE_MS = 900_000


class Timers:
    """Keeps the timers, and carries out what those that have gone off ask for."""

    def __init__(
        self, state: CallState, turns: Turns, failing: Failing, keys: Keys, silence: Silence, listening: Listening
    ) -> None:
        self._state = state
        self._turns = turns
        self._failing = failing
        self._keys = keys
        self._silence = silence
        self._listening = listening
        self._overdue = False

    def keep(self) -> None:
        """Let each timer run exactly while what it guards is going on."""
        state, config, timers = self._state, self._state.config, self._state.deadlines
        if state.phase is Phase.OVER:
            return
        now_ms, talking, turn = state.now_ms, state.talking, state.turn
        timers.keep("answer", talking and not turn.complete, now_ms + config.answer_timeout_ms)
        timers.keep("transcript", talking and state.hearing.waiting, now_ms + config.transcript_timeout_ms)
        speaking = talking and state.hearing.busy and not state.on_hold
        timers.keep("monologue", speaking, now_ms + config.max_monologue_ms)
        playing = talking and turn.playing is not None and not turn.held and not state.stands_still
        timers.keep("playout", playing, now_ms + self._longest_clip_ms)
        timers.keep("leaving", state.leaving, now_ms + _LEAVING_MS)
        if not state.leaving and state.phase not in (Phase.BRIDGED, Phase.TAKEN_OVER):
            timers.set_once("max_call", now_ms + _OVERDUE_MS)  # gone off once: the goodbye has this long
        ringing = state.phase is Phase.TRANSFERRING or state.handing_over
        timers.keep("transfer", ringing, now_ms + config.transfer_timeout_ms)
        self._silence.keep()

    def go_off(self) -> list[Action]:
        """Deal with the timers whose time has passed, the earliest first."""
        actions: list[Action] = []
        for name in self._state.deadlines.pop_due(self._state.now_ms):
            actions += self._timed_out(name)
        return actions

    def _timed_out(self, name: str) -> list[Action]:
        match name:
            case "silence":
                return self._silence.over()
            case "digits":
                return self._keys.done()
            case "answer":
                return self._answer_late()
            case "transcript":
                return self._listening.give_up()
            case "monologue":
                return self._listening.cut_off()
            case "playout":
                return self._failing.playout()
            case "transfer":
                self._state.leaving = True
                return [SetRingback(on=False), HangUp(HangupCause.FAILED)]
            case "max_call":
                return self._call_too_long()
        return [HangUp(HangupCause.FAILED)]  # "leaving": the line was told to hang up and has not

    def _answer_late(self) -> list[Action]:
        turn = self._state.turn
        failed = [] if turn.complete else self._failing.answer(BrainTimeoutError.code)
        return [CancelAsk(turn.turn_id), *failed]

    def _call_too_long(self) -> list[Action]:
        if self._overdue or self._state.phase is not Phase.TALKING:
            return self._turns.hang_up()
        self._overdue = True
        return self._turns.farewell()

    @property
    def _longest_clip_ms(self) -> int:
        clip = self._state.turn.playing
        if clip is None or clip.state is not ClipState.PLAYING:
            return _BEGINNING_MS
        return _FILE_MS if clip.audio_url else _SENTENCE_MS
