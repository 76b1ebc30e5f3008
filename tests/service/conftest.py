"""The service that most of the tests share: started once, with the models loaded once."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.service.running import RunningService

BOTS = Path(__file__).parent / "bots"
APOLOGY = "Sorry, we have a problem."


def line(name: str, language: str = "en", **more: Any) -> dict[str, Any]:
    """Return the settings of a line that answers to its own name, by the bot of that name."""
    return {"name": name, "called": [name], "bot": name, "language": language, **more}


def config(**more: Any) -> dict[str, Any]:
    """Return settings with free ports, short words and the tests' own bots."""
    return {
        "sip": {"port": 0, "rtp_port": 0, **more.pop("sip", {})},
        "http": {"port": 0},
        "bots": {"directory": str(BOTS), "default": "desk"},
        "conversation": {"apology": {"en": APOLOGY, "zh": "抱歉。"}, "goodbye": {"en": "Goodbye.", "zh": "再见。"}},
        **more,
    }


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service with room for ten calls that transfers attended and records everything."""
    with contextlib.ExitStack() as stack:
        deaf = stack.enter_context(socket.create_server(("127.0.0.1", 0)))  # takes connections, never answers
        nobody = stack.enter_context(socket.socket())  # has a port, takes no connections
        nobody.bind(("127.0.0.1", 0))
        settings = config(
            lines=[
                *(line(name) for name in ("desk", "patient", "story", "switchboard")),
                line("front", "zh"),
                line("hanging", brain_url=_url(deaf)),
                line("unreachable", brain_url=_url(nobody)),
            ],
            brain={"first_chunk_timeout_ms": 1000},
            sip={"transfer": {"ring_timeout_s": 2}},
            recording={"enabled": True},
        )
        running = RunningService(tmp_path_factory.mktemp("service"), settings)
        stack.callback(running.destroy)
        running.until_ready()
        yield running


def _url(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}/stream/query"
