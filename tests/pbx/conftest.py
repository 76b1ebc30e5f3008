"""Asterisk with the sample configuration, and a whole service of ours that is its extension 8001."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.service.brains import OrderingBrain, ordering_brain
from tests.service.configured import config, line
from tests.service.peers import Sipp, sipp
from tests.service.running import RunningService
from tests.service.script import Script
from tests.support.asterisk import SAMPLE, Addresses, Asterisk, asterisk_process
from tests.support.sip_peers import free_port

STOP_TIMEOUT_S = 20.0
# Nobody here has time for the two minutes that the sample gives a queue.
TRANSFER = {"ring_timeout_s": 3, "briefing": {"en": "A caller for you.", "zh": ""}}


@dataclass(frozen=True)
class House:
    """A PBX and the bot in it.

    Attributes:
        pbx: Asterisk.
        service: the bot.
        brain: says what the callers are greeted with, by their number.
        local: its pjsip_local.conf.
        provider: port of outside lines: what listens there is rung, what calls from there comes to the bot.
    """

    pbx: Asterisk
    service: RunningService
    brain: OrderingBrain
    provider: int
    local: str


def settings_of(pbx: Asterisk, brain: OrderingBrain, **sip: Any) -> dict[str, Any]:
    """The sample's settings with the addresses of now: who rings from a number with "desk" talks to the desk."""
    sample = yaml.safe_load((SAMPLE / "voicebot.yaml").read_text(encoding="utf-8"))
    (account,) = sample["sip"]["accounts"]
    transfer = {**sample["sip"]["transfer"], **sip.pop("transfer", {})}
    return config(
        sip={
            "accounts": [{**account, "registrar": f"sip:{pbx.host}"}],
            "transfer": transfer,
            "routes": [
                {"caller": "desk*", "line": "desk"},
                {"caller": "patient*", "line": "patient"},
                {"caller": "8002", "line": "patient"},
            ],
            **sip,
        },
        lines=[line("hotline", brain_url=brain.url) | {"called": ["8001", "8101"]}, line("desk"), line("patient")],
        dialling={**sample["dialling"], "calls_per_second": 50, "listen": False},
        recording={"enabled": True},
    )


def house(folder: Path, brain: OrderingBrain, local: str = "", bot: int = 0, **sip: Any) -> Iterator[House]:
    """Run both, until the caller of this generator is done.

    Args:
        folder: for the service.
        brain: whom the hotline asks.
        local: ``pjsip_local.conf``.
        bot: port of a bot that does not register; 0: it does.
        sip: further settings.
    """
    provider = free_port()
    with asterisk_process(Addresses(free_port(), bot=bot or 9, provider=provider), local) as pbx:
        if bot:
            peer = {"name": "asterisk", "address": f"sip:{pbx.host}", "options_s": 1}
            sip |= {"port": bot, "accounts": [], "peers": [peer]}
        service = RunningService(folder, settings_of(pbx, brain, **sip))
        try:
            service.until_ready()
            if bot:
                # Asked before the bot was up, Asterisk asks again only after half a minute.
                subprocess.run(pbx.console("pjsip qualify voicebot"), capture_output=True, check=True)
            else:
                service.log.wait_for("registered")
            yield House(pbx, service, brain, provider, local)
            service.terminate()
            assert service.ends(STOP_TIMEOUT_S) == 0, service.log.text
            assert not pbx.complaints
        finally:
            service.destroy()


@pytest.fixture(scope="session")
def brain() -> Iterator[OrderingBrain]:
    with ordering_brain() as running:
        yield running


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory, brain: OrderingBrain) -> Iterator[House]:
    """The sample as it is, with a name for one of its people; the bot also listens for keys in the audio."""
    local = '[8002](+type=endpoint)\ncallerid="Ann Smith" <8002>\n'
    yield from house(tmp_path_factory.mktemp("office"), brain, local, dtmf={"in_band": True}, transfer=TRANSFER)


def order(place: House, caller: str, kind: str, value: str, **more: str) -> None:
    """Let the brain put this caller through."""
    place.brain.orders[caller] = {"system_toCustomerService": {"transType": kind, "transValue": value, **more}}


@contextlib.asynccontextmanager
async def rings(place: House, script: Script) -> AsyncIterator[Sipp]:
    """Somebody from outside."""
    async with sipp(script, place.pbx.port, port=place.provider) as caller:
        yield caller
