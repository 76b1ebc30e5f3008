"""A service with other settings: registered at PBXs, transferring blind; and how it ends."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.service.configured import config, line
from tests.service.handset import handset
from tests.service.peers import LOOPBACK, Sipp, sipp
from tests.service.running import RunningService, heard, is_alive
from tests.service.script import Script
from tests.support.sip_peers import needs_sipp

pytestmark = [pytest.mark.sip, pytest.mark.audio, needs_sipp, pytest.mark.timeout(120)]

USERNAME, PASSWORD = "8001", "open sesame"
STOP_S = 10.0
RESULTS = {"moved": "200 OK", "engaged": "486 Busy Here", "lost": "503 Service Unavailable"}
ONE_MOMENT = ("One moment please.", True)


@dataclass
class Story:
    """What a service did from its start to its end."""

    status: int = -1
    out: str = ""
    log: str = ""
    survivors: list[int] = field(default_factory=list)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)


def account(name: str, registrar: Sipp) -> dict[str, Any]:
    return {
        "name": name,
        "registrar": f"sip:{LOOPBACK}:{registrar.port}",
        "username": USERNAME,
        "password": PASSWORD,
        "retry_s": 1,
    }


async def blind_transfer(service: RunningService, name: str, result: str, story: Story) -> None:
    """Make a call of somebody who takes a REFER and reports how it went."""
    script = Script(name, "switchboard").rings({"X-Target": f"sip:desk@{LOOPBACK}:9"}).is_answered()
    script.gets_refer(replaces=False).reports(["100 Trying", result]).is_hung_up_on()
    async with sipp(script, service.sip_port) as peer:
        await peer.succeeds()
    story.records[name] = await service.record(name)


async def tell(folder: Path) -> Story:
    """Start a service, use it and stop it in the middle of a call."""
    story = Story()
    kind = Script("kind").gets_register().challenges(USERNAME, PASSWORD).gets_register("Expires: 0").answers("200 OK")
    strict = Script("strict").gets_register().refuses_register()
    async with sipp(kind) as kind_pbx, sipp(strict, times=2) as strict_pbx:
        accounts = [account("kind", kind_pbx), account("strict", strict_pbx)]
        sip = {"max_calls": 3, "transfer": {"mode": "blind"}, "accounts": accounts}
        service = RunningService(folder, config(sip=sip, lines=[line("switchboard"), line("desk")]))
        try:
            await asyncio.to_thread(service.until_ready)
            await strict_pbx.succeeds()
            await asyncio.to_thread(service.log.wait_for, "account kind: registered")
            await asyncio.gather(*(blind_transfer(service, name, result, story) for name, result in RESULTS.items()))
            await stop_in_mid_call(service, story)
            await kind_pbx.succeeds()
        finally:
            service.destroy()
    story.out, story.log = service.out.text, service.log.text
    return story


async def stop_in_mid_call(service: RunningService, story: Story) -> None:
    processes = [service.process.pid, *service.processes]
    async with handset() as phone:
        script = Script("last", "desk", media_port=phone.port).rings().is_answered().is_hung_up_on()
        async with sipp(script, service.sip_port) as peer:
            await phone.sentence()
            service.terminate()
            await peer.succeeds()
    story.status = await asyncio.to_thread(service.ends, STOP_S)
    story.survivors = [pid for pid in processes if is_alive(pid)]
    story.records["last"] = await service.record("last")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The second service, from start to end."""
    return asyncio.run(tell(tmp_path_factory.mktemp("second")))


def test_it_registers_with_its_password_and_leaves_at_the_end(story: Story) -> None:
    assert "account kind: registered for 300 s" in story.log  # the rest was demanded by the registrar's script


def test_a_registrar_that_refuses_is_asked_again_and_named_in_the_log(story: Story) -> None:
    refusals = [text for text in story.log.splitlines() if "account strict" in text]
    assert len(refusals) >= 2
    assert "the registrar answered 403 Forbidden (it refuses this account or address); next try in 1 s" in refusals[0]
    assert "next try in 2 s" in refusals[1]


def test_blind_transfer(story: Story) -> None:
    record = story.records["moved"]
    assert (record["transfer"], record["cause"]) == ("answered", "transferred")
    assert heard(record) == [ONE_MOMENT]


@pytest.mark.parametrize(
    ("name", "outcome", "words"), [("engaged", "busy", "They are busy."), ("lost", "failed", "Nobody is there.")]
)
def test_caller_of_a_failed_blind_transfer_is_still_there(story: Story, name: str, outcome: str, words: str) -> None:
    record = story.records[name]
    assert (record["transfer"], record["cause"]) == (outcome, "bot")
    assert heard(record) == [ONE_MOMENT, (words, True), ("Goodbye.", True)]


def test_sigterm_ends_calls_and_processes_in_order(story: Story) -> None:
    assert story.status == 0
    assert story.survivors == []
    assert story.records["last"]["cause"] == "shutdown"
    assert "stopping" in story.out
    assert "Traceback" not in story.log


def test_passwords_are_kept_out_of_the_output(story: Story) -> None:
    assert PASSWORD not in story.out + story.log
