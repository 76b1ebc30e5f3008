from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from tests.support.busy_target import busy_target
from tests.support.sip_agent import Agent, running_agent, start_agent
from tests.support.sip_peers import Sipp, baresip, needs_baresip, needs_sipp, sipp
from tests.support.spectrum import assert_tone

pytestmark = [pytest.mark.sip, needs_sipp]


@contextlib.asynccontextmanager
async def transferring(
    caller_scenario: str,
    target_scenario: str,
    *,
    keys: Mapping[str, str] | None = None,
    ring_timeout_s: float = 10.0,
    mode: str = "attended",
) -> AsyncIterator[tuple[Agent, str, Sipp, Sipp]]:
    """A call that is being transferred to a target."""
    async with (
        running_agent({"notify_timeout_s": 1.5}, source="tone:440") as agent,
        sipp(target_scenario, keys=keys) as target,
        sipp(caller_scenario, agent.port, keys=keys) as caller,
    ):
        call = (await agent.wait("answered"))["call"]
        agent.tell("transfer", call=call, target=target.uri, mode=mode, ring_timeout_s=ring_timeout_s)
        yield agent, call, caller, target


async def still_ours(agent: Agent, call: str, caller: Sipp) -> None:
    """The caller is on the line with us until we hang up, and nothing else is left."""
    assert agent.seen("hung_up") == []
    agent.tell("hang_up", call=call)
    assert (await agent.wait("hung_up"))["cause"] == "bot"
    await caller.succeeds()


async def test_attended_transfer_that_succeeds() -> None:
    async with transferring("refer_ok", "target_answers") as (agent, _, caller, target):
        done = await agent.wait("transfer_done")
        assert (done["outcome"], done["status"]) == ("answered", 200)
        assert (await agent.wait("hung_up"))["cause"] == "transferred"
        await caller.succeeds()
        await target.succeeds()


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [
        ("486 Busy Here", "busy"),
        ("600 Busy Everywhere", "busy"),
        ("603 Decline", "failed"),
        ("404 Not Found", "failed"),
    ],
)
async def test_target_that_refuses(refusal: str, outcome: str) -> None:
    async with transferring("listen", "target_refuses", keys={"refusal": refusal}) as (agent, call, caller, target):
        done = await agent.wait("transfer_done")
        assert (done["outcome"], done["status"]) == (outcome, int(refusal[:3]))
        await target.succeeds()
        await still_ours(agent, call, caller)


async def test_target_that_does_not_answer_is_cancelled() -> None:
    async with transferring("listen", "target_rings", ring_timeout_s=0.5) as (agent, call, caller, target):
        done = await agent.wait("transfer_done")
        assert (done["outcome"], done["status"]) == ("failed", 408)
        await target.succeeds()
        await still_ours(agent, call, caller)


async def test_caller_who_leaves_meanwhile_cancels_the_target() -> None:
    async with transferring("call", "target_rings") as (agent, _, caller, target):
        assert (await agent.wait("transfer_done"))["outcome"] == "failed"
        assert (await agent.wait("hung_up"))["cause"] == "caller"
        await caller.succeeds()
        await target.succeeds()


async def test_refused_refer_keeps_the_caller_and_frees_the_target() -> None:
    keys = {"refusal": "403 Forbidden"}
    async with transferring("refer_refused", "target_answers", keys=keys) as (agent, call, caller, target):
        done = await agent.wait("transfer_done")
        assert (done["outcome"], done["status"]) == ("failed", 403)
        await target.succeeds()
        await still_ours(agent, call, caller)


async def test_refer_without_any_report_keeps_the_caller() -> None:
    async with transferring("refer_silent", "target_answers") as (agent, call, caller, target):
        done = await agent.wait("transfer_done")
        assert (done["outcome"], done["status"]) == ("failed", 100)
        await target.succeeds()
        await still_ours(agent, call, caller)


async def test_far_side_that_hangs_up_instead_of_reporting_has_the_call() -> None:
    async with transferring("refer_bye", "target_answers") as (agent, _, caller, target):
        assert (await agent.wait("transfer_done"))["outcome"] == "answered"
        assert (await agent.wait("hung_up"))["cause"] == "transferred"
        await caller.succeeds()
        await target.succeeds()


async def test_target_that_leaves_before_the_exchange() -> None:
    async with transferring("refer_silent", "target_leaves") as (agent, call, caller, target):
        assert (await agent.wait("transfer_done"))["outcome"] == "failed"
        await target.succeeds()
        await still_ours(agent, call, caller)


@pytest.mark.parametrize(
    ("final", "outcome"), [("200 OK", "answered"), ("486 Busy Here", "busy"), ("503 Service Unavailable", "failed")]
)
async def test_blind_transfer(final: str, outcome: str) -> None:
    async with (
        running_agent() as agent,
        sipp("refer_blind", agent.port, keys={"final": final}) as caller,
    ):
        call = (await agent.wait("answered"))["call"]
        agent.tell("transfer", call=call, target="sip:1001@127.0.0.1:9", mode="blind")
        done = await agent.wait("transfer_done")
        assert (done["outcome"], done["status"]) == (outcome, int(final[:3]))
        if outcome == "answered":
            assert (await agent.wait("hung_up"))["cause"] == "transferred"
            await caller.succeeds()
        else:
            await still_ours(agent, call, caller)


