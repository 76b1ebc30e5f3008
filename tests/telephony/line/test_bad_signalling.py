"""Signalling as it should not be, or rarely is: late, missing, crossing, forked."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from telephony.sip import SipRequest
from tests.support.raw_sip import RawPeer, raw_peer, sdp, speaking
from tests.support.sip_agent import Agent, running_agent

pytestmark = [pytest.mark.sip]


async def ended(agent: Agent, **values: Any) -> dict[str, Any]:
    """The end of a call, after which nothing is left of it."""
    end = await agent.wait("hung_up", **values)
    left = (1, 1)
    while left != (0, 0):
        agent.tell("count")
        count = await agent.wait("count")
        left = (count["calls"], count["objects"])
    return end


async def no_more(peer: RawPeer, method: str, seconds: float = 0.7) -> None:
    """Nothing of that kind comes any more."""
    with pytest.raises(asyncio.TimeoutError):
        await peer.get(method, seconds)


# --- calls that come in


async def test_an_answer_is_repeated_until_it_is_acknowledged() -> None:
    async with running_agent() as agent, raw_peer() as caller:
        number = caller.invite(agent.port)
        first = caller.learn(await caller.response(number))
        again = await caller.response(number)
        assert bytes(again) == bytes(first)
        assert agent.seen("answered") == []
        caller.ack(number)
        await agent.wait("answered")
        with pytest.raises(asyncio.TimeoutError):
            await caller.response(number, timeout_s=1.5)
        await caller.hangs_up()
        await ended(agent, cause="caller")


async def test_an_answer_that_is_never_acknowledged_ends_the_call() -> None:
    async with running_agent({"ack_timeout_s": 1}) as agent, raw_peer() as caller:
        number = caller.invite(agent.port)
        caller.learn(await caller.response(number))
        await ended(agent, cause="failed")
        # The ACK that was only late finds a call that is over, and is told so.
        caller.ack(number)
        bye = await caller.is_hung_up_on()
        assert bye.call_id == caller.call_id


async def test_a_caller_who_leaves_before_he_acknowledges() -> None:
    async with running_agent() as agent, raw_peer() as caller:
        number = caller.invite(agent.port)
        caller.learn(await caller.response(number))
        await caller.hangs_up()
        assert (await ended(agent))["stream"]["received"] == 0


async def test_a_cancel_that_crosses_the_answer_changes_nothing() -> None:
    async with running_agent() as agent, raw_peer() as caller:
        number = caller.invite(agent.port)
        response = await caller.response(number)
        assert response.status == 200
        caller.request("CANCEL", cseq=number, branch=caller.invite_branch)
        while (await caller.response(number)).cseq[1] != "CANCEL":
            pass  # the 200 to the INVITE may come again
        caller.learn(response)
        caller.ack(number)
        await agent.wait("answered")
        await caller.hangs_up()
        await ended(agent, cause="caller")


async def test_why_a_caller_gives_up_is_known() -> None:
    async with running_agent(on_call="ring") as agent, raw_peer() as caller:
        number = caller.invite(agent.port)
        call = (await agent.wait("call"))["call"]
        told = {"Reason": 'SIP;cause=200;text="Call completed elsewhere", Q.850;cause=26'}
        caller.request("CANCEL", cseq=number, branch=caller.invite_branch, headers=told)
        refused = await caller.response(number)
        while refused.cseq[1] != "INVITE":
            refused = await caller.response(number)
        assert refused.status == 487
        caller.far = refused.require("to")
        caller.request("ACK", cseq=number, branch=caller.invite_branch)
        agent.tell("start", call=call)
        assert (await ended(agent, cause="cancelled"))["q850"] == 26


async def test_no_common_codec_is_refused_with_a_warning() -> None:
    async with running_agent() as agent, raw_peer() as caller:
        offer = sdp(caller.audio.port, formats="18", extra="a=rtpmap:18 G729/8000\r\n")
        number = caller.invite(agent.port, offer)
        refused = await caller.response(number)
        assert refused.status == 488
        assert "No suitable codec" in refused.require("warning")
        caller.far = refused.require("to")
        caller.request("ACK", cseq=number, branch=caller.invite_branch)
        agent.tell("count")
        assert (await agent.wait("count"))["calls"] == 0
        assert agent.seen("call") == []


@pytest.mark.parametrize("body", [b"v=0\r\n", b"nonsense", b"\x00" * 300, b"v=0\r\no=- 1 1 IN IP4 x\r\nm=audio\r\n"])
async def test_sdp_that_is_none_is_refused(body: bytes) -> None:
    async with running_agent() as agent, raw_peer() as caller:
        refused = await caller.response(caller.invite(agent.port, body))
        assert refused.status in (400, 488)
        agent.tell("count")
        assert (await agent.wait("count"))["calls"] == 0


async def test_two_re_invites_at_a_time_get_491() -> None:
    async with running_agent() as agent, raw_peer() as caller:
        await caller.calls(agent.port)
        call = (await agent.wait("answered"))["call"]
        agent.tell("hold", call=call)
        ours = await caller.get("INVITE")
        number = caller.invite(agent.port)
        assert (await caller.response(number)).status == 491
        caller.request("ACK", cseq=number, branch=caller.invite_branch)
        caller.respond(ours, 491)
        await caller.get("ACK")
        # The caller's second try, when both have waited, succeeds.
        number = caller.invite(agent.port)
        assert (await caller.response(number)).status == 200
        caller.ack(number)
        await caller.hangs_up()
        await ended(agent, cause="caller")


async def test_a_request_of_no_call_gets_481_and_a_second_bye_does_no_harm() -> None:
    async with running_agent() as agent, raw_peer() as caller, raw_peer() as other:
        await caller.calls(agent.port)
        contact, far = caller._contact, caller.far
        await caller.hangs_up()
        await ended(agent)
        # The library keeps a dialog for a while, for repeats of its BYE.
        assert (await caller.response(caller.request("BYE"))).status in (200, 481)
        other._contact, other.far, other._target = contact, far, caller._target
        assert (await other.response(other.request("BYE"))).status == 481


async def test_a_number_that_goes_back_is_refused_and_the_call_goes_on() -> None:
    async with running_agent() as agent, raw_peer() as caller:
        await caller.calls(agent.port)
        number = caller.request("OPTIONS", cseq=50)
        await caller.response(number)
        old = caller.invite(agent.port, cseq=7)
        assert (await caller.response(old)).status == 500
        number = caller.request("BYE", cseq=60)
        assert (await caller.response(number)).status == 200
        await ended(agent, cause="caller")


# --- calls that go out


async def test_repeated_answers_are_acknowledged_each_time() -> None:
    async with running_agent() as agent, raw_peer() as callee:
        agent.tell("dial", target=callee.uri)
        invite = await callee.rung()
        body = sdp(callee.audio.port)
        for _ in range(3):
            callee.respond(invite, 200, body)
            ack = await callee.get("ACK")
            assert ack.cseq[0] == invite.cseq[0]
        async with speaking(callee):
            agent.tell("hang_up", call=invite.call_id)
            bye = await callee.is_hung_up_on()
        assert bye.require("reason") == 'Q.850;cause=16;text="Normal call clearing"'
        await ended(agent, cause="bot")


async def test_an_answer_that_crosses_our_cancel_is_taken_and_ended() -> None:
    async with running_agent() as agent, raw_peer() as callee:
        agent.tell("dial", target=callee.uri)
        invite = await callee.rung()
        callee.respond(invite, 180)
        await asyncio.sleep(0.2)
        agent.tell("hang_up", call=invite.call_id)
        cancel = await callee.get("CANCEL")
        assert cancel.require("reason").startswith("Q.850;cause=16")
        callee.respond(invite, 200, sdp(callee.audio.port))
        callee.respond(cancel, 200)
        await callee.get("ACK")
        await callee.is_hung_up_on()
        await ended(agent, cause="bot")


async def test_an_answer_after_we_gave_up_unheard_is_taken_and_ended() -> None:
    async with running_agent() as agent, raw_peer() as callee:
        agent.tell("dial", target=callee.uri)
        invite = await callee.rung()
        agent.tell("hang_up", call=invite.call_id)
        await ended(agent, cause="bot")
        callee.respond(invite, 200, sdp(callee.audio.port))
        await callee.get("ACK")
        await callee.is_hung_up_on()


async def test_only_one_of_two_forks_is_talked_to() -> None:
    """A proxy rings two phones: early media from both, both answer."""
    async with running_agent(source="tone:440") as agent, raw_peer() as one, raw_peer() as two:
        agent.tell("dial", target=one.uri)
        invite = await one.rung()
        two.far_audio = one.far_audio
        one.respond(invite, 183, sdp(one.audio.port), tag="one")
        await one.speaks(0.2)
        one.respond(invite, 183, sdp(two.audio.port), tag="two")
        await two.speaks(0.2)
        one.respond(invite, 200, sdp(two.audio.port), tag="two")
        ack = await one.get("ACK")
        assert ack.to.tag == "two"
        await agent.wait("answered")
        # The other phone's answer was on its way already: it is taken, and ended at once.
        one.respond(invite, 200, sdp(one.audio.port), tag="one")
        ended_fork: set[str] = set()
        while ended_fork != {"ACK", "BYE"}:
            message = await one.message()
            assert isinstance(message, SipRequest)
            if message.to.tag == "one":
                ended_fork.add(message.method)
            if message.method == "BYE":
                assert message.to.tag == "one"
                one.respond(message, 200)
        async with speaking(two):
            await two.audio.inbox.get()
            await asyncio.sleep(1)
        agent.tell("hang_up", call=invite.call_id)
        bye = await one.is_hung_up_on()
        assert bye.to.tag == "two"
        end = await ended(agent, cause="bot")
        assert end["stream"]["received"] > 30


async def test_the_cause_in_a_refusal_or_before_it_is_known() -> None:
    async with running_agent() as agent, raw_peer() as callee:
        agent.tell("dial", target=callee.uri)
        invite = await callee.rung()
        callee.respond(invite, 183, sdp(callee.audio.port), headers={"Reason": "Q.850;cause=1"})
        callee.respond(invite, 480)
        assert (await ended(agent, cause="failed", status=480))["q850"] == 1
        agent.tell("dial", target=callee.uri)
        invite = await callee.rung()
        callee.respond(invite, 500, headers={"Reason": 'Q.850;cause=34;text="No circuit"'})
        assert (await ended(agent, cause="failed", status=500))["q850"] == 34


async def test_responses_to_nothing_are_ignored() -> None:
    async with running_agent() as agent, raw_peer() as callee:
        agent.tell("dial", target=callee.uri)
        invite = await callee.rung()
        stray = SipRequest(invite.method, invite.uri, list(invite.headers), b"")
        stray.replace("call-id", "nobody")
        stray.replace("via", f"{stray.require('via')}-of-nobody")
        for status in (100, 183, 200, 486):
            callee.respond(stray, status)
        callee.respond(invite, 200, sdp(callee.audio.port))
        await callee.get("ACK")
        await agent.wait("answered")
        agent.tell("hang_up", call=invite.call_id)
        await callee.is_hung_up_on()
        await ended(agent, cause="bot")
