"""Sends text messages through Tencent Cloud SMS, by its own SDK.

SendSms of version 2021-01-11 (https://cloud.tencent.com/document/api/382/55981), error codes
https://cloud.tencent.com/document/api/382/59177. It knows no idempotency keys: after an attempt whose answer got lost
the message may arrive twice. Ours travels as SessionContext, which the delivery reports repeat.
"""

from __future__ import annotations

import asyncio
import logging
import re
from concurrent.futures import ThreadPoolExecutor

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111.models import SendSmsRequest, SendSmsResponse
from tencentcloud.sms.v20210111.sms_client import SmsClient

from voicebot.errors import MessageDelayedError, MessageRefusedError
from voicebot.messages.sender import SendResult
from voicebot.settings.messages import TencentSenderSettings
from voicebot.storage.numbers import compact, normalise
from voicebot.storage.outbox import Message

_REQUEST_TIMEOUT_S = 10
"""For the connection, and again for each wait for bytes."""
_THREADS = 4
_NUMBER = re.compile(r"\+?[0-9]{3,}")

# Beginnings of codes that are about the message or the account. After any other, a lost connection or something new
# included, another attempt may help.
_REFUSED = (
    "ActionOffline",
    "AuthFailure",
    "ClientError",
    "ClientParamsError",
    "FailedOperation",
    "InternalError.RestApiInterfaceNotExist",
    "InternalError.SigFieldMissing",
    "InternalError.SigVerificationFail",
    "InvalidAction",
    "InvalidParameter",
    "InvalidRequest",
    "IpInBlacklist",
    "IpNotInWhitelist",
    "LimitExceeded.AppCountryOrRegionInBlacklist",
    "LimitExceeded.PhoneNumberCountLimit",
    "MissingParameter",
    "NoSuchProduct",
    "NoSuchVersion",
    "UnauthorizedOperation",
    "UnknownParameter",
    "UnsupportedOperation",
    "UnsupportedProtocol",
    "UnsupportedRegion",
)
# Our clock is wrong, which somebody may set right.
_SIGNATURE_EXPIRED = "AuthFailure.SignatureExpire"

# At level debug the SDK logs requests with their numbers and the SecretId.
logging.getLogger("tencentcloud_sdk_common").setLevel(logging.WARNING)


class TencentSender:
    """Sends each message with one SendSms request.

    Args:
        settings: the account. ``endpoint`` is a host, asked by HTTPS, or an address that begins with "http://".
    """

    def __init__(self, settings: TencentSenderSettings) -> None:
        self._settings = settings
        # Threads of its own: one that hangs must not keep the service's other work waiting.
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="tencent-sms")

    @property
    def timeout_s(self) -> float:
        """How long an attempt may take."""
        return 2.0 * _REQUEST_TIMEOUT_S

    async def send(self, message: Message) -> SendResult:
        """Send a message.

        Raises:
            MessageDelayedError: network, rate limit, or a failure inside of Tencent Cloud.
            MessageRefusedError: bad number, unapproved template or signature, account.
        """
        loop = asyncio.get_running_loop()
        response = await loop.run_in_executor(self._threads, self._request, message)
        statuses = response.SendStatusSet or []
        if not statuses:
            raise MessageDelayedError("Tencent Cloud told no result", "no_status")
        if statuses[0].Code != "Ok":
            raise _error(str(statuses[0].Code))
        return SendResult(str(statuses[0].SerialNo or ""))

    async def close(self) -> None:
        """Let the threads end; what still runs ends by its time limit."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _request(self, message: Message) -> SendSmsResponse:
        request = SendSmsRequest()
        request.SmsSdkAppId = self._settings.app_id
        request.SignName = message.signature_id
        request.TemplateId = message.template_id
        request.PhoneNumberSet = [international(message.mobile, self._settings.country_code)]
        request.SessionContext = message.id
        try:
            return self._client().SendSms(request)
        except TencentCloudSDKException as error:
            # Not chained: the SDK's message may hold the number.
            raise _error(str(error.get_code())) from None

    def _client(self) -> SmsClient:
        # One for each request: the HTTP session inside is not made for several threads.
        settings = self._settings
        protocol, separator, host = settings.endpoint.rpartition("://")
        http = HttpProfile(
            protocol=protocol if separator else "https", endpoint=host.rstrip("/"), reqTimeout=_REQUEST_TIMEOUT_S
        )
        credential = Credential(settings.secret_id, settings.secret_key)
        return SmsClient(credential, settings.region, ClientProfile(httpProfile=http))


def international(mobile: str, country_code: str) -> str:
    """Return a number in E.164 form; one without a country code gets ``country_code`` in place of its leading zero.

    Raises:
        MessageRefusedError: this is no telephone number.
    """
    number = compact(mobile)
    if not _NUMBER.fullmatch(number):
        raise MessageRefusedError("this is no telephone number", "bad_number")
    if number.startswith("+"):
        return number
    if country_code == "+86":
        number = normalise(number)  # 86 without a plus, and a zero before a mobile number
    return country_code + number.removeprefix("0")


def _error(code: str) -> MessageDelayedError | MessageRefusedError:
    text = f"Tencent Cloud answered {code}"
    if code.startswith(_REFUSED) and code != _SIGNATURE_EXPIRED:
        return MessageRefusedError(text, code)
    return MessageDelayedError(text, code)
