"""``/api/v1/calls``: single outgoing calls."""

from __future__ import annotations

import functools
from collections.abc import Callable

from aiohttp import web
from pydantic import Field

from voicebot.campaigns.desk import Desk
from voicebot.errors import UnknownCallError
from voicebot.server.api import DESK, WAKE, Opened, at_desk, moment, read_object
from voicebot.server.failures import Refusal
from voicebot.server.supervision import LIVE, Supervising, get_live_call
from voicebot.settings.section import Section
from voicebot.storage.outgoing import OutgoingCall


class CallBody(Section):
    """What is ordered."""

    number: str = Field(min_length=1, max_length=64)
    bot: str = Field(min_length=1, max_length=255)
    variables: dict[str, str] = Field(default_factory=dict)
    caller_number: str = Field(default="", pattern=r"^(\+?[0-9]{3,20})?$")
    ring_timeout_s: float | None = Field(default=None, ge=5, le=180)
    id: str = Field(default="", pattern=r"^[A-Za-z0-9_-]{0,64}$")


def add_calls(app: web.Application, desk: Desk, wake: Callable[[], None]) -> None:
    """Serve the calls."""
    app[DESK] = desk
    app[WAKE] = wake
    app.router.add_post("/api/v1/calls", post_call)
    app.router.add_get("/api/v1/calls/{call}", get_call)


async def post_call(request: web.Request) -> web.Response:
    """Order a call. 202: it will be made when there is a free line; the body says where to look."""
    opened = Opened(request)
    body = await read_object(request, CallBody)
    opened.demand(request, body.bot)
    order = functools.partial(
        request.app[DESK].order_call,
        body.number,
        body.bot,
        body.variables,
        caller_number=body.caller_number,
        ring_timeout_s=body.ring_timeout_s,
        order_id=body.id,
    )
    call = await at_desk(order)
    if call.bot != body.bot or call.number != request.app[DESK].dialled_number(body.number):
        raise Refusal(409, "conflict", "another call was ordered with this id", "id")
    request.app[WAKE]()
    return web.json_response(shown(call), status=202, headers={"Location": f"/api/v1/calls/{call.id}"})


async def get_call(request: web.Request) -> web.Response:
    """Say how far a call is."""
    opened = Opened(request)
    try:
        call = await at_desk(functools.partial(request.app[DESK].call, request.match_info["call"]))
    except UnknownCallError:
        if LIVE not in request.app or not Supervising.may(request):
            raise
        return await get_live_call(request)
    if not opened.has(call.bot):
        raise UnknownCallError("there is no outgoing call of that id")
    return web.json_response(shown(call), headers={"Cache-Control": "no-store"})


def shown(call: OutgoingCall) -> dict[str, object]:
    """Return a call as the interface shows it."""
    return {
        "id": call.id,
        "number": call.number,
        "bot": call.bot,
        "state": call.state.value,
        "outcome": call.outcome,
        "category": call.category,
        "q850": call.q850,
        "sip_status": call.sip_status,
        "detail": call.detail,
        "hung_up_by": call.cause,
        "answered_by": call.answered_by,
        "caller_number": call.caller_number,
        "call_id": call.call_id,
        "created_at": moment(call.created_at),
        "dialled_at": moment(call.dialled_at),
        "answered_at": moment(call.answered_at),
        "ended_at": moment(call.ended_at),
    }
