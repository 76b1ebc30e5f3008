"""Calls as they happen all day: talk, keys, hold, barge-in, codecs, and who hangs up."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.service.configured import APOLOGY
from tests.service.handset import Handset, handset
from tests.service.peers import baresip, sipp
from tests.service.running import RunningService, heard, understood
from tests.service.script import Script
from tests.service.sounds import GO_FORWARD, QUEEN_OF_CLUBS, VERY_TASTY, audible_ms, read_wav, tape
from tests.support.sip_peers import needs_baresip, needs_sipp
from voicebot.modelstore.store import ModelStore
from voicebot.settings import load_settings
from voicebot.speech.recognition.scoring import errors
from voicebot.speech.recognition.whisper import WhisperRecogniser
from voicebot.speech.types import TranscriptionRequest

pytestmark = [pytest.mark.sip, pytest.mark.audio, needs_sipp, needs_baresip, pytest.mark.timeout(150)]

GREETING = "Good morning, this is the desk."
MOVING = "The robot moves now."
GOODBYE = "Thank you and goodbye."
MAX_ERROR_RATE = 0.25
CALLS_AT_ONCE = 9


@dataclass
class Day:
    """What became of the calls of a day, by the callers' names."""

    service: RunningService
    folder: Path
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    dumps: dict[str, tuple[Path, Path]] = field(default_factory=dict)
    phones: dict[str, Handset] = field(default_factory=dict)

    async def runs(self) -> None:
        """Make all the calls, nearly all at once."""
        room = asyncio.Semaphore(CALLS_AT_ONCE)

        async def one(call: Callable[[], Awaitable[None]]) -> None:
            async with room:
                await call()

        calls = (
            self.talks_and_hangs_up, self.interrupts, self.presses_keys, self.holds, self.says_goodbye_in_pcma,
            self.says_goodbye_in_pcmu, self.listens_in_g722, self.meets_no_brain, self.meets_a_hanging_brain,
            self.gives_up, self.asks_for_options, self.speaks_mandarin,
        )  # fmt: skip
        results = await asyncio.gather(*(one(call) for call in calls), return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            raise failures[0]

    async def talks_and_hangs_up(self) -> None:
        sound = tape(3.0, GO_FORWARD, 4.0, rate_hz=16000)
        await self.rings_by_baresip("talker", "desk", sound, "G722", 16000)

    async def interrupts(self) -> None:
        await self.rings_by_baresip("interrupter", "story", tape(3.0, GO_FORWARD, 25.0))

    async def presses_keys(self) -> None:
        await self.rings_by_baresip("typist", "desk", tape(30.0), keys="42#")

    async def rings_by_baresip(
        self, name: str, number: str, sound: Any, codec: str = "PCMA", rate_hz: int = 8000, keys: str = ""
    ) -> None:
        async with baresip(self.folder / name, name, sound, codec, rate_hz) as peer:
            await peer.tell("dial", f"sip:{number}@127.0.0.1:{self.service.sip_port}")
            await peer.event("CALL_ESTABLISHED")
            for key in keys:
                await peer.tell("sndcode", key)
            await peer.event("CALL_CLOSED")
            self.dumps[name] = peer.dumps
            # While it still runs: it tells of the end before its BYE is out, and that would not be sent again.
            self.records[name] = await self.service.record(name)

    async def holds(self) -> None:
        script = Script("holder", "patient").rings().is_answered().pauses(1500)
        script.changes_direction("sendonly", "recvonly").pauses(4000)
        script.changes_direction("sendrecv", "sendrecv").is_hung_up_on()
        await self.rings_by_sipp(script)

    async def says_goodbye_in_pcma(self) -> None:
        await self.says_goodbye(Script("pcma", "desk"))

    async def says_goodbye_in_pcmu(self) -> None:
        await self.says_goodbye(Script("pcmu", "desk", "PCMU"))

    async def says_goodbye(self, script: Script) -> None:
        script.rings().is_answered().pauses(3000).says("sound", 2000).is_hung_up_on()
        await self.rings_by_sipp(script, QUEEN_OF_CLUBS)

    async def rings_by_sipp(self, script: Script, clip: Path | None = None) -> None:
        sound = None if clip is None else tape(clip)
        async with sipp(script, self.service.sip_port, sound) as peer:
            await peer.succeeds()
        self.records[script.name] = await self.service.record(script.name)

    async def listens_in_g722(self) -> None:
        async with handset() as phone:
            script = Script("g722", "desk", "G722", phone.port).rings().is_answered().waits_for_cue().hangs_up()
            async with sipp(script, self.service.sip_port) as peer:
                await phone.stream(2500)
                peer.cue()
                await peer.succeeds()
        self.phones["g722"] = phone
        self.records["g722"] = await self.service.record("g722")

    async def meets_no_brain(self) -> None:
        await self.hears_an_apology("unreachable")

    async def meets_a_hanging_brain(self) -> None:
        await self.hears_an_apology("hanging")

    async def hears_an_apology(self, number: str) -> None:
        async with handset() as phone:
            name = f"caller-of-{number}"
            script = Script(name, number, media_port=phone.port).rings().is_answered().waits_for_cue().hangs_up()
            async with sipp(script, self.service.sip_port) as peer:
                await phone.sentence()
                await phone.stream(1000)  # the call is kept
                peer.cue()
                await peer.succeeds()
        self.records[number] = await self.service.record(name)

    async def gives_up(self) -> None:
        async with baresip(self.folder / "quitter", "quitter", tape(5.0)) as peer:
            await peer.tell("dial", f"sip:desk@127.0.0.1:{self.service.sip_port}")
            await peer.tell("hangup")
            await peer.event("CALL_CLOSED")
            # It has to stay for that: a CANCEL must wait for the first answer to the INVITE.
            self.records["quitter"] = await self.service.record("quitter")

    async def asks_for_options(self) -> None:
        async with sipp(Script("options", "desk").asks_for_options(), self.service.sip_port) as peer:
            await peer.succeeds()

    async def speaks_mandarin(self) -> None:
        await asyncio.to_thread(self.service.log.wait_for, "fixed sentences of the bots are rendered", 90.0)
        async with handset() as phone:
            script = Script("mandarin", "front", media_port=phone.port).rings().is_answered().is_hung_up_on()
            async with sipp(script, self.service.sip_port) as peer:
                await phone.sentence()
                await phone.say(tape(VERY_TASTY, 1.0))
                await peer.succeeds()
        self.records["mandarin"] = await self.service.record("mandarin")


@pytest.fixture(scope="module")
def day(service: RunningService, tmp_path_factory: pytest.TempPathFactory) -> Day:
    """Calls of all kinds, made at the same time."""
    made = Day(service, tmp_path_factory.mktemp("day"))
    asyncio.run(made.runs())
    return made


def test_caller_is_greeted_understood_and_answered(day: Day) -> None:
    record = day.records["talker"]
    assert heard(record) == [(GREETING, True), (MOVING, True)]
    assert error_rate("go forward ten meters", understood(record)) <= MAX_ERROR_RATE
    assert record["cause"] == "caller"
    assert record["audio"]["codec"] == "G722"
    assert record["audio"]["lost"] == 0


async def test_caller_hears_words_and_not_just_noise(day: Day) -> None:
    _, received = day.dumps["talker"]
    samples, rate_hz = read_wav(received)
    settings = load_settings(environ=os.environ)
    recogniser = settings.speech.recogniser
    ears = await WhisperRecogniser.load(ModelStore(settings).path(recogniser.model), recogniser)
    try:
        request = TranscriptionRequest(samples[:, 0].tobytes(), rate_hz, "en")
        transcript = await ears.transcribe(request)
    finally:
        await ears.close()
    assert error_rate(f"{GREETING} {MOVING}", [transcript.text]) <= MAX_ERROR_RATE


def test_bot_falls_silent_when_it_is_interrupted(day: Day) -> None:
    record = day.records["interrupter"]
    (story, complete), *rest = heard(record)
    assert not complete
    assert story.startswith("Once upon a time")
    assert "city" not in story
    assert rest == [("All right, I will stop here.", True)]
    assert record["barge_ins"] >= 1
    assert error_rate("go forward ten meters", understood(record)) <= MAX_ERROR_RATE


@pytest.mark.parametrize("where", ["bot", "caller"])
def test_silence_after_a_barge_in_comes_soon(day: Day, where: str) -> None:
    """By the bot's own recording, and by what the caller's side sent and received."""
    if where == "bot":
        both, rate_hz = read_wav(day.service.recording(day.records["interrupter"]))
        caller, bot = both[:, 0], both[:, 1]
    else:
        (sent, rate_hz), (received, _) = (read_wav(path) for path in day.dumps["interrupter"])
        caller, bot = sent[:, 0], received[:, 0]
    begins_ms = audible_ms(caller, rate_hz)[0]
    talking = np.array(audible_ms(bot, rate_hz))
    pauses = np.flatnonzero(np.diff(talking) > 1000)  # between what was cut off and the answer
    assert pauses.size
    silent_ms = talking[pauses[talking[pauses] > begins_ms - 500][0]]
    assert begins_ms - 500 < silent_ms < begins_ms + 1000


def test_caller_may_give_up_while_it_rings(day: Day) -> None:
    """The bot answers within milliseconds: either the CANCEL is in time, or a BYE follows the answer it crossed."""
    record = day.records["quitter"]
    assert record["cause"] in ("cancelled", "caller")
    assert understood(record) == []


def test_keys_reach_the_brain(day: Day) -> None:
    record = day.records["typist"]
    assert understood(record) == ["42#"]
    assert heard(record)[-2:] == [("That is the kitchen.", True), ("Goodbye.", True)]
    assert record["cause"] == "bot"


def test_nobody_is_asked_anything_on_hold(day: Day) -> None:
    record = day.records["holder"]
    assert heard(record) == [("Hello.", True), ("Are you still there?", True), ("Goodbye.", True)]
    # Held 1.5 s after the answer at the earliest, for 4 s; the bot waits 2 s for an answer.
    assert record["turns"][1]["asked_ms"] > 7000


@pytest.mark.parametrize("codec", ["PCMA", "PCMU"])
def test_bot_hangs_up_when_its_goodbye_was_heard(day: Day, codec: str) -> None:
    record = day.records[codec.lower()]
    assert record["audio"]["codec"] == codec
    assert heard(record) == [(GREETING, True), (GOODBYE, True)]
    assert error_rate("four queen of clubs", understood(record)) <= 0.5
    assert record["cause"] == "bot"
    goodbye = record["turns"][-1]
    assert goodbye["instructions"] == ["Hangup"]
    # Not before the last word was out.
    both, rate_hz = read_wav(day.service.recording(record))
    assert len(both) / rate_hz * 1000 >= audible_ms(both[:, 1], rate_hz)[-1]


def test_g722_is_spoken_where_nothing_else_is_offered(day: Day) -> None:
    assert set(day.phones["g722"].payload_types) == {9}
    assert day.records["g722"]["audio"]["codec"] == "G722"
    assert heard(day.records["g722"])[0][0].startswith("Good morning")


@pytest.mark.parametrize(("number", "code"), [("unreachable", "brain_unavailable"), ("hanging", "brain_timeout")])
def test_caller_of_a_bot_without_a_brain_hears_an_apology(day: Day, number: str, code: str) -> None:
    record = day.records[number]
    assert heard(record) == [(APOLOGY, True)]
    assert record["turns"][0]["failures"] == [code]
    assert record["cause"] == "caller"
    assert f"call {record['info']['call_id']}: {code} failed" in day.service.log.text


def test_mandarin(day: Day) -> None:
    record = day.records["mandarin"]
    assert heard(record) == [("您好,请讲。", True), ("谢谢您,再见。", True)]
    assert error_rate("我相信很好吃", understood(record), "zh") <= 0.35
    assert record["cause"] == "bot"


def test_log_keeps_what_was_said_to_itself(day: Day) -> None:
    text = day.service.log.text.lower()
    assert "call" in text
    for secret in ("forward", "queen", "desk.", "42#", "好吃"):
        assert secret not in text


def error_rate(reference: str, texts: list[str], language: str = "en") -> float:
    wrong, of = errors(reference, " ".join(texts), language)
    return wrong / of
