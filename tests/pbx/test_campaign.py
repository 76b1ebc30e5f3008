"""A campaign over fifty numbers through Asterisk: what it reports of each is what was done to it behind the PBX."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.service import outbound
from tests.service.configured import config, line
from tests.service.crowd import crowd
from tests.service.outbound import ACTS, BOT, KINDS, MESSAGE, Campaign, compare, left_messages, people
from tests.service.running import RunningService
from tests.support.asterisk import SAMPLE, Addresses, Asterisk, asterisk, needs_asterisk
from tests.support.sip_peers import free_port, needs_sipp

pytestmark = [
    pytest.mark.asterisk, pytest.mark.sip, pytest.mark.audio, needs_sipp, needs_asterisk, pytest.mark.timeout(400)
]  # fmt: skip

COUNTS = {
    "talks": 6,
    "leaves": 4,
    "busy": 6,
    "rings": 3,
    "unknown": 5,
    "no lines": 4,
    "away": 4,
    "declines": 4,
    "switched off": 3,
    "vacant": 3,
    "engaged": 2,
    "mailbox": 3,
    "silent": 3,
}
AT_A_TIME = 10
# Asterisk hands on a status as a cause of its own, and 480 becomes "no answer", whatever the provider's reason was.
AWAY = next(
    replace(kind, outcomes="no_answer", category="no_answer", q850=19) for kind in KINDS if kind.act.name == "away"
)


def settings_of(pbx: Asterisk) -> dict[str, Any]:
    """The sample's settings with the addresses of now, and enough room."""
    sample = yaml.safe_load((SAMPLE / "voicebot.yaml").read_text(encoding="utf-8"))
    (account,) = sample["sip"]["accounts"]
    settings = config(
        sip={"accounts": [{**account, "registrar": f"sip:{pbx.host}"}], "max_calls": AT_A_TIME + 2},
        lines=[line(BOT, "zh") | {"called": ["8001"]}],
        dialling={**sample["dialling"], "max_calls": AT_A_TIME, "calls_per_second": 5},
    )
    settings["conversation"] |= {"answered_by": {"voicemail": "leave_message"}, "voicemail_message": {"zh": MESSAGE}}
    return settings


async def test_fifty_numbers(tmp_path: Path) -> None:
    called = {number: AWAY if kind.act == AWAY.act else kind for number, kind in people(COUNTS).items()}
    assert len(called) == 50
    sounds = await outbound.sounds(tmp_path)
    async with (
        crowd(tmp_path / "crowd", ACTS, sounds) as peers,
        asterisk(Addresses(free_port(), provider=peers.port)) as pbx,
    ):
        service = RunningService(tmp_path / "service", settings_of(pbx))
        try:
            await asyncio.to_thread(service.until_ready)
            await asyncio.to_thread(service.log.wait_for, "registered")
            campaign = Campaign(tmp_path, service)
            await campaign.start(list(called), outbound.plan(AT_A_TIME, ring_timeout_s=20))
            report = await campaign.report(patience_s=240)
            wrong = compare(report, peers, called)
            assert not wrong, "\n".join([*wrong, service.log.text])
            assert left_messages(service) == {one for one, kind in called.items() if kind.act.name == "mailbox"}
        finally:
            service.destroy()
