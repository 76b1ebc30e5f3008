"""Telephones that Asterisk lets send their audio to the bot directly: the stream moves twice in each call."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pbx.phones import password_of
from tests.support.asterisk import Addresses, asterisk, needs_asterisk
from tests.support.sip_agent import running_agent
from tests.support.sip_peers import baresip, free_port, needs_baresip
from tests.support.spectrum import assert_tone
from tests.telephony.line.test_call import heard

pytestmark = [pytest.mark.asterisk, pytest.mark.sip, needs_asterisk, needs_baresip, pytest.mark.timeout(60)]

LOCAL = """
[8001](+type=endpoint)
direct_media=yes
[8002](+type=endpoint)
direct_media=yes
identify_by=username,auth_username
"""


async def test_audio_moves_and_its_figures_are_those_of_the_whole_call(tmp_path: Path) -> None:
    async with asterisk(Addresses(free_port()), LOCAL) as pbx:
        account = {
            "name": "pbx", "registrar": f"sip:{pbx.host}", "username": "8001", "password": password_of("8001")
        }  # fmt: skip
        async with running_agent({"accounts": [account], "register": True}, source="tone:500") as agent:
            assert (await agent.wait("registration"))["registered"]
            caller = f";auth_user=8002;auth_pass={password_of('8002')}"
            async with baresip(tmp_path, f"sip:8001@{pbx.host}", seconds=5, account=caller) as phone:
                call = (await agent.wait("answered"))["call"]
                assert_tone(*await heard(agent, call), 700)
                ended = await agent.wait("hung_up", call=call)
                await phone.ended()
        assert "bridge_native_rtp.c: Remotely bridged" in pbx.log
    # Asterisk takes the audio back before it hangs up: the last stream is an empty one.
    assert ended["stream"]["received"] > 100
    assert ended["stream"]["sent"] > 100
