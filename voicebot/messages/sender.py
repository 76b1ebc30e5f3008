"""The seam to whoever sends text messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from voicebot.settings.messages import ShortMessageSettings
from voicebot.storage.outbox import Message


@dataclass(frozen=True, slots=True)
class SendResult:
    """A message that was taken.

    Attributes:
        provider_id: the provider's own id of the message, "" if it gives none.
    """

    provider_id: str = ""


class Sender(Protocol):
    """Sends one message at a time; several calls may run side by side."""

    @property
    def timeout_s(self) -> float:
        """How long an attempt may take at most."""
        ...

    async def send(self, message: Message) -> SendResult:
        """Hand a message to the provider, with its id as idempotency key.

        Raises:
            MessageDelayedError: it was not taken; another attempt may help.
            MessageRefusedError: it was not taken and never will be.
        """
        ...

    async def close(self) -> None:
        """Free what the sender holds."""
        ...


def make_sender(settings: ShortMessageSettings) -> Sender | None:
    """Return the sender of the settings, None if nobody sends.

    Raises:
        ConfigError: a setting of the sender is wrong.
    """
    # A sender's libraries are loaded only where they are used.
    if settings.sender == "webhook":
        from voicebot.messages.webhook import WebhookSender

        return WebhookSender(settings.webhook)
    if settings.sender == "tencent":
        from voicebot.messages.tencent import TencentSender

        return TencentSender(settings.tencent)
    return None
