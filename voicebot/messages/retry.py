"""When a text message is tried again, and when it is given up. No I/O and no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from voicebot.errors import MessageDelayedError, MessageError
from voicebot.settings.messages import ShortMessageSettings
from voicebot.storage.outbox import Message, MessageState, Progress

_JITTER = 0.2


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential back-off.

    Attributes:
        max_attempts: attempts until a message is given up.
        first_retry_s: wait after the first failure; doubles with each one.
        max_retry_s: longest wait.
    """

    max_attempts: int
    first_retry_s: float
    max_retry_s: float

    @classmethod
    def of(cls, settings: ShortMessageSettings) -> RetryPolicy:
        """Return the policy of the settings."""
        return cls(settings.max_attempts, settings.first_retry_s, settings.max_retry_s)

    def wait_s(self, failures: int, luck: float) -> float:
        """Return how long to wait after a number of failures.

        Args:
            failures: at least 1.
            luck: 0 to 1, by chance: up to a fifth is added, so that what failed together does not come back together.
        """
        # 2**1024 is no float any more; the longest wait is reached long before.
        doubled = self.first_retry_s * 2.0 ** min(failures - 1, 64)
        return min(doubled, self.max_retry_s) * (1 + _JITTER * luck)


def succeeded(message: Message, provider_id: str, now: datetime) -> Progress:
    """Return what a successful attempt makes of a message."""
    return Progress(MessageState.SENT, message.attempts + 1, message.next_attempt_at, "", provider_id, now)


def failed(message: Message, error: MessageError, now: datetime, policy: RetryPolicy, luck: float) -> Progress:
    """Return what a failed attempt makes of a message: it waits for the next one, or is given up."""
    attempts = message.attempts + 1
    if not isinstance(error, MessageDelayedError) or attempts >= policy.max_attempts:
        return Progress(MessageState.GIVEN_UP, attempts, message.next_attempt_at, error.detail, ended_at=now)
    wait_s = policy.wait_s(attempts, luck)
    if error.retry_after_s is not None:
        wait_s = max(wait_s, min(error.retry_after_s, policy.max_retry_s))
    return Progress(MessageState.WAITING, attempts, now + timedelta(seconds=wait_s), error.detail)
