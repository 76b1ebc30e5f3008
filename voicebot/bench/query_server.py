"""The servers of the query bench, each in a process of its own: ``python -m voicebot.bench.query_server``.

The one that is measured is the service's HTTP server with our own bots, put together as ``voicebot serve`` does it,
and two more bots whose answers have 16 chunks. The other is a bare aiohttp handler that streams given lines.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvloop
from aiohttp import web

from voicebot.bench.query_wire import HOST
from voicebot.dialogue.botfile import FILE_NAME
from voicebot.errors import VoicebotError
from voicebot.protocol import Chunk, Query, Reply
from voicebot.protocol.reply import ReplySource
from voicebot.runtime.bots import OurBots
from voicebot.runtime.heap import keep_what_is_loaded
from voicebot.runtime.logs import set_up_logging
from voicebot.runtime.stdio import report, stdin_lines
from voicebot.server import HostedBot, create_app, start_server
from voicebot.settings import Settings
from voicebot.speech.worker.client import SpeechClient

STREAM_BOT, READY_BOT = "bench-stream", "bench-ready"
STREAM_QUESTION = "你是谁啊"
STREAM_CHUNKS = 16
# The page's example answer, in sentences of about the length of its chunks.
_WORDS = (
    "我呀",
    "是小助手",
    "坐席中心的",
    "专门来陪您",
    "聊天",
    "解闷",
    "帮您查询",
    "帮您预约",
    "解决问题",
    "有啥事儿",
    "尽管说",
    "别客气",
    "我在听",
)
_AGAIN = ("您请讲。", "我听着。")


def write_stream_bot(directory: Path) -> None:
    """Write a bot that answers STREAM_QUESTION with 15 short sentences and the chunk that ends the answer."""
    bot = {
        "language": "zh",
        "start": "greeting",
        "nodes": {"greeting": {"say": "您好。", "again": "".join(_AGAIN)}},
        "silence": {"prompts": ["您还在吗？"], "goto": "greeting"},
        "fallback": {"texts": ["我没听清。"], "goto": "greeting"},
        "faq": [{"question": STREAM_QUESTION, "answer": "".join(f"{words}。" for words in _WORDS)}],
    }
    folder = directory / STREAM_BOT
    folder.mkdir(parents=True)
    (folder / FILE_NAME).write_text(json.dumps(bot, ensure_ascii=False), encoding="utf-8")  # JSON is YAML


class ReadyBrain:
    """Has its 16 chunks ready: what is left is the cost of the interface alone."""

    def __init__(self) -> None:
        self._replies = [Reply(f"{words}。", ReplySource.FAQ) for words in (*_WORDS, "您请讲", "我听着")]

    async def ask(self, query: Query) -> AsyncIterator[Chunk]:
        """Give the answer."""
        for number, reply in enumerate(self._replies):
            yield Chunk(query.session_id, "7c0cd473-aba6-44e1-b84c-04890415cb9c", number, reply=reply)
        yield Chunk(query.session_id, "7c0cd473-aba6-44e1-b84c-04890415cb9c", len(self._replies), done=True)


@asynccontextmanager
async def _product(settings: Settings) -> AsyncIterator[int]:
    """Run the service's server; yield its port."""
    ours = OurBots(settings)
    bots = [HostedBot.of(versions) for versions in ours]
    bots.append(HostedBot(READY_BOT, ReadyBrain(), "zh"))
    # Nobody fetches the audio: its addresses are made and the synthesiser is never asked.
    app = create_app(settings, bots, SpeechClient(Path("unused.sock")))
    server = await start_server(app, HOST, 0)
    try:
        yield server.port
    finally:
        await server.close()
        await ours.close()


@asynccontextmanager
async def _bare(lines: Sequence[bytes]) -> AsyncIterator[int]:
    """Run the bare handler; yield its port."""

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson; charset=utf-8"})
        await response.prepare(request)
        for line in lines:
            await response.write(line)
        await response.write_eof()
        return response

    app = web.Application()
    app.router.add_post("/stream/query", stream)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, 0).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def _main() -> int:
    orders = stdin_lines()
    order: dict[str, Any] = json.loads(await orders.__anext__())
    settings = Settings.model_validate(order["settings"])
    set_up_logging(settings.log, "bench")
    lines = [line.encode("utf-8") for line in order["lines"]]
    try:
        async with _bare(lines) if lines else _product(settings) as port:
            keep_what_is_loaded()
            report("ready", {"port": port})
            async for _ in orders:
                pass
    except VoicebotError as error:
        report("failed", {"message": error.message})
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(uvloop.run(_main()))
