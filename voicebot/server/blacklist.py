"""``/api/v1/blacklist``: numbers that nobody, or one campaign, may not dial.

Numbers stand in queries and bodies, and never in a path: paths get into logs.
"""

from __future__ import annotations

import functools
from datetime import datetime, timezone

from aiohttp import web
from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from voicebot.campaigns.donotcall import Author, DoNotCall, scope_of
from voicebot.server.api import DESK, Opened, at_desk, moment, read_object
from voicebot.server.body import read_body
from voicebot.server.campaigns import report_of
from voicebot.server.failures import Refusal
from voicebot.server.keyring import KEYS, keys_of
from voicebot.server.keys import ALL_BOTS
from voicebot.server.streamquery import SETTINGS
from voicebot.settings.section import Section
from voicebot.storage.blacklist import BlacklistEntry, BlacklistEvent

_MOST = 1000
_NO_STORE = {"Cache-Control": "no-store"}
_MOMENT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


class EntryBody(Section):
    """A number that is not to be dialled."""

    number: str = Field(min_length=1, max_length=64)
    campaign: str = Field(default="", max_length=48)
    reason: str = Field(default="", max_length=255)
    expires_at: AwareDatetime | None = None


def add_blacklist(app: web.Application) -> None:
    """Serve the blacklist, at the desk of the calls."""
    app.router.add_get("/api/v1/blacklist", get_entries)
    app.router.add_post("/api/v1/blacklist", post_entry)
    app.router.add_delete("/api/v1/blacklist", delete_entry)
    app.router.add_post("/api/v1/blacklist/import", post_file)
    app.router.add_get("/api/v1/blacklist/history", get_history)


async def get_entries(request: web.Request) -> web.Response:
    """Say whether a number may be dialled, or list the numbers that may not, a part at a time."""
    scopes, number = await _scopes(request), request.query.get("number", "")
    storage = request.app[DESK].storage
    if number:
        campaign = request.query.get("campaign", "")
        entry = await at_desk(functools.partial(_list(request).find, number, campaign))
        return web.json_response({"entries": [] if entry is None else [_shown(entry)], "next": 0}, headers=_NO_STORE)
    after, limit = _count(request, "after", 0, 2**31 - 1), _count(request, "limit", 100, _MOST)

    def look() -> list[tuple[int, BlacklistEntry]]:
        storage.import_orders()
        return storage.blacklist.page(scopes, after, limit)

    found = await at_desk(look)
    last = found[-1][0] if found and len(found) == limit else 0
    return web.json_response({"entries": [_shown(entry) for _, entry in found], "next": last}, headers=_NO_STORE)


async def post_entry(request: web.Request) -> web.Response:
    """Add a number: 201 if it could be dialled before, 200 if it is on the list already and has a new reason."""
    Opened(request)  # whoever has no key is told that, and nothing about the body
    body = await read_object(request, EntryBody)
    await _demand(request, body.campaign)
    _future(body.expires_at)
    add = functools.partial(
        _list(request).add, body.number, body.campaign, body.reason, body.expires_at, _author(request)
    )
    new = await at_desk(add)
    number = DoNotCall.plain(body.number)
    find = functools.partial(
        request.app[DESK].storage.blacklist.find, number, datetime.now(timezone.utc), [scope_of(body.campaign)]
    )
    entry = await at_desk(find)
    if entry is None:
        raise Refusal(409, "conflict", "somebody has removed it at the same moment", "number")
    return web.json_response(_shown(entry), status=201 if new else 200, headers=_NO_STORE)


async def delete_entry(request: web.Request) -> web.Response:
    """Remove a number: it may be dialled again."""
    campaign = request.query.get("campaign", "")
    await _demand(request, campaign)
    number, reason = request.query.get("number", ""), request.query.get("reason", "")
    removed = await at_desk(functools.partial(_list(request).remove, number, campaign, reason, _author(request)))
    if not removed:
        raise Refusal(404, "not_found", "there is no such entry", "number")
    return web.Response(status=204)


