"""Sends text messages to an HTTP endpoint of the user's, signed.

Headers and signature are those of Standard Webhooks 1.0
(https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md): HMAC-SHA256 over
"id.timestamp.body", so that a library of that name can verify it. The id is the same in every attempt, and is in the
header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header) as well.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp

from voicebot.errors import ConfigError, MessageDelayedError, MessageRefusedError
from voicebot.messages.sender import SendResult
from voicebot.settings.messages import WebhookSenderSettings
from voicebot.storage.outbox import Message

_ENCODED_SECRET = "whsec_"
# Besides all of 500 and above: 408 Request Timeout, 425 Too Early, 429 Too Many Requests.
_RETRIED = frozenset({408, 425, 429})


class WebhookSender:
    """POSTs each message as JSON; 2xx means that the endpoint has taken it.

    Args:
        settings: URL, secret and time limit.
        clock: Unix time in seconds.

    Raises:
        ConfigError: URL or secret cannot be used.
    """

    def __init__(self, settings: WebhookSenderSettings, clock: Callable[[], float] = time.time) -> None:
        if not _is_web_address(settings.url):
            raise ConfigError("short_messages.webhook.url: expected an address that begins with https:// or http://")
        self._url = settings.url
        self._key = signing_key(settings.secret)
        self._clock = clock
        self._timeout_s = settings.timeout_ms / 1000
        self._session: aiohttp.ClientSession | None = None

    @property
    def timeout_s(self) -> float:
        """How long the endpoint may take."""
        return self._timeout_s

    async def send(self, message: Message) -> SendResult:
        """POST a message.

        Raises:
            MessageDelayedError: no answer, or one that asks for another attempt (408, 425, 429, 5xx).
            MessageRefusedError: any other answer; redirects are not followed.
        """
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._timeout_s)
            self._session = aiohttp.ClientSession(timeout=timeout)
        body = json.dumps(_content(message), ensure_ascii=False).encode("utf-8", "replace")
        headers = self._headers(message.id, body)
        try:
            async with self._session.post(self._url, data=body, headers=headers, allow_redirects=False) as response:
                _judge(response.status, response.headers.get("Retry-After", ""), self._clock())
        except asyncio.TimeoutError as error:
            raise MessageDelayedError("the endpoint did not answer in time", "timeout") from error
        except aiohttp.ClientError as error:
            raise MessageDelayedError("the endpoint cannot be reached", type(error).__name__) from error
        return SendResult()

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _headers(self, name: str, body: bytes) -> dict[str, str]:
        timestamp = int(self._clock())
        return {
            "Content-Type": "application/json",
            "Idempotency-Key": name,
            "webhook-id": name,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self._key, name, timestamp, body),
        }


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def signing_key(secret: str) -> bytes:
    """Return the key behind a secret: what "whsec_" says in base64, or the secret's own bytes.

    Raises:
        ConfigError: what follows "whsec_" is not base64.
    """
    if not secret.startswith(_ENCODED_SECRET):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_ENCODED_SECRET), validate=True)
    except binascii.Error:
        raise ConfigError("short_messages.webhook.secret: what follows whsec_ is not base64") from None


def sign(key: bytes, name: str, timestamp: int, body: bytes) -> str:
    """Return the value of the header webhook-signature: "v1," and the HMAC-SHA256 in base64."""
    content = f"{name}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def _content(message: Message) -> dict[str, str]:
    return {
        "id": message.id,
        "mobile": message.mobile,
        "signatureId": message.signature_id,
        "templateId": message.template_id,
        "callId": message.call_id,
        "sessionId": message.session_id,
        "createdAt": message.created_at.isoformat(timespec="milliseconds"),
    }


def _judge(status: int, retry_after: str, now_s: float) -> None:
    if 200 <= status < 300:
        return
    code = f"http_{status}"
    if status >= 500 or status in _RETRIED:
        raise MessageDelayedError(f"the endpoint answered {status}", code, _seconds(retry_after, now_s))
    raise MessageRefusedError(f"the endpoint answered {status}", code)


def _seconds(retry_after: str, now_s: float) -> float | None:
    """Read Retry-After: seconds, or a date (RFC 9110, 10.2.3); None if it is neither."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=timezone.utc)
    return max(0.0, (aware - datetime.fromtimestamp(now_s, timezone.utc)).total_seconds())
