"""What the dialogue tests share: the real encoder, loaded once, small bots, and whole turns."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path

from voicebot.dialogue import Engine, UseEncoder, load_bot
from voicebot.dialogue.decision import Decision
from voicebot.protocol import Chunk, Query, SilenceType, TransferState
from voicebot.settings import load_settings

NOW = datetime(2026, 3, 2, 10, 15)
"""A Monday."""

ROOT = Path(__file__).resolve().parents[2]
BOTS = ROOT / "config" / "bots"

SMALL_BOT = """\
language: en
start: hello
silence_s: 9
variables: {name: Ann}
silence:
  prompts: ["Are you there?", "Hello?"]
  goto: bye
fallback:
  texts: ["Sorry?", "Pardon me?"]
  goto: bye
on_transfer_failed: sorry
globals:
  human: {goto: person}
  hello: {say: Hi there.}
nodes:
  hello:
    say: ["Hello {{name}}. Shall we start?", "Once more then. Shall we start?"]
    again: Shall we?
    end_of_speech_ms: 900
    silence: {seconds: 5, prompts: ["Well?"]}
    transitions:
      - {intent: yes, goto: number}
      - {intent: no, goto: bye}
  number:
    say: Your number please.
    interruptible: false
    transitions:
      - {regex: "(?P<number>[0-9]+)", goto: thanks}
      - {contains: [forgot], goto: bye}
      - {any: true, goto: other}
  thanks:
    say: Got {{number}}.
    goto: bye
  other:
    say: I see. {{nothing}}
    goto: bye
  person:
    say: One moment.
    instructions:
      transfer: {type: seat, value: "10{{number|01}}", reason: "asked for {{who|a person}}"}
    on_transfer_busy: busy
  busy:
    say: They are busy. Shall we start?
    transitions: [{intent: yes, goto: number}]
  sorry: {say: Nobody answered., goto: bye}
  bye:
    say: Bye.
    instructions: {hangup: true, sms: {template: "7", mobile: "{{mobile}}"}}
faq:
  - question: What does it cost?
    similar: [how much is it, what is the price]
    answer: ["It is free. Really.", "As I said it is free."]
"""


def clock() -> datetime:
    """Return the time of all test callers."""
    return NOW


def models() -> Path:
    """Return the directory of the model files."""
    data = load_settings(environ=os.environ).paths.models
    return data if data.is_absolute() else ROOT / data


@cache
def encoder() -> UseEncoder:
    """Return the real encoder."""
    return UseEncoder(models())


@cache
def engine(name: str) -> Engine:
    """Return one of the example bots."""
    return Engine(load_bot(BOTS / name / "bot.yaml"), encoder(), clock=clock)


def small_engine(folder: Path, text: str = SMALL_BOT, clock: Callable[[], datetime] = clock) -> Engine:
    """Return a bot of a text."""
    file = folder / "bot.yaml"
    file.write_text(text, encoding="utf-8")
    return Engine(load_bot(file), encoder(), clock=clock)


class Caller:
    """One conversation with an engine."""

    def __init__(self, engine: Engine, session_id: str = "") -> None:
        self.engine = engine
        self.session_id = session_id
        self.chunks: list[Chunk] = []

    async def ask(self, query: Query) -> str:
        """Ask, check the shape of the answer, and return its text."""
        self.chunks = [chunk async for chunk in self.engine.ask(query)]
        assert [chunk.chunk_id for chunk in self.chunks] == list(range(len(self.chunks)))
        assert [chunk.done for chunk in self.chunks] == [False] * (len(self.chunks) - 1) + [True]
        assert len({(chunk.session_id, chunk.query_id) for chunk in self.chunks}) == 1
        assert self.chunks[0].identify_duration_ms
        assert self.chunks[0].node_silent_duration_s
        assert all(chunk.identify_duration_ms is None for chunk in self.chunks[1:])
        assert not any(chunk.instructions for chunk in self.chunks[:-1])
        self.session_id = self.chunks[0].session_id
        return "".join(chunk.reply.text for chunk in self.chunks if chunk.reply is not None).strip()

    async def say(self, text: str, **variables: str) -> str:
        """Say something; "" on the first turn."""
        return await self.ask(Query(text, self.session_id, variables))

    async def keep_silent(self, silence_type: SilenceType = SilenceType.NODE) -> str:
        """Say nothing for a while."""
        return await self.ask(Query(session_id=self.session_id, silence=True, silence_type=silence_type))

    async def come_back(self, state: TransferState) -> str:
        """Be still on the line after a transfer."""
        return await self.say("", Trans_result=state.value)

    @property
    def decision(self) -> Decision:
        """What the last turn was taken for."""
        decision = self.engine.sessions.open(self.session_id).decision
        assert decision is not None
        return decision
