"""Registration at Asterisk that does not go well."""

from __future__ import annotations

import pytest

from tests.support.asterisk import Addresses, asterisk, needs_asterisk
from tests.support.sip_agent import running_agent, start_agent
from tests.support.sip_peers import free_port

pytestmark = [pytest.mark.asterisk, pytest.mark.sip, needs_asterisk]


async def test_a_wrong_password_is_tried_again_and_reaches_nothing() -> None:
    async with asterisk(Addresses(free_port())) as pbx:
        account = {"name": "pbx", "registrar": f"sip:{pbx.host}", "username": "8001", "password": "wrong", "retry_s": 1}
        async with running_agent({"accounts": [account], "register": True}) as agent:
            event = await agent.wait("registration")
            assert (event["registered"], event["status"], event["retry_s"]) == (False, 401, 1)
            assert (await agent.wait("registration"))["retry_s"] == 2
            assert "8001/" not in await pbx.tell("pjsip show contacts")


async def test_who_restarts_takes_the_place_of_his_old_contact() -> None:
    async with asterisk(Addresses(free_port())) as pbx:
        account = {
            "name": "pbx", "registrar": f"sip:{pbx.host}", "username": "8001", "password": "change-me-8001"
        }  # fmt: skip
        order = {"accounts": [account], "register": True}
        killed = await start_agent(order)
        try:
            assert (await killed.wait("registration"))["registered"]
        finally:
            await killed.close()  # leaves its contact behind
        assert (await pbx.tell("pjsip show contacts")).count("8001/") == 1
        async with running_agent(order) as agent:
            assert (await agent.wait("registration"))["registered"]
            assert (await pbx.tell("pjsip show contacts")).count("8001/") == 1
        assert "8001/" not in await pbx.tell("pjsip show contacts")
