"""Whole conversations and what they look like on the wire, byte for byte, in ``tests/data/golden``.

A conversation is ``NAME.json``: the bot and the bodies of the requests; the session id is filled in from the first
answer. ``NAME.ndjson`` and ``NAME.sse`` are the bodies of the answers, one after the other. After a change that is
meant to be seen there, write them anew and read the difference before it is committed:

    .venv/bin/python -m tests.server.golden
    git diff tests/data/golden
"""

from __future__ import annotations

import asyncio
import itertools
import json
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path

from tests.dialogue.shared import BOTS, clock, encoder
from tests.server.running import HEADERS, serving, settings
from voicebot.dialogue import Engine, load_bot
from voicebot.dialogue.session import SessionStore
from voicebot.dialogue.sessionids import SessionIds
from voicebot.protocol import FrameDecoder, Framing
from voicebot.server import HostedBot

FOLDER = Path(__file__).resolve().parents[1] / "data" / "golden"
FILES = {
    "appointment": BOTS / "appointment" / "bot.yaml",
    "service": BOTS / "service" / "bot.yaml",
    "messages": FOLDER / "bot.yaml",
}
SUFFIXES = {Framing.LINES: ".ndjson", Framing.EVENTS: ".sse"}


def names() -> list[str]:
    """Return the names of all conversations."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def _counting(pattern: Callable[[int], str]) -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: pattern(next(numbers))


def _engine(bot: str) -> Engine:
    ids = SessionIds(b"golden", _counting(lambda number: f"{number:024x}"))
    new_query_id = _counting(lambda number: str(uuid.UUID(int=number)))
    return Engine(load_bot(FILES[bot]), encoder(), SessionStore(ids=ids), new_query_id, clock=clock)


async def converse(name: str, framing: Framing, data: Path) -> list[bytes]:
    """Hold a conversation over HTTP and return the bodies of the answers."""
    script = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    config = settings(data, f"bots.default={script['bot']}")
    headers = HEADERS | {"Accept": framing.value}
    bodies, session_id = [], ""
    async with serving(config, [HostedBot.of(_engine(script["bot"]))]) as (_, client):
        for turn in script["turns"]:
            body = {**turn, "sessionId": session_id}
            answer = await client.post("/stream/query", json=body, headers=headers)
            assert answer.status == 200
            bodies.append(await answer.read())
            session_id = FrameDecoder().feed(bodies[-1])[0]["sessionId"]
    return bodies


def _write() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in names():
            for framing, suffix in SUFFIXES.items():
                bodies = asyncio.run(converse(name, framing, Path(folder)))
                (FOLDER / name).with_suffix(suffix).write_bytes(b"".join(bodies))


if __name__ == "__main__":
    _write()
