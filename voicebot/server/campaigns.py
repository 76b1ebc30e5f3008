"""``/api/v1/campaigns``: make, fill, start and watch campaigns."""

from __future__ import annotations

import functools
import json

from aiohttp import web

from voicebot.campaigns.importing import ImportReport
from voicebot.campaigns.lifecycle import Command
from voicebot.campaigns.plan import parse_plan
from voicebot.campaigns.progress import Progress
from voicebot.errors import UnknownCampaignError
from voicebot.server.api import DESK, WAKE, Opened, at_desk, moment, read_plain
from voicebot.server.body import read_body
from voicebot.server.streamquery import SETTINGS

_NO_STORE = {"Cache-Control": "no-store"}


def add_campaigns(app: web.Application) -> None:
    """Serve the campaigns, at the desk of the calls."""
    one = "/api/v1/campaigns/{campaign}"
    app.router.add_get("/api/v1/campaigns", get_campaigns)
    app.router.add_put(one, put_campaign)
    app.router.add_get(one, get_campaign)
    app.router.add_post(f"{one}/numbers", post_numbers)
    app.router.add_get(f"{one}/results", get_results)
    for command in Command:
        app.router.add_post(f"{one}/{command.value}", functools.partial(post_command, command))


async def get_campaigns(request: web.Request) -> web.Response:
    """List the campaigns of the bots that the key opens."""
    opened, desk = Opened(request), request.app[DESK]

    def look() -> list[dict[str, object]]:
        found = [one for one in desk.storage.campaigns.all() if opened.has(desk.plan_of(one).bot)]
        return [_shown(desk.progress(one.name)) for one in found]

    return web.json_response({"campaigns": await at_desk(look)}, headers=_NO_STORE)


async def put_campaign(request: web.Request) -> web.Response:
    """Make a campaign, or give it another plan."""
    opened, desk, name = Opened(request), request.app[DESK], request.match_info["campaign"]
    plan = parse_plan(await read_plain(request))
    opened.demand(request, plan.bot)
    known = await at_desk(functools.partial(desk.storage.campaigns.find, name))
    if known is not None and not opened.has(desk.plan_of(known).bot):
        raise _unknown(name)
    await at_desk(functools.partial(desk.save_campaign, name, plan))
    return await _answer(request, name)


async def get_campaign(request: web.Request) -> web.Response:
    """Say how far a campaign is, and what its plan is."""
    return await _answer(request, await _known(request))


async def post_numbers(request: web.Request) -> web.Response:
    """Add the numbers of a CSV or XLSX file, which is the body; answers with a report of the rows."""
    name, desk = await _known(request), request.app[DESK]
    most_bytes = request.app[SETTINGS].dialling.max_import_mib * 2**20
    content = await read_body(request.clone(client_max_size=most_bytes))
    file, column = request.query.get("file", "upload"), request.query.get("number_column", "")
    report = await at_desk(functools.partial(desk.import_numbers, name, file, content, column))
    request.app[WAKE]()
    return web.json_response(report_of(report))


async def post_command(command: Command, request: web.Request) -> web.Response:
    """Start, pause, resume or stop a campaign."""
    name = await _known(request)
    await at_desk(functools.partial(request.app[DESK].command, name, command))
    request.app[WAKE]()
    return await _answer(request, name)


async def get_results(request: web.Request) -> web.Response:
    """Return what became of each number, as CSV."""
    name, desk = await _known(request), request.app[DESK]
    text = await at_desk(lambda: "".join(desk.export(name)))
    headers = {**_NO_STORE, "Content-Disposition": 'attachment; filename="results.csv"'}
    return web.Response(text=text, content_type="text/csv", charset="utf-8", headers=headers)


async def _known(request: web.Request) -> str:
    """Return the name of the campaign that is asked for, if the key opens its bot."""
    opened, desk, name = Opened(request), request.app[DESK], request.match_info["campaign"]
    campaign = await at_desk(functools.partial(desk.campaign, name))
    if not opened.has(desk.plan_of(campaign).bot):
        raise _unknown(name)
    return name


def _unknown(name: str) -> UnknownCampaignError:
    return UnknownCampaignError(f"there is no campaign {name!r}")


async def _answer(request: web.Request, name: str) -> web.Response:
    desk = request.app[DESK]

    def look() -> dict[str, object]:
        plan = json.loads(desk.campaign(name).plan)
        return {**_shown(desk.progress(name)), "plan": plan}

    return web.json_response(await at_desk(look), headers=_NO_STORE)


def _shown(progress: Progress) -> dict[str, object]:
    return {
        "name": progress.name,
        "state": progress.state.value,
        "reason": progress.reason,
        "numbers": progress.numbers,
        "done": progress.done,
        "calling": progress.calling,
        "waiting": progress.waiting,
        "outcomes": dict(progress.outcomes),
        "calls": progress.calls,
        "next_at": moment(progress.next_at),
        "expected_end": moment(progress.done_at),
    }


def report_of(report: ImportReport) -> dict[str, object]:
    """Return what came of a file, as the interface shows it."""
    bad = [{"line": row.line, "code": row.code, "message": row.message} for row in report.bad]
    return {"rows": report.rows, "imported": report.imported, "bad": bad}
