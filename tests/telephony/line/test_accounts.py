from __future__ import annotations

import pytest

from tests.support.sip_agent import running_agent
from tests.support.sip_peers import needs_sipp, sipp

pytestmark = [pytest.mark.sip, needs_sipp]


def account(port: int, password: str = "right") -> dict[str, object]:
    return {
        "name": "pbx",
        "registrar": f"sip:127.0.0.1:{port}",
        "username": "100",
        "password": password,
        "retry_s": 1,
    }


KEYS = {"user": "100", "secret": "right"}


async def test_registers_with_digest_and_leaves() -> None:
    async with sipp("registrar", keys=KEYS) as pbx:
        async with running_agent({"accounts": [account(pbx.port)], "register": True}) as agent:
            event = await agent.wait("registration")
            assert (event["account"], event["registered"], event["expires_s"]) == ("pbx", True, 300)
        await pbx.succeeds()


async def test_a_wrong_password_is_one_line_and_another_try() -> None:
    async with (
        sipp("registrar_checks", keys=KEYS, calls=2) as pbx,
        running_agent({"accounts": [account(pbx.port, "wrong")], "register": True}) as agent,
    ):
        first = await agent.wait("registration")
        assert (first["registered"], first["status"], first["retry_s"]) == (False, 403, 1)
        assert (await agent.wait("registration"))["retry_s"] == 2
        await pbx.succeeds()
        lines = [line for line in agent.log if "registrar answered" in line]
        assert len(lines) == 2
        assert not any("Traceback" in line or "wrong" in line for line in agent.log)


async def test_nothing_is_registered_unless_asked_for() -> None:
    async with (
        sipp("registrar_refuses", keys={"refusal": "404 Not Found"}) as pbx,
        running_agent({"accounts": [account(pbx.port)]}) as agent,
    ):
        agent.tell("count")
        await agent.wait("count")
        assert agent.seen("registration") == []
        agent.tell("register")
        assert (await agent.wait("registration"))["status"] == 404
        await pbx.succeeds()
