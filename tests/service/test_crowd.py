"""A campaign over people, machines and announcements: the report says of each number what it did."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.service import outbound
from tests.service.configured import config, line
from tests.service.crowd import crowd
from tests.service.outbound import (
    ACTS,
    BOT,
    CALLERS,
    KINDS,
    MESSAGE,
    Campaign,
    compare,
    left_messages,
    people,
    told_causes,
)
from tests.service.peers import LOOPBACK
from tests.service.running import RunningService
from tests.support.sip_peers import needs_sipp

# What the caller says when it ends a call: that a phone is switched off, after hearing that.
TOLD = {
    "talks": {"16"},
    "mailbox": {"16"},
    "rings": {"19"},
    "engaged": {"17"},
    "switched off": {"20"},
    "vacant": {"1"},
}

pytestmark = [pytest.mark.sip, pytest.mark.audio, needs_sipp, pytest.mark.timeout(240)]


async def test_the_report_is_what_each_number_did(tmp_path: Path) -> None:
    called = people(dict.fromkeys((kind.act.name for kind in KINDS), 1))
    async with crowd(tmp_path / "crowd", ACTS, await outbound.sounds(tmp_path)) as peers:
        settings = config(
            lines=[line(BOT, "zh")],
            sip={"max_calls": 14},
            dialling={"target": f"sip:{{number}}@{LOOPBACK}:{peers.port}", "max_calls": 13},
        )
        settings["conversation"] |= {
            "answered_by": {"voicemail": "leave_message"},
            "voicemail_message": {"zh": MESSAGE},
        }
        service = RunningService(tmp_path / "service", settings)
        try:
            await asyncio.to_thread(service.until_ready)
            campaign = Campaign(tmp_path, service)
            await campaign.start(list(called), outbound.plan(concurrent=13, ring_timeout_s=20))
            report = await campaign.report(patience_s=120)
            wrong = compare(report, peers, called)
            assert not wrong, "\n".join([*wrong, service.log.text])
            assert told_causes(peers, called) == TOLD
            assert left_messages(service) == {number for number, kind in called.items() if kind.act.name == "mailbox"}
            assert {peers.callers(number)[0] for number in called} == set(CALLERS)
        finally:
            service.destroy()
