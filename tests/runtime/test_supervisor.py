from __future__ import annotations

from pathlib import Path

import pytest

from telephony.line.config import rtp_ports
from voicebot.runtime.supervisor import Supervisor, Wiring
from voicebot.settings.model import Settings, SipSettings


@pytest.mark.parametrize(("library_calls", "ports"), [(0, 40), (4, 40), (64, 256), (256, 1024)])
def test_a_library_for_more_calls_gets_more_ports_for_audio(library_calls: int, ports: int) -> None:
    assert rtp_ports(40, library_calls) == ports


async def first_ports(rtp_port: int, library_calls: int) -> list[int]:
    """Return the first port for audio of each of two line workers."""
    settings = Settings(sip=SipSettings(port=0, rtp_port=rtp_port))
    supervisor = Supervisor(settings, Wiring(Path("speech.sock"), "http://127.0.0.1:1", "key"))
    await supervisor.open_edge()
    try:
        slots = [supervisor._add_slot() for _ in range(2)]
        slots[0].library_calls = library_calls
        return [supervisor.order(slot).rtp_port for slot in slots]
    finally:
        await supervisor.stop()


@pytest.mark.parametrize(("library_calls", "second"), [(4, 10_040), (256, 11_024)])
async def test_the_ports_of_line_workers_do_not_overlap(library_calls: int, second: int) -> None:
    assert await first_ports(10_000, library_calls) == [10_000, second]


async def test_any_free_ports_are_any_free_ports() -> None:
    assert await first_ports(0, 256) == [0, 0]
