"""Everything that goes wrong becomes JSON: ``{"code", "message", "field"}``, 4xx for what the client got wrong."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiohttp import http_exceptions, web

from voicebot.errors import (
    BrainTimeoutError,
    CallLostError,
    CallStateError,
    CampaignError,
    CampaignStateError,
    InvalidNumberError,
    NoRoomError,
    NumberBlockedError,
    PlanError,
    ProtocolError,
    StorageError,
    SupervisionError,
    SupervisorLimitError,
    TransferError,
    UnknownCallError,
    UnknownCampaignError,
    UnknownSessionError,
    UnknownSupervisorError,
    VoicebotError,
)

logger = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_CLIENTS = (
    *(ProtocolError, InvalidNumberError, NumberBlockedError, CampaignError, UnknownCallError),
    *(SupervisionError, TransferError),
)
_CODES = {401: "unauthorized", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


class Refusal(Exception):  # noqa: N818 - not an error of ours: the client's request is refused
    """A request that is answered with an error."""

    def __init__(self, status: int, code: str, message: str, field: str = "", *, close: bool = False) -> None:
        """Refuse.

        Args:
            status: HTTP status.
            code: stable name of the reason.
            message: the reason, for people.
            field: what in the request is wrong, if it is one thing.
            close: close the connection then; what the client still sends on it is not wanted.
        """
        super().__init__(message)
        self.response = failure(status, code, message, field)
        if close:
            self.response.force_close()


def failure(status: int, code: str, message: str, field: str = "") -> web.Response:
    """Build an error response."""
    return web.json_response({"code": code, "message": message, "field": field}, status=status)


@web.middleware
async def failures_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn exceptions of handlers into error responses."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return refusal.response
    except _CLIENTS as error:
        return _clients_mistake(error)
    except StorageError as error:
        logger.error("%s %s failed: %s", request.method, request.path, error.message)
        return failure(503, error.code, "the database cannot be used now")
    except web.HTTPException as error:
        return failure_of(error)
    except (http_exceptions.HttpProcessingError, web.RequestPayloadError):
        return failure(400, "bad_request", "the body cannot be read")
    except BrainTimeoutError as error:
        return failure(504, error.code, "the bot did not answer in time")
    except VoicebotError as error:
        logger.error("%s %s failed: %s", request.method, request.path, error.code)
        return failure(503, error.code, "the bot cannot answer now")
    except asyncio.CancelledError:
        raise
    except Exception:
        logger.exception("%s %s failed", request.method, request.path)
        return failure(500, "internal", "something went wrong on our side")


def _clients_mistake(error: VoicebotError) -> web.Response:
    statuses = {
        NumberBlockedError: 403,
        UnknownSessionError: 404,
        UnknownCallError: 404,
        UnknownCampaignError: 404,
        CampaignStateError: 409,
        UnknownSupervisorError: 404,
        CallStateError: 409,
        SupervisorLimitError: 409,
        NoRoomError: 503,
        CallLostError: 503,
    }
    field = error.field if isinstance(error, (ProtocolError, PlanError)) else ""
    if isinstance(error, (InvalidNumberError, NumberBlockedError)):
        field = "number"
    if isinstance(error, TransferError):
        field = "target"
    return failure(statuses.get(type(error), 400), error.code, error.message, field)


def failure_of(error: web.HTTPException) -> web.Response:
    """Say what aiohttp refuses in our words."""
    code = _CODES.get(error.status, "bad_request" if error.status < 500 else "internal")
    response = failure(error.status, code, error.reason)
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response
