"""The bot as a trunk without registration: Asterisk knows it by its address."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.pbx.conftest import House, house, order
from tests.pbx.phones import Phone, registered
from tests.service.brains import OrderingBrain
from tests.service.peers import sipp
from tests.service.script import Script
from tests.support.asterisk import needs_asterisk
from tests.support.sip_peers import free_port, needs_sipp

pytestmark = [
    pytest.mark.asterisk, pytest.mark.sip, pytest.mark.audio, needs_sipp, needs_asterisk, pytest.mark.timeout(120)
]  # fmt: skip

CALLER, BOT, AGENT = "8002", "8101", "8000"
LOCAL = "#include pjsip_peer.conf\n"


@pytest.fixture(scope="module")
def trunk(tmp_path_factory: pytest.TempPathFactory, brain: OrderingBrain) -> Iterator[House]:
    yield from house(tmp_path_factory.mktemp("trunk"), brain, LOCAL, free_port(), routes=[])


async def test_both_ask_each_other_whether_they_live(trunk: House) -> None:
    await trunk.pbx.until("pjsip show contacts", "Avail")
    assert "8001" not in await trunk.pbx.tell("pjsip show contacts")


async def test_the_bot_is_told_the_number_and_puts_the_caller_through(trunk: House) -> None:
    """It calls Asterisk without a password."""
    order(trunk, CALLER, "1", AGENT)
    person = Script(AGENT).is_rung().takes_the_call().is_hung_up_on()
    caller = Phone(CALLER, BOT).rings_with_password().is_answered().waits_for_cue().hangs_up()
    async with registered(trunk.pbx, person) as target, sipp(caller, trunk.pbx.port) as peer:
        record = await trunk.service.record(CALLER)
        peer.cue()
        await asyncio.gather(peer.succeeds(), target.succeeds())
    assert record["info"]["called"] == BOT
    assert record["info"]["headers"]["X-Voicebot-Account"] == "asterisk"
    assert (record["transfer"], record["cause"]) == ("answered", "transferred")


async def test_the_caller_is_put_through_to_an_outside_number(trunk: House) -> None:
    caller = "8000"
    order(trunk, caller, "3", "10086")
    person = Script("10086").is_rung({"To": ".*sip:10086@.*"}).takes_the_call().is_hung_up_on()
    script = Phone(caller, BOT).rings_with_password().is_answered().waits_for_cue().hangs_up()
    async with sipp(person, port=trunk.provider) as target, sipp(script, trunk.pbx.port) as peer:
        record = await trunk.service.record(caller)
        peer.cue()
        await asyncio.gather(peer.succeeds(), target.succeeds())
    assert (record["transfer"], record["cause"]) == ("answered", "transferred")
