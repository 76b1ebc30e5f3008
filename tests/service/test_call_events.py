"""A call that is bridged, as its events, its record and its recording tell it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import aiohttp
import pytest

from tests.service.brains import OrderingBrain, ordering_brain
from tests.service.configured import config, line
from tests.service.peers import LOOPBACK, sipp
from tests.service.running import RunningService, until
from tests.service.script import Script
from tests.support.sip_peers import needs_sipp
from voicebot.messages.webhook import sign

pytestmark = [pytest.mark.sip, pytest.mark.audio, needs_sipp, pytest.mark.timeout(120)]

SECRET = "s3cret"
STOP_TIMEOUT_S = 20.0


class Endpoint:
    """Takes webhooks; the first attempt of each is refused."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.seen: set[str] = set()
        self.wrong: list[str] = []

    def take(self, headers: dict[str, str], body: bytes) -> int:
        name, timestamp = headers["webhook-id"], int(headers["webhook-timestamp"])
        if headers["webhook-signature"] != sign(SECRET.encode(), name, timestamp, body):
            self.wrong.append(name)
        if name not in self.seen:
            self.seen.add(name)
            return 503
        self.events.append(json.loads(body))
        return 204

    def of(self, call_id: str) -> list[dict[str, Any]]:
        return sorted((event for event in self.events if event["callId"] == call_id), key=lambda event: event["at"])


@pytest.fixture(scope="module")
def endpoint() -> Iterator[tuple[Endpoint, str]]:
    there = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(there.take({name.lower(): value for name, value in self.headers.items()}, body))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield there, f"http://{LOOPBACK}:{server.server_port}/hook"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def brain() -> Iterator[OrderingBrain]:
    with ordering_brain() as running:
        yield running


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, brain: OrderingBrain, endpoint: tuple[Endpoint, str]
) -> Iterator[RunningService]:
    transfer = {"mode": "bridge", "number_uri": f"sip:{{caller}}@{LOOPBACK}:{{value}}", "briefing": {"en": "A caller."}}
    webhook = {"name": "crm", "url": endpoint[1], "secret": SECRET, "first_retry_s": 0.1}
    running = RunningService(
        tmp_path_factory.mktemp("events"),
        config(
            lines=[line("hotline", brain_url=brain.url)],
            sip={"transfer": transfer},
            recording={"enabled": True},
            events={"webhooks": [webhook]},
        ),
    )
    try:
        running.until_ready()
        yield running
        running.terminate()
        assert running.ends(STOP_TIMEOUT_S) == 0, running.log.text
    finally:
        running.destroy()


async def test_a_bridged_call_is_told_from_its_start_to_its_end(
    service: RunningService, brain: OrderingBrain, endpoint: tuple[Endpoint, str]
) -> None:
    there, _ = endpoint
    target_script = Script("ann").is_rung().takes_the_call().is_hung_up_on()
    caller_script = Script("ann", "hotline").rings().is_answered().pauses(7000).hangs_up()
    async with sipp(target_script) as target:
        parameters = {"transType": "3", "transValue": str(target.port)}
        brain.orders["ann"] = {"system_toCustomerService": parameters}
        async with sipp(caller_script, service.sip_port) as caller:
            await asyncio.gather(caller.succeeds(), target.succeeds())
    record = await service.record("ann")
    call_id = record["info"]["call_id"]
    await until(lambda: len(there.of(call_id)) == 4, "four events")
    started, answered, transfer, ended = there.of(call_id)
    assert there.wrong == []
    assert (started["type"], started["data"]["caller"]) == ("call.started", "ann")
    assert answered["type"] == "call.answered"
    assert (transfer["type"], transfer["data"]["outcome"]) == ("call.transfer", "bridged")
    assert ended["type"] == "call.ended"
    cdr = ended["data"]
    assert cdr == record["cdr"]
    assert (cdr["hangupSide"], cdr["hangupCause"], cdr["transfer"]) == ("caller", "caller", "bridged")
    assert (cdr["direction"], cdr["line"], cdr["codec"], cdr["sipStatus"]) == ("incoming", "hotline", "PCMA", 200)
    assert 5000 < cdr["talkMs"] < 20_000
    recording = service.recording(record)
    assert hashlib.sha256(recording.read_bytes()).hexdigest() == record["recording"]["sha256"]


async def test_the_stream_has_the_events_of_calls(service: RunningService, brain: OrderingBrain) -> None:
    brain.orders["bob"] = {"system_hangup": None}
    headers = {"Authorization": f"Bearer {service.key}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{service.url}/api/v1/events") as response,
    ):
        assert response.status == 200
        script = Script("bob", "hotline").rings().is_answered().is_hung_up_on()
        async with sipp(script, service.sip_port) as caller:
            await caller.succeeds()
        kinds: list[str] = []
        while not kinds or kinds[-1] != "call.ended":
            row = (await asyncio.wait_for(response.content.readline(), 20)).decode()
            if row.startswith("event: "):
                kinds.append(row.removeprefix("event: ").strip())
    assert kinds == ["call.started", "call.answered", "call.ended"]
