"""One scripted call: drives a ``CallLeg`` from the caller's side, step by step."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from voicebot.caller.audio import CallerTape, TalkDetector, load_clip
from voicebot.caller.echo import Echo
from voicebot.caller.script import CallOutcome, Mark, Script, Step
from voicebot.conversation.leg import FRAME_MS, CallLeg, HangupCause, TransferResult

logger = logging.getLogger(__name__)

_POLL_S = FRAME_MS / 1000
_ANSWER_PATIENCE_S = 15.0


class ScriptedCall:
    """Carries out a script on a leg; a ``LegListener``.

    Args:
        leg: an outgoing call.
        script: what to do.
        on_mark: told of each mark as it is made.
    """

    def __init__(self, leg: CallLeg, script: Script, on_mark: Callable[[Mark], None]) -> None:
        self._leg = leg
        self._script = script
        self._on_mark = on_mark
        echo = None if script.echo_db is None else Echo(script.echo_db, script.echo_delay_ms, leg.rate_hz)
        self._tape = CallerTape(leg.rate_hz, echo)
        self._ear = TalkDetector(script.quiet_ms)
        self._step = 0
        self._bot_turns = 0
        self._answered = asyncio.Event()
        self._over = asyncio.Event()
        self.outcome = CallOutcome(script.name, leg.rate_hz)

    async def run(self, recording: Path | None) -> CallOutcome:
        """Ring, carry out the steps, hang up; return what became of it."""
        self._leg.start(self, self._tape)
        try:
            if await self._wait_for(self._answered, _ANSWER_PATIENCE_S):
                self.outcome.completed = await self._carry_out()
            else:
                self._mark("no_answer")
        finally:
            self._leg.hang_up()
        await self._wait_for(self._over, 5.0)
        if recording is not None:
            await asyncio.to_thread(self._tape.save, recording)
            self.outcome.recording = str(recording)
        return self.outcome

    # --- LegListener

    def on_answered(self) -> None:
        """The bot answered."""
        self._mark("answered")
        self._answered.set()

    def on_audio(self, pcm: bytes) -> None:
        """A frame of the bot's audio arrived."""
        self._tape.receive(pcm)
        change = self._ear.feed(pcm, FRAME_MS)
        if change:
            self._bot_turns += change == "bot_starts"
            self._mark(change)

    def on_dtmf(self, digit: str) -> None:
        """The bot pressed a key; callers do not care."""

    def on_hold(self, held: bool) -> None:
        """The bot put us on hold, or took us back."""
        self._mark("held" if held else "resumed")

    def on_transfer_done(self, result: TransferResult) -> None:
        """Callers do not transfer."""

    def on_hung_up(self, cause: HangupCause) -> None:
        """The call is over."""
        self.outcome.cause = cause.value
        self._mark("hung_up", cause.value)
        self._over.set()
        self._answered.set()

    # --- the steps

    async def _carry_out(self) -> bool:
        for index, step in enumerate(self._script.steps):
            self._step = index
            if self._over.is_set() or not await self._do(step):
                return False
        return True

    async def _do(self, step: Step) -> bool:
        match step.do:
            case "say":
                return await self._bot_finished() and await self._say(step)
            case "speak":
                return await self._say(step)
            case "interrupt":
                return await self._until(lambda: self._ear.undisturbed_ms >= step.after_ms) and await self._say(step)
            case "press":
                if not await self._bot_finished():
                    return False
                self._mark("press", step.keys)
                self._bot_turns = 0
                self._leg.send_dtmf(step.keys)
                return True
            case "listen":
                return await self._bot_finished()
            case "wait":
                return not await self._wait_for(self._over, step.after_ms / 1000)
            case "hang_up":
                self._leg.hang_up()
                return True
            case _:
                raise ValueError(f"a scripted caller cannot {step.do!r}")

    async def _say(self, step: Step) -> bool:
        pcm = await asyncio.to_thread(load_clip, Path(step.clip), self._leg.rate_hz)
        self._bot_turns = 0
        begun = self._mark("say", step.clip)
        self._tape.speak(pcm)
        said = await self._until(lambda: not self._tape.speaking)
        begun.sample = self._tape.clip_start_sample
        self._ear.disturb()
        self._mark("said", step.clip)
        return said

    async def _bot_finished(self) -> bool:
        """Wait until the bot has said something since our last words and fallen silent."""
        return await self._until(lambda: self._bot_turns > 0 and not self._ear.talking)

    async def _until(self, reached: Callable[[], bool]) -> bool:
        deadline = asyncio.get_running_loop().time() + self._script.patience_s
        while not reached():
            if self._over.is_set() or asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(_POLL_S)
        return True

    @staticmethod
    async def _wait_for(event: asyncio.Event, timeout_s: float) -> bool:
        try:
            await asyncio.wait_for(event.wait(), timeout_s)
        except asyncio.TimeoutError:
            return False
        return True

    def _mark(self, what: str, detail: str = "") -> Mark:
        mark = Mark(what, self._tape.sent_samples, self._step, detail)
        self.outcome.marks.append(mark)
        self._on_mark(mark)
        return mark
