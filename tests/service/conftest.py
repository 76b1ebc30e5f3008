"""The service that most of the tests share: started once, with the models loaded once."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from tests.service.configured import config, line
from tests.service.mailbox import Mailbox, mailbox
from tests.service.running import RunningService

STOP_TIMEOUT_S = 20.0


@pytest.fixture(scope="session")
def text_messages() -> Iterator[Mailbox]:
    """Where the service sends text messages."""
    with mailbox() as box:
        yield box


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, text_messages: Mailbox) -> Iterator[RunningService]:
    """A service with room for ten calls that transfers attended and records everything."""
    with contextlib.ExitStack() as stack:
        deaf = stack.enter_context(socket.create_server(("127.0.0.1", 0)))  # takes connections, never answers
        nobody = stack.enter_context(socket.socket())  # has a port, takes no connections
        nobody.bind(("127.0.0.1", 0))
        settings = config(
            lines=[
                *(line(name) for name in ("desk", "patient", "story", "switchboard", "notary")),
                line("front", "zh"),
                line("hanging", brain_url=_url(deaf)),
                line("unreachable", brain_url=_url(nobody)),
            ],
            brain={"first_chunk_timeout_ms": 1000},
            sip={"transfer": {"ring_timeout_s": 2}},
            recording={"enabled": True},
            short_messages={
                "sender": "webhook",
                "webhook": {"url": text_messages.url, "secret": "open sesame"},
                "first_retry_s": 0.1,
            },
        )
        running = RunningService(tmp_path_factory.mktemp("service"), settings)
        stack.callback(running.destroy)
        running.until_ready()
        yield running
        running.terminate()
        assert running.ends(STOP_TIMEOUT_S) == 0, running.log.text


def _url(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}/stream/query"
