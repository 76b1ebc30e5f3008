"""One connection of a client: what goes wrong before a request reaches the application is answered in JSON, too."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from voicebot.server.failures import failure, failure_of

logger = logging.getLogger(__name__)

# uri-host [ ":" port ], RFC 9110 section 7.2; whether an address in brackets is one does not matter here.
_HOST = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Connection(web.RequestHandler):
    """Reads requests from a connection and writes the answers."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer bytes that are no request, and close the connection.

        The parser's own message is neither sent nor logged: it quotes what came, and a key may be in there.
        """
        if request.writer.output_size > 0:
            raise ConnectionError("part of an answer is out already")
        if status < 500:
            logger.debug("not a request: %s", type(exc).__name__)
            response = failure(status, "bad_request", "this is not an HTTP request that can be read")
        else:
            logger.error("a request failed outside of its handler", exc_info=exc)
            response = failure(status, "internal", "something went wrong on our side")
        response.force_close()
        return response


def before_the_application(handler: Handler) -> Handler:
    """Wrap what handles all requests of a server; an application's middlewares come too late for these.

    aiohttp refuses an ``Expect`` that it does not know (RFC 9110 section 10.1.1) with a page of its own, and fails
    with one that is not ASCII. It takes any ``Host``, where 400 is due (RFC 9112 section 3.2); addresses of audio files
    are made with it.
    """

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if _HOST.fullmatch(request.headers.get(hdrs.HOST, "")) is None:
            return failure(400, "bad_request", "Host: this is not the name of a host", hdrs.HOST)
        if request.headers.get(hdrs.EXPECT, "100-continue").lower() != "100-continue":
            return failure(417, "bad_request", "Expect: 100-continue is all that is understood", hdrs.EXPECT)
        try:
            return await handler(request)
        except web.HTTPException as refusal:
            return failure_of(refusal)

    return handle
