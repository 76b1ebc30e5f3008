"""What a bot orders in a call happens: its text message arrives, and its caller is not dialled any more."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from tests.service.mailbox import Mailbox
from tests.service.peers import sipp
from tests.service.running import RunningService, until
from tests.service.script import Script
from tests.storage.stored import storage
from tests.support.sip_peers import needs_sipp
from voicebot.errors import NumberBlockedError
from voicebot.storage.outbox import MessageState

pytestmark = [pytest.mark.sip, pytest.mark.audio, needs_sipp, pytest.mark.timeout(120)]

CALLER = "8613800138000"
NUMBER = "13800138000"


async def test_a_text_message_and_a_blacklist_entry(service: RunningService, text_messages: Mailbox) -> None:
    script = Script(CALLER, "notary").rings().is_answered().is_hung_up_on()
    async with sipp(script, service.sip_port) as peer:
        await peer.succeeds()
    record = await service.record(CALLER)
    call_id = record["info"]["call_id"]
    first, second = await asyncio.to_thread(text_messages.wait_for, call_id, 2)
    assert first[0]["Idempotency-Key"] == second[0]["Idempotency-Key"] == first[1]["id"]
    assert first[1] == second[1]
    content = first[1]
    assert (content["mobile"], content["templateId"], content["signatureId"]) == (NUMBER, "30", "47")
    assert content["sessionId"]
    with storage(service.data) as opened:
        with pytest.raises(NumberBlockedError, match="bot notary"):
            opened.refuse_blocked(f"+{CALLER}")
        await until(lambda: opened.outbox.counts()[MessageState.SENT] == 1, "a sent message")
    async with aiohttp.ClientSession() as client, client.get(f"{service.url}/healthz") as response:
        facts = await response.json()
    assert facts["database"] == "ok"
    assert facts["messages_given_up"] == 0
    assert NUMBER not in service.log.text.replace(call_id, "")
