"""Calls to a dialogue engine that is not ours: its own audio, keys, all instructions, and what happens when it dies."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.service.configured import APOLOGY, config, line
from tests.service.engine import TOKEN, TONE_HZ, ExampleEngine
from tests.service.handset import handset
from tests.service.peers import LOOPBACK, sipp
from tests.service.running import RunningService, heard
from tests.service.script import Script
from tests.service.sounds import audible_ms, read_wav
from tests.support.sip_peers import free_port, needs_sipp
from tests.support.spectrum import assert_tone
from voicebot.settings import load_settings
from voicebot.storage.outbox import Message
from voicebot.storage.store import Storage

pytestmark = [pytest.mark.sip, pytest.mark.audio, needs_sipp, pytest.mark.timeout(120)]

STOP_TIMEOUT_S = 20.0
FALLBACK_PORT = free_port()
WELCOME = ("Welcome to the example engine.", True)
UNAVAILABLE = "We are out of order."


@pytest.fixture(scope="module")
def engine() -> Iterator[ExampleEngine]:
    running = ExampleEngine()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def doomed() -> Iterator[ExampleEngine]:
    """An engine that a test kills."""
    running = ExampleEngine()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, engine: ExampleEngine, doomed: ExampleEngine
) -> Iterator[RunningService]:
    """A service with one line worker, whose lines ask the engines."""
    lines = [
        line("engine", brain_url=engine.url, brain_token=TOKEN),
        line("doomed", brain_url=doomed.url, brain_token=TOKEN),
    ]
    settings = config(
        lines=lines,
        brain={"breaker_failures": 2, "breaker_pause_s": 600, "fallback_transfer": f"agent@{LOOPBACK}:{FALLBACK_PORT}"},
        sip={"max_calls": 2, "transfer": {"ring_timeout_s": 5}},
        recording={"enabled": True},
    )
    settings["conversation"]["unavailable"] = {"en": UNAVAILABLE, "zh": "暂停服务。"}
    running = RunningService(tmp_path_factory.mktemp("engines"), settings)
    try:
        running.until_ready()
        yield running
        running.terminate()
        assert running.ends(STOP_TIMEOUT_S) == 0, running.log.text
    finally:
        running.destroy()


def messages_of(service: RunningService, caller: str) -> tuple[list[Message], bool]:
    """Text messages ordered in the calls of a number, and whether it is blocked."""
    storage = Storage(load_settings(service.data.parent / "voicebot.yaml"))
    try:
        storage.import_orders()
        messages = [item for item in storage.outbox.messages() if item.call_id.startswith(f"{caller}-")]
        return messages, storage.find_blocked(caller) is not None
    finally:
        storage.close()


async def test_the_engine_plays_its_own_audio_texts_blacklists_and_transfers(service: RunningService) -> None:
    agent = Script("agent").is_rung().takes_the_call().is_hung_up_on()
    async with handset() as phone, sipp(agent) as target:
        caller = Script("13800138000", "engine", media_port=phone.port).rings({"X-Target": target.uri}).is_answered()
        caller.gets_refer(replaces=True).reports(["100 Trying", "200 OK"]).is_hung_up_on()
        async with sipp(caller, service.sip_port) as peer:
            for keys in ("1#", "2#", "3#"):
                await phone.sentence()
                await phone.press(keys)
            await asyncio.gather(peer.succeeds(), target.succeeds())
    record = await service.record("13800138000")
    assert heard(record) == [
        WELCOME,
        ("I have sent you a message.", True),
        ("We will not call you again.", True),
        ("I will put you through.", True),
    ]
    assert (record["transfer"], record["cause"]) == ("answered", "transferred")
    (message,), blocked = messages_of(service, "13800138000")
    assert (message.mobile, message.signature_id, message.template_id) == ("13800138000", "47284801", "30340608")
    assert (message.line, len(message.session_id)) == ("engine", 32)
    assert blocked
    both, rate_hz = read_wav(service.recording(record))
    begin = int(audible_ms(both[:, 1], rate_hz)[0] * rate_hz / 1000)
    assert_tone(both[begin + rate_hz // 10 : begin + rate_hz, 1].tobytes(), rate_hz, TONE_HZ)


async def test_after_a_transfer_that_fails_the_engine_goes_on_and_hangs_up(service: RunningService) -> None:
    agent = Script("agent").is_rung().refuses("486 Busy Here")
    async with handset() as phone, sipp(agent) as target:
        caller = Script("13800138001", "engine", media_port=phone.port).rings({"X-Target": target.uri})
        async with sipp(caller.is_answered().is_hung_up_on(), service.sip_port) as peer:
            await phone.sentence()
            await phone.press("5#")
            await target.succeeds()
            await asyncio.to_thread(service.log.wait_for, r"13800138001-\d+ transfer busy")
            await phone.sentence()
            await phone.press("4#")
            await peer.succeeds()
    record = await service.record("13800138001")
    assert [text for text, _ in heard(record)] == [
        WELCOME[0], "I will do all of that.", "They are busy.", "What else can I do?", "Goodbye."
    ]  # fmt: skip
    assert (record["transfer"], record["cause"]) == ("busy", "bot")
    messages, blocked = messages_of(service, "13800138001")
    assert len(messages) == 1
    assert blocked


async def test_an_engine_that_was_restarted_is_told_of_the_call_again(
    service: RunningService, doomed: ExampleEngine
) -> None:
    async with handset() as phone:
        caller = Script("13800138002", "doomed", media_port=phone.port).rings().is_answered().is_hung_up_on()
        async with sipp(caller, service.sip_port) as peer:
            await phone.sentence()
            doomed.restart()
            await phone.press("1#")
            await phone.sentence()
            await phone.press("4#")
            await peer.succeeds()
    record = await service.record("13800138002")
    assert heard(record) == [WELCOME, ("I have sent you a message.", True), ("Goodbye.", True)]
    assert not any(turn["failures"] for turn in record["turns"])
    (message,), _ = messages_of(service, "13800138002")
    assert message.mobile == "13800138002"  # which it knew from the variables only


async def test_an_engine_that_dies_is_apologised_for_and_then_left_alone(
    service: RunningService, doomed: ExampleEngine
) -> None:
    """The caller is put through in place of it; the next caller finds nobody there either, and is not kept waiting."""
    agent = Script("agent").is_rung().takes_the_call().is_hung_up_on()
    async with handset() as phone, sipp(agent, port=FALLBACK_PORT) as target:
        caller = Script("unlucky", "doomed", media_port=phone.port).rings().is_answered()
        caller.gets_refer(replaces=True).reports(["100 Trying", "200 OK"]).is_hung_up_on()
        async with sipp(caller, service.sip_port) as peer:
            for turn in range(3):
                await phone.sentence()
                if turn == 0:
                    doomed.kill()
                await phone.press("1#")
            await asyncio.gather(peer.succeeds(), target.succeeds())
    record = await service.record("unlucky")
    assert heard(record) == [WELCOME, (APOLOGY, True), (APOLOGY, True), (UNAVAILABLE, True)]
    codes = [code for turn in record["turns"] for code in turn["failures"]]
    assert codes == ["brain_unavailable", "brain_unavailable", "brain_circuit_open"]
    assert (record["transfer"], record["cause"]) == ("answered", "transferred")

    agent = Script("agent").is_rung().refuses("486 Busy Here")
    async with sipp(agent, port=FALLBACK_PORT) as target:
        caller = Script("next-caller", "doomed").rings().is_answered().is_hung_up_on()
        async with sipp(caller, service.sip_port) as peer:
            await asyncio.gather(peer.succeeds(), target.succeeds())
    record = await service.record("next-caller")
    assert heard(record) == [(UNAVAILABLE, True), ("Goodbye.", True)]
    assert record["turns"][0]["failures"] == ["brain_circuit_open"]
    assert record["cause"] == "bot"
