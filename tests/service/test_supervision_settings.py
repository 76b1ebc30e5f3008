"""What the settings of supervision change: the caller is told, calls end, places are kept, keys are off."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from telephony.line.beeps import BEEP_HZ
from tests.service.configured import config, line
from tests.service.peers import LOOPBACK, sipp
from tests.service.running import RunningService, heard, until
from tests.service.script import Script
from tests.service.sounds import Samples, read_wav
from tests.service.supervising import EVENTS_OFFERED, RATE_HZ, desk, has_tone, listening_phone
from tests.support.sip_peers import needs_sipp

pytestmark = [pytest.mark.sip, pytest.mark.audio, needs_sipp, pytest.mark.timeout(120)]

STOP_TIMEOUT_S = 20.0
ANNOUNCEMENT = "Somebody is listening."


@pytest.fixture
def told() -> Iterator[tuple[list[dict[str, Any]], str]]:
    """Events that a webhook has got, and where it is."""
    events: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield events, f"http://{LOOPBACK}:{server.server_port}/hook"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def service(
    tmp_path_factory: pytest.TempPathFactory, told: tuple[list[dict[str, Any]], str]
) -> Iterator[RunningService]:
    webhook = {"name": "audit", "url": told[1], "secret": "s3cret", "events": ["call.supervision"]}
    supervision = {
        **{"announcement": {"en": ANNOUNCEMENT}, "tone": True, "keys": False, "reserve": True},
        **{"after_take_over": "hang_up", "max_per_call": 1, "max_listeners": 1},
    }
    running = RunningService(
        tmp_path_factory.mktemp("supervised"),
        config(
            lines=[line("desk")],
            sip={"max_calls": 2},
            supervision=supervision,
            events={"webhooks": [webhook]},
            recording={"enabled": True},
        ),
    )
    try:
        running.until_ready()
        yield running
        running.terminate()
        assert running.ends(STOP_TIMEOUT_S) == 0, running.log.text
    finally:
        running.destroy()


async def test_a_caller_is_told_and_the_call_ends_with_the_supervisor(
    service: RunningService, told: tuple[list[dict[str, Any]], str]
) -> None:
    workers = [module for module in service.processes.values() if module == "voicebot.runtime.line_process"]
    assert len(workers) == 2  # one caller in each, where two were without the place that is kept
    async with desk(service) as room, listening_phone() as phone, listening_phone() as ear:
        script = Script("informed", "desk", media_port=phone.port).rings().is_answered().is_hung_up_on()
        chief = Script("chief", media_port=ear.port).is_rung().takes_the_call().is_hung_up_on()
        async with sipp(script, service.sip_port) as peer, sipp(chief) as supervisor:
            await phone.sentence()
            call = (await room.call_of("informed"))["id"]
            order = {"target": supervisor.uri, "mode": "listen"}
            _, joined = await room.ask("POST", f"/{call}/supervisors", order)
            await room.supervision(call, state="up")
            await phone.sentence()
            status, error = await room.ask("POST", f"/{call}/supervisors", order)
            assert (status, error["code"]) == (409, "too_many_supervisors")
            async with room.client.get(f"/api/v1/calls/{call}/audio") as answer:
                assert answer.status == 200
                assert (await room.ask("GET", f"/{call}/audio"))[0] == 409
                await phone.sentence()
            await ear.press("4", EVENTS_OFFERED)
            where = f"/{call}/supervisors/{joined['id']}"
            assert (await room.ask("GET", f"/{call}/live"))[1]["supervisors"][0]["mode"] == "listen"
            await room.ask("PATCH", where, {"mode": "take_over"})
            await room.call_of("informed", state="taken_over")
            await room.ask("DELETE", where)
            await asyncio.gather(supervisor.succeeds(), peer.succeeds())
    record = await service.record("informed")
    assert [text for text, _ in heard(record)].count(ANNOUNCEMENT) == 2
    assert heard(record)[-1] == ("Goodbye.", True)
    sound, rate_hz = await asyncio.to_thread(read_right, service, record)
    assert rate_hz == RATE_HZ
    assert any(has_tone(sound[at : at + RATE_HZ // 10], BEEP_HZ) for at in range(0, sound.size, RATE_HZ // 50))
    done = [entry["action"] for entry in record["supervision"]]
    events, _ = told
    await until(lambda: len(events) == len(done), "an event of each deed")
    assert {event["type"] for event in events} == {"call.supervision"}
    assert sorted(event["data"]["action"] for event in events) == sorted(done)


def read_right(service: RunningService, record: dict[str, Any]) -> tuple[Samples, int]:
    """Return what the caller heard, from the recording."""
    samples, rate_hz = read_wav(service.recording(record))
    return samples[:, 1], rate_hz
