"""Whom a brain's transfer rings, what that person's SIP side is told, and what else was ordered with it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from telephony.sip import SipRequest, parse_uri
from tests.service.brains import OrderingBrain, ordering_brain
from tests.service.configured import config, line
from tests.service.peers import LOOPBACK, sipp
from tests.service.running import RunningService, heard
from tests.service.script import Script
from tests.support.busy_target import busy_target
from tests.support.sip_peers import free_port, needs_sipp
from voicebot.settings import load_settings
from voicebot.storage.store import Storage

pytestmark = [pytest.mark.sip, pytest.mark.audio, needs_sipp, pytest.mark.timeout(120)]

STOP_TIMEOUT_S = 20.0
GROUP_PORT = free_port()
TEMPLATES = {
    "agent_uri": f"sip:agent@{LOOPBACK}:{{value}}",
    "group_uri": f"sip:{{value}}@{LOOPBACK}:{GROUP_PORT}",
    "number_uri": f"sip:0-{{caller}}@{LOOPBACK}:{{value}}",
}
REASON = "投诉 100%, order 7"
TOLD_REASON = "%E6%8A%95%E8%AF%89 100%25, order 7"


@pytest.fixture(scope="module")
def brain() -> Iterator[OrderingBrain]:
    with ordering_brain() as running:
        yield running


def start(folder: Path, brain: OrderingBrain, mode: str) -> Iterator[RunningService]:
    """Run a service whose one line asks that brain."""
    lines = [line("hotline", brain_url=brain.url)]
    service = RunningService(folder, config(lines=lines, sip={"transfer": {"mode": mode, **TEMPLATES}}))
    try:
        service.until_ready()
        yield service
        service.terminate()
        assert service.ends(STOP_TIMEOUT_S) == 0, service.log.text
    finally:
        service.destroy()


@pytest.fixture(scope="module")
def attended(tmp_path_factory: pytest.TempPathFactory, brain: OrderingBrain) -> Iterator[RunningService]:
    yield from start(tmp_path_factory.mktemp("attended"), brain, "attended")


@pytest.fixture(scope="module")
def blind(tmp_path_factory: pytest.TempPathFactory, brain: OrderingBrain) -> Iterator[RunningService]:
    yield from start(tmp_path_factory.mktemp("blind"), brain, "blind")


def transfer(**parameters: str) -> dict[str, Any]:
    return {"system_toCustomerService": parameters}


def told(caller: str, reason: str = "dialogue") -> dict[str, str]:
    """The headers of a transfer, as patterns."""
    return {
        "X-Voicebot-Session": f"session-{caller}",
        "X-Voicebot-Call": f"{caller}-[0-9]+",
        "X-Voicebot-Reason": reason,
        "X-Voicebot-Line": "hotline",
    }


async def take_over(service: RunningService, brain: OrderingBrain, name: str, parameters: dict[str, str]) -> None:
    """Make a call that the person takes, whose SIP side demands the right address and headers."""
    uri_user = {"seat": "agent", "given": "desk", "group": "north%20hall", "number": f"0-{name}"}[name]
    expected = {"To": f"<sip:{uri_user}@127[.]0[.]0[.]1>", **told(name)}
    target_script = Script(f"target-{name}").is_rung(expected).takes_the_call().is_hung_up_on()
    caller = Script(name, "hotline").rings().is_answered().gets_refer(replaces=True, told=told(name))
    caller.reports(["100 Trying", "200 OK"]).is_hung_up_on()
    async with sipp(target_script, port=GROUP_PORT if name == "group" else 0) as target:
        port = str(target.port)
        brain.orders[name] = transfer(**{key: value.format(port=port) for key, value in parameters.items()})
        async with sipp(caller, service.sip_port) as peer:
            await asyncio.gather(peer.succeeds(), target.succeeds())
    record = await service.record(name)
    assert (record["transfer"], record["cause"]) == ("answered", "transferred")


async def test_each_kind_of_target_is_rung_and_told_session_and_reason(
    attended: RunningService, brain: OrderingBrain
) -> None:
    await asyncio.gather(
        take_over(attended, brain, "seat", {"transType": "1", "transValue": "{port}"}),
        take_over(attended, brain, "group", {"transType": "2", "transValue": "north hall"}),
        take_over(attended, brain, "number", {"transType": "3", "transValue": "{port}"}),
        take_over(
            attended, brain, "given", {"transType": "3", "transValue": "9", "transAddr": "desk@127.0.0.1:{port}"}
        ),
    )


async def refer(service: RunningService, brain: OrderingBrain, name: str, to: str, parameters: dict[str, str]) -> None:
    """Make a call that is sent away at once."""
    brain.orders[name] = transfer(**parameters)
    caller = Script(name, "hotline").rings().is_answered().gets_refer(replaces=False, to=f"^ *{to}$", told=told(name))
    async with sipp(caller.reports(["100 Trying", "200 OK"]).is_hung_up_on(), service.sip_port) as peer:
        await peer.succeeds()
    record = await service.record(name)
    assert (record["transfer"], record["cause"]) == ("answered", "transferred")


async def test_a_blind_transfer_names_each_kind_of_target_and_tells_session_and_reason(
    blind: RunningService, brain: OrderingBrain
) -> None:
    group = f"<sip:%E9%94%80%E5%94%AE@{LOOPBACK}:{GROUP_PORT}>"
    given = {"transType": "1", "transValue": "9", "transAddr": "desk@10.10.10.10:5060;transport=udp"}
    await asyncio.gather(
        refer(blind, brain, "b-seat", f"<sip:agent@{LOOPBACK}:5070>", {"transType": "1", "transValue": "5070"}),
        refer(blind, brain, "b-group", group, {"transType": "2", "transValue": "销售"}),
        refer(blind, brain, "b-number", f"<sip:0-b-number@{LOOPBACK}:5070>", {"transType": "3", "transValue": "5070"}),
        refer(blind, brain, "b-given", "<sip:desk@10.10.10.10:5060;transport=udp>", given),
    )


async def ring_busy(
    service: RunningService, brain: OrderingBrain, name: str, order: dict[str, Any]
) -> tuple[SipRequest, list[str]]:
    """Make a call whose skill group is busy; returns the INVITE, and what was stored when it came."""
    brain.orders[name] = order
    stored: list[list[str]] = []
    caller = Script(name, "hotline").rings().is_answered().is_hung_up_on()
    async with busy_target(GROUP_PORT, lambda _: stored.append(stored_of(service, name))) as target:
        async with sipp(caller, service.sip_port) as peer:
            invite = await target.invite()
            await peer.succeeds()
        assert target.rung == 1
    record = await service.record(name)
    assert heard(record)[0] == ("One moment please.", True)
    assert heard(record)[1:] == [("They are busy.", True), ("Goodbye.", True)]
    assert (record["transfer"], record["cause"]) == ("busy", "bot")
    assert brain.results[name] == ["2"]
    return invite, stored[0]


def stored_of(service: RunningService, caller: str) -> list[str]:
    """What is kept of a caller's orders at this moment: templates of text messages, and whether they are blocked."""
    storage = Storage(load_settings(service.data.parent / "voicebot.yaml"))
    try:
        blocked = storage.find_blocked(caller) is not None
        messages = [item.template_id for item in storage.outbox.messages() if item.call_id.startswith(f"{caller}-")]
    finally:
        storage.close()
    return [*messages, "blocked"] if blocked else messages


