"""Settings of what others are told of calls."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from voicebot.settings.section import Section

EventKind = Literal["call.started", "call.answered", "call.transfer", "call.supervision", "call.ended"]


class EventWebhookSettings(Section):
    """An HTTP endpoint that gets events, signed."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    """Names it in the log, and the folder where its events wait."""
    url: str = Field(pattern=r"^https?://[^/\s]+")
    secret: str = Field(repr=False, min_length=1)
    """Key of the signature (HMAC-SHA256)."""
    events: list[EventKind] = []
    """Which events; empty: all."""
    timeout_ms: int = Field(default=10000, ge=100, le=120000)
    max_attempts: int = Field(default=12, ge=1, le=100)
    first_retry_s: float = Field(default=2.0, gt=0, le=3600)
    """Wait after the first failure; doubles with each one."""
    max_retry_s: float = Field(default=3600.0, gt=0, le=86400)


class EventSettings(Section):
    """Who is told what happens to calls."""

    webhooks: list[EventWebhookSettings] = []

    @field_validator("webhooks")
    @classmethod
    def _names_differ(cls, webhooks: list[EventWebhookSettings]) -> list[EventWebhookSettings]:
        names = [webhook.name for webhook in webhooks]
        if len(set(names)) != len(names):
            raise ValueError("each webhook needs a name of its own")
        return webhooks
