"""What people do with the blacklist: look, add, remove, load a file. For the command line and for HTTP. It blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone

from voicebot.campaigns.dialled import dialled_number
from voicebot.campaigns.importing import ImportReport, RowCheck, read_contacts
from voicebot.campaigns.sheet import read_sheet
from voicebot.errors import InvalidNumberError
from voicebot.settings.dialling import DiallingSettings
from voicebot.storage.blacklist import ALL, BlacklistEntry, BlacklistEvent, Source, campaign_scope
from voicebot.storage.numbers import normalise
from voicebot.storage.store import Storage


def _now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes the list.

    Attributes:
        source: by which way.
        actor: the person, or the key.
    """

    source: Source
    actor: str = ""


class DoNotCall:
    """The blacklist.

    Args:
        storage: the database.
        settings: country and limits of files are used.
        now: the time.
    """

    def __init__(self, storage: Storage, settings: DiallingSettings, now: Callable[[], datetime] = _now) -> None:
        self._storage = storage
        self._settings = settings
        self._now = now

    def find(self, number: str, campaign: str = "") -> BlacklistEntry | None:
        """Return the entry for which a number may not be dialled; None: it may be.

        Args:
            number: however it is written.
            campaign: who dials; "": only entries for everybody count.

        Raises:
            InvalidNumberError: it cannot be dialled.
        """
        return self._storage.find_blocked(self._dialled(number), campaign)

    def add(self, number: str, campaign: str, reason: str, until: datetime | None, author: Author) -> bool:
        """Let nobody, or one campaign not, dial a number; return whether it could be dialled before.

        Raises:
            InvalidNumberError: it cannot be dialled: with a digit missing, nobody would be protected.
        """
        plain, scope = self._dialled(number), scope_of(campaign)
        known = self._storage.blacklist.find(plain, self._now(), [scope]) is not None
        event = BlacklistEvent(
            plain, "add", reason, author.source, scope=scope, expires_at=until, actor=author.actor, at=self._now()
        )
        self._storage.blacklist.apply(event)
        return not known

    def remove(self, number: str, campaign: str, reason: str, author: Author) -> bool:
        """Take an entry away; return whether there was one.

        Raises:
            InvalidNumberError: it is no number.
        """
        scope = scope_of(campaign)
        event = BlacklistEvent(
            self.plain(number), "remove", reason, author.source, scope=scope, actor=author.actor, at=self._now()
        )
        return self._storage.blacklist.apply(event)

    def load(
        self, file: str, content: bytes, column: str, campaign: str, reason: str, until: datetime | None, author: Author
    ) -> ImportReport:
        """Add the numbers of a CSV or XLSX file; bad rows are left out and told.

        Raises:
            SheetError: the file cannot be read at all.
        """
        sheet = read_sheet(file, content, self._settings.max_import_rows)
        check = RowCheck(self._settings.country_code, known=(), blocked=lambda _numbers: set())
        contacts, report = read_contacts(sheet, check, column)
        scope, now = scope_of(campaign), self._now()
        self._storage.blacklist.apply_all(
            BlacklistEvent(
                contact.number, "add", reason or file, author.source, scope=scope, expires_at=until,
                actor=author.actor, at=now,
            )
            for contact in contacts
        )  # fmt: skip
        return report

    def _dialled(self, number: str) -> str:
        plain = self.plain(number)
        dialled_number(number, self._settings.country_code)
        return plain

    @staticmethod
    def plain(number: str) -> str:
        """Return a number in its one form.

        Raises:
            InvalidNumberError: it is none.
        """
        plain = normalise(number)
        if not plain:
            raise InvalidNumberError(f"{number!r} is no number")
        return plain


def scope_of(campaign: str) -> str:
    """Return the scope of entries for a campaign; "": for everybody."""
    return campaign_scope(campaign) if campaign else ALL