async def test_a_hostile_group_is_rung_as_a_name_and_its_reason_stays_one_header(
    attended: RunningService, brain: OrderingBrain
) -> None:
    value = '1001@evil.example:5060> <sip:evil.example>&Route="x"'
    order = transfer(transType="2", transValue=value, reason=f"{REASON}\r\nX-Evil: yes{'!' * 300}")
    invite, _ = await ring_busy(attended, brain, "hostile", order)
    uri = parse_uri(invite.uri)
    assert (uri.plain_user, uri.host, uri.port, uri.params, uri.headers) == (value, LOOPBACK, GROUP_PORT, {}, "")
    # As long as a value may be, and the INVITE still comes in one piece.
    assert invite.require("x-voicebot-reason") == f"{TOLD_REASON} X-Evil: yes{'!' * 300}"[:200]
    assert invite.first("x-evil") is None


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("injected", {"transType": "2", "transValue": "1001\r\nX-Evil: yes"}),
        ("injected-uri", {"transType": "2", "transValue": "1001;maddr=10.9.9.9?X-Evil=yes"}),
        ("injected-address", {"transAddr": "1001@127.0.0.1:{port}>\r\nX-Evil: yes"}),
        ("no-address", {"transAddr": "somebody nice"}),
    ],
)
async def test_what_cannot_be_dialled_comes_back_to_the_brain(
    attended: RunningService, brain: OrderingBrain, name: str, parameters: dict[str, str]
) -> None:
    caller = Script(name, "hotline").rings().is_answered().is_hung_up_on()
    async with busy_target(GROUP_PORT) as target:
        brain.orders[name] = transfer(**{key: text.format(port=target.port) for key, text in parameters.items()})
        async with sipp(caller, attended.sip_port) as peer:
            await peer.succeeds()
        assert target.rung == 0
    assert brain.results[name] == ["-1"]
    record = await attended.record(name)
    assert heard(record)[1:] == [("Nobody is there.", True), ("Goodbye.", True)]
    assert record["transfer"] == "failed"
    assert "X-Evil" not in attended.log.text


EVERYTHING = {
    "system_hangup": None,
    "system_blacklist_event": None,
    "system_shortmessage": {"mobile": "12345678", "signatureId": "47284801", "templateId": "30340608"},
}


async def test_notes_are_kept_before_the_transfer_rings(attended: RunningService, brain: OrderingBrain) -> None:
    order = {"system_hangup": None, **transfer(transType="2", transValue="all"), **EVERYTHING}
    _, stored = await ring_busy(attended, brain, "everything", order)
    assert stored == ["30340608", "blocked"]


async def test_a_hang_up_in_the_same_map_does_not_cut_the_transfer(
    attended: RunningService, brain: OrderingBrain
) -> None:
    target_script = Script("target-both").is_rung(told("both")).takes_the_call().is_hung_up_on()
    caller = Script("both", "hotline").rings().is_answered().gets_refer(replaces=True)
    async with sipp(target_script) as target:
        brain.orders["both"] = {**EVERYTHING, **transfer(transAddr=target.uri)}
        async with sipp(caller.reports(["200 OK"]).is_hung_up_on(), attended.sip_port) as peer:
            await asyncio.gather(peer.succeeds(), target.succeeds())
    record = await attended.record("both")
    assert (record["transfer"], record["cause"]) == ("answered", "transferred")