async def post_file(request: web.Request) -> web.Response:
    """Add the numbers of a CSV or XLSX file, which is the body; answers with a report of the rows."""
    query = request.query
    campaign = query.get("campaign", "")
    await _demand(request, campaign)
    until = _moment(query["expires_at"], "expires_at") if "expires_at" in query else None
    _future(until)
    most_bytes = request.app[SETTINGS].dialling.max_import_mib * 2**20
    content = await read_body(request.clone(client_max_size=most_bytes))
    file, column = query.get("file", "upload"), query.get("number_column", "")
    author = Author("import", _author(request).actor)
    load = functools.partial(
        _list(request).load, file, content, column, campaign, query.get("reason", ""), until, author
    )
    return web.json_response(report_of(await at_desk(load)))


async def get_history(request: web.Request) -> web.Response:
    """Tell who added and removed what, and which calls were refused: of one number all, else the latest first."""
    scopes, number = await _scopes(request), request.query.get("number", "")
    blacklist = request.app[DESK].storage.blacklist
    if number:
        found = await at_desk(functools.partial(blacklist.history, DoNotCall.plain(number)))
        events = [event for event in found if scopes is None or event.scope in scopes]
    else:
        before = _moment(request.query["before"], "before") if "before" in request.query else _now()
        limit = _count(request, "limit", 100, _MOST)
        events = await at_desk(functools.partial(blacklist.trail, scopes, before, limit))
    return web.json_response({"events": [_told(event) for event in events]}, headers=_NO_STORE)


# --- who may


async def _demand(request: web.Request, campaign: str) -> None:
    """Let a change pass: for everybody with a key for all bots, for a campaign with one for its bot."""
    opened, desk = Opened(request), request.app[DESK]
    if campaign:
        known = await at_desk(functools.partial(desk.campaign, campaign))
        if opened.has(desk.plan_of(known).bot):
            return
        raise Refusal(404, "unknown_campaign", f"there is no campaign {campaign!r}", "campaign")
    if not opened.has(ALL_BOTS):
        raise Refusal(401, "unauthorized", "entries for everybody need a key for all bots")


async def _scopes(request: web.Request) -> list[str] | None:
    """Return the scopes that are asked for and may be seen; None: all of them."""
    campaign = request.query.get("campaign")
    if campaign is None and Opened(request).has(ALL_BOTS):
        return None
    await _demand(request, campaign or "")
    return [scope_of(campaign or "")]


def _author(request: web.Request) -> Author:
    names = sorted({grant.id for grant in request.app[KEYS].grants(keys_of(request))})
    return Author("api", f"key {', '.join(names)}")


# --- what is asked, and what is told


def _list(request: web.Request) -> DoNotCall:
    return DoNotCall(request.app[DESK].storage, request.app[SETTINGS].dialling)


def _count(request: web.Request, name: str, default: int, most: int) -> int:
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 11 and int(text) <= most):
        raise Refusal(400, "bad_request", f"{name}: expected a number up to {most}", name)
    return int(text)


def _moment(text: str, name: str) -> datetime:
    try:
        return _MOMENT.validate_strings(text)
    except ValidationError:
        raise Refusal(400, "bad_request", f"{name}: expected a moment such as 2027-12-31T00:00:00Z", name) from None


def _future(until: datetime | None) -> None:
    if until is not None and until <= _now():
        raise Refusal(400, "bad_request", "expires_at: that is over", "expires_at")


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _shown(entry: BlacklistEntry) -> dict[str, object]:
    return {
        "number": entry.number,
        "campaign": _campaign(entry.scope),
        "reason": entry.reason,
        "source": entry.source,
        "call_id": entry.call_id,
        "created_at": moment(entry.created_at),
        "updated_at": moment(entry.updated_at),
        "expires_at": moment(entry.expires_at),
    }


def _told(event: BlacklistEvent) -> dict[str, object]:
    return {
        "at": moment(event.at),
        "action": event.action,
        "number": event.number,
        "campaign": _campaign(event.scope),
        "reason": event.reason,
        "source": event.source,
        "actor": event.actor,
        "call_id": event.call_id,
        "line": event.line,
        "expires_at": moment(event.expires_at),
    }


def _campaign(scope: str) -> str:
    return scope.partition(":")[2]
