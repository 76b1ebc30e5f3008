"""Registration at a PBX: what its answers mean and when the next try is due. No I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass

from telephony.line.config import AccountConfig

_HINTS = {
    401: "user name or password is wrong",
    403: "it refuses this account or address",
    404: "it does not know this account",
    407: "user name or password is wrong",
    408: "no answer",
    423: "it wants a longer expires_s",
    502: "it cannot be reached",
    503: "it cannot be reached or is overloaded",
}


@dataclass(frozen=True, slots=True)
class RegistrationEvent:
    """What became of a registration.

    Attributes:
        account: name of the account.
        registered: calls to the account reach us now.
        status: SIP status of the registrar, 0 if none came.
        reason: its words.
        expires_s: how long the registration lasts unless it is refreshed.
        retry_s: when the next try follows; 0 if none is needed.
    """

    account: str
    registered: bool
    status: int
    reason: str = ""
    expires_s: int = 0
    retry_s: float = 0.0

    def __str__(self) -> str:
        if self.registered:
            return f"account {self.account}: registered for {self.expires_s} s"
        why = f"{self.status} {self.reason}".strip()
        hint = f" ({_HINTS[self.status]})" if self.status in _HINTS else ""
        return f"account {self.account}: the registrar answered {why}{hint}; next try in {self.retry_s:.0f} s"


class RegistrationTracker:
    """Follows one account.

    Args:
        config: the account.
    """

    def __init__(self, config: AccountConfig) -> None:
        self._config = config
        self._failures = 0
        self.registered = False

    def feed(self, status: int, reason: str, expires_s: int) -> tuple[RegistrationEvent, bool]:
        """Take in the registrar's answer; returns what it means, and whether that is news.

        A refresh that succeeds is none. A failure waits twice as long as the one before.
        """
        registered = status // 100 == 2 and expires_s > 0
        news = not registered or not self.registered
        self.registered = registered
        if registered:
            self._failures = 0
            return RegistrationEvent(self._config.name, True, status, reason, expires_s), news
        retry_s = min(self._config.retry_s * 2.0**self._failures, max(self._config.max_retry_s, self._config.retry_s))
        self._failures = min(self._failures + 1, 16)
        return RegistrationEvent(self._config.name, False, status, reason, 0, retry_s), news
