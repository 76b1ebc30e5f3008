"""Callers whom the bot sends away blind through Asterisk, and who come back when there is nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.pbx.conftest import House, house, order, rings
from tests.pbx.phones import registered
from tests.service.brains import OrderingBrain
from tests.service.running import heard, until
from tests.service.script import Script
from tests.support.asterisk import needs_asterisk
from tests.support.sip_peers import needs_sipp

pytestmark = [
    pytest.mark.asterisk, pytest.mark.sip, pytest.mark.audio, needs_sipp, needs_asterisk, pytest.mark.timeout(120)
]  # fmt: skip

BOT, AGENT = "8001", "8000"


@pytest.fixture(scope="module")
def blind(tmp_path_factory: pytest.TempPathFactory, brain: OrderingBrain) -> Iterator[House]:
    yield from house(tmp_path_factory.mktemp("blind"), brain, transfer={"mode": "blind", "ring_timeout_s": 5})


async def test_the_caller_gets_the_person(blind: House) -> None:
    order(blind, "sent", "1", AGENT)
    person = Script(AGENT).is_rung().takes_the_call().is_hung_up_on()
    script = Script("sent", BOT).rings().is_answered().waits_for_cue().hangs_up()
    async with registered(blind.pbx, person) as target, rings(blind, script) as peer:
        record = await blind.service.record("sent")
        peer.cue()
        await asyncio.gather(peer.succeeds(), target.succeeds())
    assert (record["transfer"], record["cause"]) == ("answered", "transferred")


@pytest.mark.parametrize(
    ("name", "kind", "target", "result"),
    [
        ("sent-to-busy", "1", AGENT, "BUSY"),
        ("sent-to-offline", "1", "8002", "CHANUNAVAIL"),
        ("sent-to-queue", "2", "billing", "JOINEMPTY"),
    ],
)
async def test_the_caller_is_with_the_bot_again(blind: House, name: str, kind: str, target: str, result: str) -> None:
    """As a new call: for the first one all went well, as far as Asterisk tells."""
    order(blind, name, kind, target)
    person = Script(AGENT).is_rung().refuses("486 Busy Here")
    script = Script(name, BOT).rings().is_answered().is_hung_up_on()
    async with registered(blind.pbx, person), rings(blind, script) as peer:
        await peer.succeeds()
        await until(lambda: len(calls_of(blind, name)) == 2, "a record of both calls")
    first, second = sorted(calls_of(blind, name), key=lambda record: str(record["started_at"]))
    assert (first["transfer"], first["cause"]) == ("answered", "transferred")
    assert (second["transfer"], second["cause"]) == ("", "bot")
    assert second["info"]["headers"]["X-Transfer-Result"] == result
    assert heard(second)[-1] == ("Goodbye.", True)


def calls_of(place: House, caller: str) -> list[dict[str, Any]]:
    return [record for record in place.service.records() if record["info"]["caller"] == caller]
