"""``/api/v1/calls``: calls that are up, for supervisors."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import struct
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from aiohttp import web
from pydantic import Field

from voicebot.errors import UnknownCallError
from voicebot.server.api import DESK, at_desk, read_object
from voicebot.server.failures import Refusal
from voicebot.server.keyring import KEYS, Grant, keys_of
from voicebot.server.keys import CONTENT, SUPERVISE
from voicebot.settings.section import Section
from voicebot.supervision.desk import LiveCalls
from voicebot.supervision.modes import Mode, Then

LIVE: web.AppKey[LiveCalls] = web.AppKey("live_calls")
_NO_STORE = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_AUDIO_BYTES = 16 * 1024
_WRITE_TIMEOUT_S = 10.0
_ENDLESS = 0xFFFFFFFF

MAX_TEXT = 1000


class HangUpBody(Section):
    """How a call is to end."""

    text: str = Field(default="", max_length=MAX_TEXT)


class SayBody(Section):
    """What the bot is to say."""

    text: str = Field(min_length=1, max_length=MAX_TEXT)
    interrupt: bool = True


class WhisperBody(Section):
    """What the bot is to know."""

    text: str = Field(min_length=1, max_length=MAX_TEXT)


class TransferBody(Section):
    """Whom the caller is put through to."""

    target: str = Field(min_length=1, max_length=512)
    mode: Literal["attended", "blind", "bridge"] | None = None
    briefing: str = Field(default="", max_length=MAX_TEXT)


class JoinBody(Section):
    """Who is to be rung, and for what."""

    target: str = Field(min_length=1, max_length=512)
    mode: Mode = Mode.LISTEN
    then: Then | None = None


class ModeBody(Section):
    """What a supervisor is to do."""

    mode: Mode


class Supervising:
    """What the keys of a request let somebody do with calls.

    Raises:
        Refusal: there is no key, or none that may supervise.
    """

    def __init__(self, request: web.Request) -> None:
        grants = request.app[KEYS].grants(keys_of(request))
        if not grants:
            raise Refusal(401, "unauthorized", "the key is missing or wrong")
        self._grants = [grant for grant in grants if SUPERVISE in grant.rights]
        if not self._grants:
            raise Refusal(403, "forbidden", "the key has no right to supervise calls (voicebot keys add --supervise)")

    @staticmethod
    def may(request: web.Request) -> bool:
        """Whether a request has a key that may supervise."""
        return any(SUPERVISE in grant.rights for grant in request.app[KEYS].grants(keys_of(request)))

    def grant(self, call: dict[str, Any]) -> Grant | None:
        """Return the key that opens a call, None if there is none."""
        return next((grant for grant in self._grants if grant.has(call["bot"])), None)

    def shown(self, call: dict[str, Any]) -> dict[str, Any]:
        """Return a call as these keys may see it."""
        may_read = any(CONTENT in grant.rights and grant.has(call["bot"]) for grant in self._grants)
        return {**call, "words": call["words"] if may_read else None}


def add_supervision(app: web.Application, live: LiveCalls) -> None:
    """Serve the calls that are up; orders of calls must be served already."""
    app[LIVE] = live
    one = "/api/v1/calls/{call}"
    app.router.add_get("/api/v1/calls", get_calls)
    app.router.add_get(f"{one}/live", get_live_call)
    app.router.add_get(f"{one}/audio", get_audio)
    app.router.add_post(f"{one}/hangup", functools.partial(post_order, hang_up))
    app.router.add_post(f"{one}/say", functools.partial(post_order, say))
    app.router.add_post(f"{one}/whisper", functools.partial(post_order, whisper))
    app.router.add_post(f"{one}/transfer", functools.partial(post_order, transfer))
    app.router.add_post(f"{one}/supervisors", post_supervisor)
    app.router.add_patch(f"{one}/supervisors/{{supervisor}}", patch_supervisor)
    app.router.add_delete(f"{one}/supervisors/{{supervisor}}", delete_supervisor)


async def get_calls(request: web.Request) -> web.Response:
    """List the calls of the bots that the key opens."""
    may = Supervising(request)
    found = [may.shown(call) for call in await request.app[LIVE].calls() if may.grant(call)]
    return web.json_response({"calls": found}, headers=_NO_STORE)


async def get_live_call(request: web.Request) -> web.Response:
    """Show one call."""
    may = Supervising(request)
    call, _ = await _found(request, may)
    return web.json_response(may.shown(call), headers=_NO_STORE)


Order = Callable[[web.Request, str, str], Awaitable[dict[str, Any]]]


async def post_order(order: Order, request: web.Request) -> web.Response:
    """Do something with a call. 202: it is under way; the body is the call as it is now."""
    may = Supervising(request)
    call, by = await _found(request, may)
    return web.json_response(may.shown(await order(request, call["id"], by)), status=202, headers=_NO_STORE)


async def hang_up(request: web.Request, call_id: str, by: str) -> dict[str, Any]:
    """End the call."""
    text = (await read_object(request, HangUpBody)).text if request.body_exists else ""
    return await request.app[LIVE].hang_up(call_id, by, text.strip())


async def say(request: web.Request, call_id: str, by: str) -> dict[str, Any]:
    """Have the bot say something."""
    body = await read_object(request, SayBody)
    return await request.app[LIVE].say(call_id, by, body.text, body.interrupt)


async def whisper(request: web.Request, call_id: str, by: str) -> dict[str, Any]:
    """Give the bot a hint for its next answer."""
    body = await read_object(request, WhisperBody)
    return await request.app[LIVE].whisper(call_id, by, body.text)


async def transfer(request: web.Request, call_id: str, by: str) -> dict[str, Any]:
    """Put the caller through."""
    body = await read_object(request, TransferBody)
    return await request.app[LIVE].transfer(call_id, by, body.target, body.mode or "", body.briefing)


async def post_supervisor(request: web.Request) -> web.Response:
    """Ring a supervisor. 202: it rings; how that goes is in the call and in its events."""
    call, by = await _found(request, Supervising(request))
    body = await read_object(request, JoinBody)
    made = await request.app[LIVE].join(call["id"], by, body.target, body.mode, body.then)
    path = f"{request.path.rstrip('/')}/{made['id']}"
    return web.json_response(made, status=202, headers={**_NO_STORE, "Location": path})


async def patch_supervisor(request: web.Request) -> web.Response:
    """Change what a supervisor does."""
    call, by = await _found(request, Supervising(request))
    body = await read_object(request, ModeBody)
    changed = await request.app[LIVE].switch(call["id"], by, request.match_info["supervisor"], body.mode)
    return web.json_response(changed, headers=_NO_STORE)


async def delete_supervisor(request: web.Request) -> web.Response:
    """End a supervision."""
    call, by = await _found(request, Supervising(request))
    await request.app[LIVE].dismiss(call["id"], by, request.match_info["supervisor"])
    return web.Response(status=204)


async def get_audio(request: web.Request) -> web.StreamResponse:
    """Send the audio of a call while it goes on: WAV without an end, the caller left and the bot right.

    A client that does not keep up is let go of; the call never waits.
    """
    call, by = await _found(request, Supervising(request))
    async with request.app[LIVE].listen(call["id"], by) as listening:
        response = web.StreamResponse(headers=_NO_STORE)
        response.content_type = "audio/wav"
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            await response.write(endless_wav_header(listening.rate_hz))
            while sound := await listening.stream.read(_AUDIO_BYTES):
                if not await _written(response, sound):
                    # Nothing is read at the other end: what waits there will not be, either.
                    if request.transport is not None:
                        request.transport.abort()
                    break
    return response


async def _written(response: web.StreamResponse, sound: bytes) -> bool:
    """Write, and tell whether there was room for it in time."""
    writing = asyncio.ensure_future(response.write(sound))
    try:
        await asyncio.wait({writing}, timeout=_WRITE_TIMEOUT_S)
        return writing.done() and writing.exception() is None
    finally:
        writing.cancel()


def endless_wav_header(rate_hz: int) -> bytes:
    """Return the header of a stereo 16-bit WAV file whose length is not known: players go on to the end."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, rate_hz, rate_hz * 4, 4, 16)
    return struct.pack("<4sI4s", b"RIFF", _ENDLESS, b"WAVE") + form + struct.pack("<4sI", b"data", _ENDLESS)


async def _found(request: web.Request, may: Supervising) -> tuple[dict[str, Any], str]:
    """Return the call that is asked for, by its Call-ID or the id it was ordered with, and the id of the key.

    Raises:
        UnknownCallError: it is not up, or the key does not open its bot.
    """
    name = request.match_info["call"]
    try:
        call = await request.app[LIVE].call(name)
    except UnknownCallError:
        ordered = await at_desk(functools.partial(request.app[DESK].call, name))
        call = await request.app[LIVE].call(ordered.call_id)
    grant = may.grant(call)
    if grant is None:
        raise UnknownCallError("there is no call of that id")
    return call, grant.id
