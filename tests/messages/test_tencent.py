from __future__ import annotations

import json
import logging
import socket
from typing import Any

import pytest

from tests.messages.provider import Answer, Provider, answering, hanging_up, provider
from tests.storage.stored import MOBILE, message
from voicebot.errors import MessageDelayedError, MessageError, MessageRefusedError
from voicebot.messages.sender import make_sender
from voicebot.messages.tencent import TencentSender, international
from voicebot.settings.messages import ShortMessageSettings, TencentSenderSettings
from voicebot.storage.outbox import Message

# The SDK's, on Python 3.12.
pytestmark = pytest.mark.filterwarnings(r"ignore:datetime\.datetime\.utcfromtimestamp:DeprecationWarning")

KEY = "the-secret-key"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def settings(endpoint: str) -> TencentSenderSettings:
    return TencentSenderSettings(secret_id="id-1", secret_key=KEY, app_id="1400006666", endpoint=endpoint)


def sent(code: str = "Ok") -> Answer:
    """Answer as Tencent Cloud does for one number."""
    status = {"SerialNo": "5000:1", "PhoneNumber": f"+86{MOBILE}", "Fee": 1, "Code": code, "Message": "..."}
    return answering(json={"Response": {"SendStatusSet": [status], "RequestId": "r1"}})


def refused(code: str) -> Answer:
    """Answer as Tencent Cloud does to a request that it does not take."""
    return answering(json={"Response": {"Error": {"Code": code, "Message": f"about {MOBILE}"}, "RequestId": "r1"}})


async def send(answer: Answer, what: Message | None = None) -> tuple[Provider, str]:
    """Send one message; returns the provider and its id of the message."""
    async with provider(answer) as cloud:
        sending = TencentSender(settings(cloud.url))
        try:
            result = await sending.send(what or message())
        finally:
            await sending.close()
    return cloud, result.provider_id


async def failure(answer: Answer) -> MessageError:
    with pytest.raises(MessageError) as raised:
        await send(answer)
    return raised.value


async def test_what_the_provider_gets() -> None:
    cloud, provider_id = await send(sent(), message("m-1", signature_id="安心口腔"))
    assert provider_id == "5000:1"
    (request,) = cloud.requests
    assert json.loads(request.body) == {
        "PhoneNumberSet": [f"+86{MOBILE}"],
        "SmsSdkAppId": "1400006666",
        "SignName": "安心口腔",
        "TemplateId": "30",
        "SessionContext": "m-1",
    }
    assert (request.headers["X-TC-Action"], request.headers["X-TC-Version"]) == ("SendSms", "2021-01-11")
    assert request.headers["X-TC-Region"] == "ap-guangzhou"
    assert request.headers["Authorization"].startswith("TC3-HMAC-SHA256 Credential=id-1/")
    assert KEY not in json.dumps(dict(request.headers))


@pytest.mark.parametrize(
    "code",
    [
        "InternalError.Timeout",
        "InternalError.OtherError",
        "LimitExceeded.PhoneNumberThirtySecondLimit",
        "LimitExceeded.DeliveryFrequencyLimit",
        "RequestLimitExceeded.IPLimitExceeded",
        "AuthFailure.SignatureExpire",
        "SomethingNew",
    ],
)
async def test_codes_after_which_another_attempt_may_help(code: str) -> None:
    for answer in (refused(code), sent(code)):
        error = await failure(answer)
        assert isinstance(error, MessageDelayedError)
        assert error.detail == code


@pytest.mark.parametrize(
    "code",
    [
        "InvalidParameterValue.IncorrectPhoneNumber",
        "FailedOperation.TemplateIncorrectOrUnapproved",
        "FailedOperation.SignatureIncorrectOrUnapproved",
        "FailedOperation.PhoneNumberInBlacklist",
        "UnauthorizedOperation.SmsSdkAppIdVerifyFail",
        "AuthFailure.SecretIdNotFound",
        "LimitExceeded.AppCountryOrRegionInBlacklist",
    ],
)
async def test_codes_that_are_final(code: str) -> None:
    for answer in (refused(code), sent(code)):
        error = await failure(answer)
        assert isinstance(error, MessageRefusedError)
        assert error.detail == code


@pytest.mark.parametrize(
    "answer",
    [
        answering(503),
        answering(200, text="<html>a captive portal</html>"),
        answering(json={"Response": {"SendStatusSet": [], "RequestId": "r1"}}),
        answering(json={"nothing": 1}),
        hanging_up,
    ],
    ids=["503", "html", "no result", "no response", "hangs up"],
)
async def test_answers_that_are_none(answer: Answer) -> None:
    assert isinstance(await failure(answer), MessageDelayedError)


async def test_a_provider_that_is_not_there() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        sending = TencentSender(settings(f"http://127.0.0.1:{nobody.getsockname()[1]}"))
        with pytest.raises(MessageDelayedError) as raised:
            await sending.send(message())
        await sending.close()
    assert raised.value.detail == "ClientNetworkError"


async def test_neither_number_nor_key_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        cloud, _ = await send(sent())
        error = await failure(refused("FailedOperation.PhoneNumberInBlacklist"))
    assert len(cloud.requests) == 1
    told = f"{caplog.text}{error}{error.__cause__}{settings('host')!r}"
    assert MOBILE not in told
    assert KEY not in told


@pytest.mark.parametrize(
    ("written", "country_code", "number"),
    [
        (MOBILE, "+86", f"+86{MOBILE}"),
        (f"0086 {MOBILE}", "+86", f"+86{MOBILE}"),
        (f"86{MOBILE}", "+86", f"+86{MOBILE}"),
        (f"0{MOBILE}", "+86", f"+86{MOBILE}"),
        ("+44 7700 900123", "+86", "+447700900123"),
        ("07700 900123", "+44", "+447700900123"),
        (f"+86 {MOBILE}", "+44", f"+86{MOBILE}"),
    ],
)
def test_numbers_get_a_country_code(written: str, country_code: str, number: str) -> None:
    assert international(written, country_code) == number


@pytest.mark.parametrize("written", ["", "alice", "+", "12"])
def test_what_is_no_number_is_refused(written: str) -> None:
    with pytest.raises(MessageRefusedError):
        international(written, "+86")


async def test_the_settings_choose_the_sender() -> None:
    values: dict[str, Any] = {"sender": "tencent", "tencent": settings("sms.tencentcloudapi.com").model_dump()}
    chosen = make_sender(ShortMessageSettings.model_validate(values))
    assert isinstance(chosen, TencentSender)
    await chosen.close()
