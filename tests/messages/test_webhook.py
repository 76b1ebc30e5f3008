from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.messages.provider import Answer, answering, hanging_up, never, provider
from tests.storage.stored import MOBILE, message
from voicebot.errors import ConfigError, MessageDelayedError, MessageError, MessageRefusedError
from voicebot.messages.sender import SendResult, make_sender
from voicebot.messages.webhook import WebhookSender, sign, signing_key
from voicebot.settings.messages import ShortMessageSettings, WebhookSenderSettings

NOW_S = 1_800_000_000.7


def sender(url: str, **more: object) -> WebhookSender:
    values = {"url": url, "secret": "secret", **more}
    return WebhookSender(WebhookSenderSettings.model_validate(values), lambda: NOW_S)


async def failure(answer: Answer, **more: object) -> MessageError:
    """Send a message to an endpoint that does not take it."""
    async with provider(answer) as endpoint:
        sending = sender(f"{endpoint.url}/sms", **more)
        with pytest.raises(MessageError) as raised:
            await sending.send(message())
        assert len(endpoint.requests) == 1
        await sending.close()
    return raised.value


async def test_what_the_endpoint_gets() -> None:
    async with provider(answering(202)) as endpoint:
        sending = sender(f"{endpoint.url}/sms?tenant=1")
        assert await sending.send(message("m-1", signature_id="签名")) == SendResult()
        await sending.close()
    (request,) = endpoint.requests
    assert json.loads(request.body) == {
        "id": "m-1",
        "mobile": MOBILE,
        "signatureId": "签名",
        "templateId": "30",
        "callId": "c1",
        "sessionId": "s1",
        "createdAt": "2026-11-21T10:00:00.000+00:00",
    }
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Idempotency-Key"] == request.headers["webhook-id"] == "m-1"
    assert request.headers["webhook-timestamp"] == "1800000000"
    assert request.headers["webhook-signature"] == sign(b"secret", "m-1", 1_800_000_000, request.body)


def test_the_signature_is_that_of_standard_webhooks() -> None:
    # Computed with: printf 'msg_1.1614265330.{"test": 2432232314}' | openssl dgst -sha256 -hmac key -binary | base64
    expected = "JYEBfyq5bxCpG1AwdnAXovrjhgNdJUQo9x0/izmGveQ="
    assert sign(b"key", "msg_1", 1614265330, b'{"test": 2432232314}') == f"v1,{expected}"


def test_a_secret_is_text_or_base64() -> None:
    assert signing_key("plain words") == b"plain words"
    assert signing_key("whsec_AAEC/w==") == b"\x00\x01\x02\xff"
    with pytest.raises(ConfigError, match=r"short_messages\.webhook\.secret") as raised:
        signing_key("whsec_geheim!")
    assert "geheim" not in raised.value.message


@pytest.mark.parametrize("url", ["ftp://host/x", "host/x", "http://", "https://[", "http://host:99999/", "//host"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ConfigError, match=r"short_messages\.webhook\.url"):
        sender(url)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_answers_that_ask_for_another_attempt(status: int) -> None:
    error = await failure(answering(status))
    assert isinstance(error, MessageDelayedError)
    assert (error.detail, error.retry_after_s) == (f"http_{status}", None)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422])
async def test_answers_that_refuse(status: int) -> None:
    error = await failure(answering(status, {"Retry-After": "5"}))
    assert isinstance(error, MessageRefusedError)
    assert error.detail == f"http_{status}"


async def test_a_redirect_is_not_followed() -> None:
    error = await failure(answering(307, {"Location": "/elsewhere"}))
    assert isinstance(error, MessageRefusedError)
    assert error.detail == "http_307"


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("120", 120), ("Fri, 15 Jan 2027 08:00:30 GMT", 29.3), ("Fri, 15 Jan 2021 08:00:00 GMT", 0), ("soon", None)],
)
async def test_how_long_the_endpoint_wants_to_be_left_alone(retry_after: str, seconds: float | None) -> None:
    error = await failure(answering(429, {"Retry-After": retry_after}))
    assert isinstance(error, MessageDelayedError)
    assert error.retry_after_s == pytest.approx(seconds)


async def test_an_endpoint_that_does_not_answer_in_time() -> None:
    error = await failure(never, timeout_ms=100)
    assert isinstance(error, MessageDelayedError)
    assert error.detail == "timeout"


async def test_an_endpoint_that_hangs_up() -> None:
    assert isinstance(await failure(hanging_up), MessageDelayedError)


async def test_an_endpoint_that_is_not_there() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        sending = sender(f"http://127.0.0.1:{nobody.getsockname()[1]}/")
        with pytest.raises(MessageDelayedError):
            await sending.send(message())
        await sending.close()


async def test_no_error_shows_the_number_or_the_secret() -> None:
    for answer in (answering(500, text=MOBILE), answering(404, text=MOBILE)):
        error = await failure(answer, secret="geheim")
        assert MOBILE not in f"{error}{error.__cause__}"
        assert "geheim" not in f"{error}{error.__cause__}"
    assert "geheim" not in repr(sender("http://host/", secret="geheim"))


async def test_the_settings_choose_the_sender() -> None:
    assert make_sender(ShortMessageSettings()) is None
    values = {"sender": "webhook", "webhook": {"url": "http://host/", "secret": "s", "timeout_ms": 1500}}
    chosen = make_sender(ShortMessageSettings.model_validate(values))
    assert isinstance(chosen, WebhookSender)
    assert chosen.timeout_s == 1.5


@pytest.mark.parametrize("page", ["operations.md", "operations.zh-CN.md"])
def test_the_check_that_the_manual_shows_works(page: str) -> None:
    text = (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")
    (code,) = [block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "is_genuine" in block]
    names: dict[str, Callable[[dict[str, str], bytes, bytes], bool]] = {}
    exec(code, names)
    for age_s, secret, genuine in ((0, b"secret", True), (3600, b"secret", False), (0, b"another", False)):
        now = int(time.time()) - age_s
        signature = sign(b"secret", "m1", now, b"{}")
        headers = {"webhook-id": "m1", "webhook-timestamp": str(now), "webhook-signature": signature}
        assert names["is_genuine"](headers, b"{}", secret) is genuine