@pytest.mark.parametrize(("password", "outcome"), [("right", "answered"), ("wrong", "failed")])
async def test_consultation_call_gives_its_credentials(password: str, outcome: str) -> None:
    account = {"name": "pbx", "registrar": "sip:127.0.0.1:9", "username": "100", "password": password}
    keys = {"user": "100", "secret": "right"}
    async with (
        running_agent({"accounts": [account]}) as agent,
        sipp("target_challenges", keys=keys) as target,
        sipp("refer_ok" if outcome == "answered" else "listen", agent.port) as caller,
    ):
        call = (await agent.wait("answered"))["call"]
        agent.tell("transfer", call=call, target=target.uri)
        assert (await agent.wait("transfer_done"))["outcome"] == outcome
        if outcome == "failed":
            await still_ours(agent, call, caller)
        await caller.succeeds()
        await target.succeeds()


async def test_the_target_is_told_in_headers_even_if_they_are_long() -> None:
    told = {f"X-Voicebot-{name}": name[0] * 200 for name in ("Session", "Call", "Reason", "Line")}
    async with running_agent() as agent, busy_target() as target, sipp("listen", agent.port) as caller:
        call = (await agent.wait("answered"))["call"]
        uri = f"sip:%E9%94%80@127.0.0.1:{target.port}"
        agent.tell("transfer", call=call, target=uri, headers=told)
        invite = await target.invite()
        assert {header.name: header.value for header in invite.headers if header.name in told} == told
        assert invite.uri.lower() == uri.lower()
        # Above 1300 bytes RFC 3261 section 18.1.1 wants TCP, which nobody listens on here.
        assert target.sizes[0] > 1300
        assert (await agent.wait("transfer_done"))["outcome"] == "busy"
        await still_ours(agent, call, caller)


@needs_baresip
async def test_baresip_follows_a_blind_transfer(tmp_path: Path) -> None:
    """A softphone that nobody here wrote carries the REFER out and talks with the target."""
    async with (
        running_agent() as bot,
        running_agent() as target,
        baresip(tmp_path, bot.uri, tone_hz=700, seconds=4),
    ):
        call = (await bot.wait("answered"))["call"]
        bot.tell("transfer", call=call, target=target.uri, mode="blind")
        assert (await bot.wait("transfer_done"))["outcome"] == "answered"
        assert (await bot.wait("hung_up"))["cause"] == "transferred"
        new_call = (await target.wait("answered"))["call"]
        await asyncio.sleep(1.2)
        target.tell("heard", call=new_call)
        heard = await target.wait("heard")
        assert_tone(bytes.fromhex(heard["pcm"]), heard["rate_hz"], 700)


async def test_nobody_can_make_us_dial() -> None:
    async with running_agent() as agent, sipp("refers_us", agent.port, keys={"victim": "sip:0900@127.0.0.1:9"}) as peer:
        call = (await agent.wait("answered"))["call"]
        agent.tell("count")
        assert (await agent.wait("count"))["calls"] == 1
        await still_ours(agent, call, peer)


async def test_stopping_while_a_target_rings_cancels_it() -> None:
    agent = await start_agent()
    port = (await agent.wait("ready"))["port"]
    async with sipp("target_rings") as target, sipp("listen", port) as caller:
        call = (await agent.wait("answered"))["call"]
        agent.tell("transfer", call=call, target=target.uri)
        calls = 0
        while calls < 2:
            agent.tell("count")
            calls = (await agent.wait("count"))["calls"]
        assert await agent.stop() == 0
        await caller.succeeds()
        await target.succeeds()


async def test_a_target_that_is_no_address_fails_at_once() -> None:
    async with running_agent() as agent, sipp("listen", agent.port) as caller:
        call = (await agent.wait("answered"))["call"]
        agent.tell("transfer", call=call, target="nowhere")
        assert (await agent.wait("transfer_done"))["outcome"] == "failed"
        await still_ours(agent, call, caller)


@pytest.mark.parametrize("moved", ["301 Moved Permanently", "302 Moved Temporarily", "380 Alternative Service"])
async def test_a_target_that_names_another_address_is_not_followed(moved: str) -> None:
    """Where a call goes is decided here: a redirection could name any number."""
    async with transferring("listen", "target_refuses", keys={"refusal": moved}) as (agent, call, caller, target):
        done = await agent.wait("transfer_done")
        assert (done["outcome"], done["status"]) == ("failed", int(moved[:3]))
        await target.succeeds()
        await still_ours(agent, call, caller)


@pytest.mark.parametrize(
    ("final", "outcome"),
    [
        ("302 Moved Temporarily", "failed"),
        ("481 Call/Transaction Does Not Exist", "failed"),
        ("486 Busy Here", "busy"),
        ("603 Decline", "failed"),
        ("180 Ringing", "failed"),
    ],
)
async def test_an_exchange_that_fails_leaves_the_caller_with_us(final: str, outcome: str) -> None:
    """A last NOTIFY without a result is one, too: 180 and the subscription is over."""
    keys = {"final": final}
    async with transferring("refer_reports", "target_answers", keys=keys) as (agent, call, caller, target):
        done = await agent.wait("transfer_done")
        assert (done["outcome"], done["status"]) == (outcome, int(final[:3]))
        await target.succeeds()
        await still_ours(agent, call, caller)


async def test_a_blind_refer_that_is_accepted_and_never_reported_leaves_the_caller_with_us() -> None:
    async with running_agent() as agent, sipp("refer_blind_silent", agent.port) as caller:
        call = (await agent.wait("answered"))["call"]
        agent.tell("transfer", call=call, target="sip:1001@127.0.0.1:9", mode="blind", ring_timeout_s=0.6)
        assert (await agent.wait("transfer_done"))["outcome"] == "failed"
        await still_ours(agent, call, caller)
