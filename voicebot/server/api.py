"""What the endpoints under ``/api/v1`` share: who may ask, and bodies that are JSON objects."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from voicebot.campaigns.desk import Desk
from voicebot.protocol.framing import load_json
from voicebot.server.body import read_body
from voicebot.server.failures import Refusal
from voicebot.server.keyring import KEYS, keys_of
from voicebot.server.keys import ALL_BOTS
from voicebot.server.streamquery import BOTS, SETTINGS

DESK = web.AppKey("desk", Desk)
WAKE: web.AppKey[Callable[[], None]] = web.AppKey("wake")

BodyT = TypeVar("BodyT", bound=BaseModel)
T = TypeVar("T")


class Opened:
    """The bots that the keys of a request open.

    Raises:
        Refusal: there are none.
    """

    def __init__(self, request: web.Request) -> None:
        self._bots = request.app[KEYS].bots(keys_of(request))
        if not self._bots:
            raise Refusal(401, "unauthorized", "the key is missing or wrong")

    def has(self, bot: str) -> bool:
        """Whether a bot may be used."""
        return ALL_BOTS in self._bots or bot in self._bots

    def demand(self, request: web.Request, bot: str) -> None:
        """Let a bot pass that may be used and that exists.

        Raises:
            Refusal: it is not to be used with this key, or there is none.
        """
        if not self.has(bot):
            raise Refusal(401, "unauthorized", "the key is missing or wrong")
        lines = {line.name for line in request.app[SETTINGS].lines}
        if bot not in request.app[BOTS] and bot not in lines:
            raise Refusal(404, "unknown_bot", "there is no bot of that name", "bot")


async def read_object(request: web.Request, model: type[BodyT]) -> BodyT:
    """Read a body.

    Raises:
        Refusal: it is not what ``model`` says.
        ProtocolError: it is no JSON.
    """
    plain = await read_plain(request)
    if not isinstance(plain, dict):
        raise Refusal(400, "protocol", "expected an object")
    try:
        return model.model_validate(plain)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Refusal(400, "protocol", f"{field}: {first['msg'].removeprefix('Value error, ')}", field) from None


async def read_plain(request: web.Request) -> object:
    """Read a body of JSON, whatever is in it.

    Raises:
        Refusal: it cannot be read.
        ProtocolError: it is no JSON.
    """
    return load_json(await read_body(request))


async def at_desk(work: Callable[[], T]) -> T:
    """Do what blocks in a thread; once begun it is finished, though the client may have left."""
    return await asyncio.shield(asyncio.to_thread(work))


def moment(value: datetime | None) -> str | None:
    """Write a moment as RFC 3339 has it, in UTC."""
    return None if value is None else value.isoformat(timespec="seconds").replace("+00:00", "Z")
