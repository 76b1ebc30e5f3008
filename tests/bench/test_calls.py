"""Four calls by SIPp, on the whole service and on native players."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.sip_peers import needs_sipp
from voicebot.bench.calls import LOAD, CallsPlan, measure_calls
from voicebot.bench.calls_load import LINES
from voicebot.bench.calls_report import report
from voicebot.bench.settings import on_free_ports
from voicebot.settings import load_settings
from voicebot.speech.clips import own_directory

pytestmark = [pytest.mark.sip, needs_sipp, pytest.mark.timeout(90)]


async def test_four_calls_are_carried_and_measured(tmp_path: Path) -> None:
    told: list[str] = []
    plan = CallsPlan(own_directory(), (LOAD,), calls=4, hold_s=1.0, per_s=20.0)
    figures = await measure_calls(on_free_ports(load_settings(environ=os.environ)), plan, tmp_path, told.append)
    ours, line, native = figures.ours, figures.line, figures.native
    assert ours is not None
    assert line is not None
    assert native is not None
    for carried in (ours, native):
        assert carried.made.good == 4
        assert len(carried.made.setup_ms) == 4
        assert carried.up == (4, 4)
        # Four seconds of 50 packets from each call.
        assert carried.heard.packets > 4 * 50 * 3
        assert carried.percent_of_core() > 0
    assert line.calls == 4
    assert line.played > 4 * 50 * 3
    assert ours.idle[LINES].processes == ours.loaded[LINES].processes == ours.processes
    assert ours.loaded[LINES].sockets > ours.idle[LINES].sockets
    assert "4 at a time" in report(figures)
