"""``GET /healthz``: is the service alive, and what is it doing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from aiohttp import web

from voicebot import __version__

Facts = Callable[[], Mapping[str, object]]


class Health:
    """What ``/healthz`` tells: status, version, uptime, and what the runtime adds (calls, workers)."""

    def __init__(self, facts: Facts | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._facts = facts
        self._clock = clock
        self._started = clock()

    def report(self) -> dict[str, object]:
        """Return the report; the runtime's facts may replace the status."""
        report: dict[str, object] = {
            "status": "ok",
            "version": __version__,
            "uptime_s": round(self._clock() - self._started, 1),
        }
        report.update(self._facts() if self._facts is not None else {})
        return report


HEALTH = web.AppKey("health", Health)


async def get_health(request: web.Request) -> web.Response:
    """Answer 200 while the status is "ok", 503 otherwise."""
    report = request.app[HEALTH].report()
    return web.json_response(report, status=200 if report["status"] == "ok" else 503)
