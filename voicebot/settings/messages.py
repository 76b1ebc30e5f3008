"""Settings of what outlives a call: the database, and who sends text messages."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from voicebot.settings.section import Section


class StorageSettings(Section):
    """The database: outbox, blacklist, what bots remember of callers, and what was said if that is wanted."""

    url: str = Field(default="", repr=False)
    """SQLAlchemy URL ("postgresql+psycopg://user:password@host/voicebot"); empty: SQLite in ``<data>/voicebot.db``."""
    history: bool = False
    """Keep every turn of every conversation with our bots: what the caller said and what was answered."""
    history_days: int = Field(default=30, ge=1, le=3650)
    """Turns are forgotten after this."""


class WebhookSenderSettings(Section):
    """Text messages go to an HTTP endpoint of yours, signed."""

    url: str = ""
    secret: str = Field(default="", repr=False)
    """Key of the signature (HMAC-SHA256)."""
    timeout_ms: int = Field(default=10000, ge=100, le=120000)


class TencentSenderSettings(Section):
    """Text messages go out through Tencent Cloud SMS."""

    secret_id: str = ""
    secret_key: str = Field(default="", repr=False)
    app_id: str = ""
    """SmsSdkAppId of the SMS application."""
    region: str = "ap-guangzhou"
    endpoint: str = "sms.tencentcloudapi.com"
    country_code: str = Field(default="+86", pattern=r"^\+\d{1,4}$")
    """Put before numbers that have none."""


class ShortMessageSettings(Section):
    """Who sends the text messages that bots order (``system_shortmessage``)."""

    sender: Literal["none", "webhook", "tencent"] = "none"
    """none: they are kept in the database for whoever fetches them."""
    webhook: WebhookSenderSettings = WebhookSenderSettings()
    tencent: TencentSenderSettings = TencentSenderSettings()
    max_attempts: int = Field(default=8, ge=1, le=100)
    first_retry_s: float = Field(default=2.0, gt=0, le=3600)
    """Wait after the first failure; doubles with each one."""
    max_retry_s: float = Field(default=900.0, gt=0, le=86400)
    keep_days: int = Field(default=90, ge=1)
    """Sent and given-up messages are forgotten after this."""

    @model_validator(mode="after")
    def _complete_sender(self) -> ShortMessageSettings:
        needed = {
            "none": {},
            "webhook": {"webhook.url": self.webhook.url, "webhook.secret": self.webhook.secret},
            "tencent": {
                "tencent.secret_id": self.tencent.secret_id,
                "tencent.secret_key": self.tencent.secret_key,
                "tencent.app_id": self.tencent.app_id,
            },
        }[self.sender]
        missing = [name for name, value in needed.items() if not value]
        if missing:
            raise ValueError(f"sender {self.sender} needs {', '.join(missing)}")
        return self
