"""``GET /openapi.json``: what the server understands, as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0)."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib import resources
from typing import Any

import yaml
from aiohttp import web

from voicebot import __version__
from voicebot.settings import Settings

_FILE = "openapi.yaml"
_CACHE_CONTROL = "public, max-age=300"


@cache
def _file() -> dict[str, Any]:
    text = resources.files(__package__).joinpath(_FILE).read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def openapi_document(public_url: str = "") -> dict[str, Any]:
    """Return the document.

    Args:
        public_url: how others reach the server; "" for the address that the document itself was fetched from.
    """
    document = _file()
    servers = [{"url": public_url.rstrip("/") or "/"}]
    return {**document, "info": {**document["info"], "version": __version__}, "servers": servers}


def add_document(app: web.Application, settings: Settings) -> None:
    """Serve the document; it is no secret, so nobody needs a key for it."""
    body = json.dumps(openapi_document(settings.http.public_url), ensure_ascii=False).encode("utf-8")
    etag = hashlib.sha256(body).hexdigest()[:32]

    async def get_document(request: web.Request) -> web.Response:
        known = request.if_none_match or ()
        fresh = any(tag.value in (etag, "*") for tag in known)
        response = web.Response(status=304) if fresh else web.Response(body=body, content_type="application/json")
        response.etag = etag
        response.headers["Cache-Control"] = _CACHE_CONTROL
        return response

    app.router.add_get("/openapi.json", get_document)
