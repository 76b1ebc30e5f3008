"""What people order: single calls, campaigns, and their reports. For the command line and for HTTP.

Everything goes through the database, where the running service finds it. All methods block: call them in a thread.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone

from voicebot.campaigns.dialled import dialled_number
from voicebot.campaigns.export import export_csv
from voicebot.campaigns.importing import ImportReport, RowCheck, read_contacts
from voicebot.campaigns.lifecycle import CampaignState, Command, next_state
from voicebot.campaigns.outcome import Outcome
from voicebot.campaigns.plan import Plan
from voicebot.campaigns.progress import Progress, progress_of
from voicebot.campaigns.sheet import read_sheet
from voicebot.errors import (
    CampaignError,
    CampaignStateError,
    NumberBlockedError,
    UnknownCallError,
    UnknownCampaignError,
)
from voicebot.settings.model import Settings
from voicebot.storage.blacklist import BlacklistEntry, BlacklistEvent, Source
from voicebot.storage.campaigns import StoredCampaign
from voicebot.storage.numbers import compact
from voicebot.storage.outgoing import OutgoingCall
from voicebot.storage.store import Storage

_NAME = re.compile(r"[\w-][\w .-]{0,47}")
_MOST_VARIABLES = 100
_LONGEST_VALUE = 2000


def _now() -> datetime:
    return datetime.now(timezone.utc)


class Desk:
    """Takes orders.

    Args:
        storage: the database.
        settings: section ``dialling`` is used.
        now: the time.
    """

    def __init__(self, storage: Storage, settings: Settings, now: Callable[[], datetime] = _now) -> None:
        self.storage = storage
        self._settings = settings.dialling
        self._now = now

    # --- single calls

    def order_call(
        self,
        number: str,
        bot: str,
        variables: Mapping[str, str] | None = None,
        *,
        caller_number: str = "",
        ring_timeout_s: float | None = None,
        order_id: str = "",
    ) -> OutgoingCall:
        """Order one call; the service makes it as soon as there is a free line.

        Args:
            number: however it is written; up to six digits are an extension.
            bot: name of a bot, or of a line.
            variables: for the first query.
            caller_number: number to call from; "" leaves that to the PBX.
            ring_timeout_s: how long it may ring; None: what the settings say.
            order_id: made up by who orders: the same order twice is one call.

        Raises:
            InvalidNumberError: it cannot be dialled.
            NumberBlockedError: it is on the blacklist.
            StorageError: the database cannot be used.
        """
        dialled, now = self.dialled_number(number), self._now()
        call = OutgoingCall(
            id=order_id or uuid.uuid4().hex,
            number=dialled,
            bot=bot,
            created_at=now,
            variables=check_variables(variables or {}),
            caller_number=compact(caller_number),
            ring_timeout_s=ring_timeout_s or self._settings.ring_timeout_s,
            expires_at=now + timedelta(seconds=self._settings.max_wait_s),
        )
        known = self.storage.outgoing.find(call.id) if order_id else None
        if known is not None:
            return known
        entry = self.storage.find_blocked(dialled)
        if entry is not None:
            refuse(self.storage, entry, call, now)
            raise NumberBlockedError("the number is on the blacklist")
        self.storage.outgoing.add(call)
        return self.call(call.id)

    def call(self, call_id: str) -> OutgoingCall:
        """Return a call, and how far it is.

        Raises:
            UnknownCallError: there is none of that id.
        """
        found = self.storage.outgoing.find(call_id)
        if found is None:
            raise UnknownCallError("there is no outgoing call of that id")
        return found

    def give_up_if_late(self, call: OutgoingCall) -> None:
        """End an order that is still waiting after its time: perhaps no service is running that could do it."""
        if call.expires_at is not None and self._now() > call.expires_at:
            self.storage.outgoing.expire(self._now(), Outcome.EXPIRED.value)

    def dialled_number(self, number: str) -> str:
        """Return a number as it is kept: E.164, or an extension.

        Raises:
            InvalidNumberError: it cannot be dialled.
        """
        return dialled_number(number, self._settings.country_code)

    # --- campaigns

    def campaign(self, name: str) -> StoredCampaign:
        """Return a campaign.

        Raises:
            UnknownCampaignError: there is none of that name.
        """
        found = self.storage.campaigns.find(name)
        if found is None:
            raise UnknownCampaignError(f"there is no campaign {name!r}")
        return found

    def plan_of(self, campaign: StoredCampaign) -> Plan:
        """Return a campaign's plan."""
        return Plan.model_validate_json(campaign.plan)

    def save_campaign(self, name: str, plan: Plan) -> StoredCampaign:
        """Make a campaign, or give one that is there another plan; calls that are up keep the old one.

        Raises:
            CampaignError: the name is none.
            CampaignStateError: the campaign is over.
        """
        if _NAME.fullmatch(name) is None or name != name.strip():
            raise CampaignError("the name of a campaign has up to 48 letters, digits, blanks and the signs _ . -")
        written = plan.model_dump_json()
        campaign = self.storage.campaigns.create(name, written, CampaignState.READY.value, self._now())
        if campaign.plan == written:
            return campaign
        if campaign.state == CampaignState.STOPPED.value:
            raise CampaignStateError("a campaign that is stopped cannot be changed")
        if not self.storage.campaigns.change(campaign, plan=written):
            return self.save_campaign(name, plan)  # its state changed meanwhile
        return self.campaign(name)

    def import_numbers(self, name: str, file: str, content: bytes, number_column: str = "") -> ImportReport:
        """Add the numbers of a CSV or XLSX file to a campaign; what is wrong with single rows is in the report.

        Raises:
            SheetError: the file cannot be read at all.
            UnknownCampaignError: there is no such campaign.
            CampaignStateError: the campaign is stopped.
        """
        campaign = self.campaign(name)
        if campaign.state == CampaignState.STOPPED.value:
            raise CampaignStateError("a campaign that is stopped takes no more numbers")
        sheet = read_sheet(file, content, self._settings.max_import_rows)
        check = RowCheck(
            self._settings.country_code,
            known=self.storage.campaigns.numbers(campaign),
            blocked=lambda numbers: self.storage.blocked_among(numbers, name),
        )
        contacts, report = read_contacts(sheet, check, number_column)
        self.storage.campaigns.add_contacts(campaign, file, contacts, self._now())
        campaign = self.campaign(name)
        if contacts and campaign.state == CampaignState.DONE.value:
            self.storage.campaigns.change(campaign, state=CampaignState.READY.value, ended_at=None)
        return report

    def command(self, name: str, command: Command) -> StoredCampaign:
        """Start, pause, resume or stop a campaign.

        Raises:
            UnknownCampaignError: there is none of that name.
            CampaignStateError: it cannot do that now.
        """
        campaign, now = self.campaign(name), self._now()
        state = next_state(CampaignState(campaign.state), command)
        if state.value == campaign.state:
            return campaign
        values: dict[str, object] = {"state": state.value, "reason": "", "held_until": None}
        if state is CampaignState.STOPPED:
            values["ended_at"] = now
        elif state is CampaignState.RUNNING and campaign.started_at is None:
            values["started_at"] = now
        if not self.storage.campaigns.change(campaign, **values):
            return self.command(name, command)  # its state changed meanwhile
        return self.campaign(name)

    def progress(self, name: str) -> Progress:
        """Return how far a campaign is, and when it will be done.

        Raises:
            UnknownCampaignError: there is none of that name.
        """
        campaign = self.campaign(name)
        schedule = self.plan_of(campaign).hours.schedule(tuple(self._settings.holidays))
        tally = self.storage.campaigns.tally(campaign)
        return progress_of(campaign, self.plan_of(campaign), schedule, tally, self._now())

    def export(self, name: str) -> Iterator[str]:
        """Yield the report of a campaign as CSV, in pieces.

        Raises:
            UnknownCampaignError: there is none of that name.
        """
        campaign = self.campaign(name)
        calls = self.storage.outgoing.of_campaign(campaign.id)
        return export_csv(self.storage.campaigns.contacts(campaign), calls)


def check_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Return variables that can go with a call.

    Raises:
        CampaignError: there are too many, or one is too long.
    """
    if len(variables) > _MOST_VARIABLES:
        raise CampaignError(f"more than {_MOST_VARIABLES} variables")
    if any(not name or len(name) > 64 or len(value) > _LONGEST_VALUE for name, value in variables.items()):
        raise CampaignError(f"a variable has a name of 1 to 64 characters and a value of up to {_LONGEST_VALUE}")
    return dict(variables)


def refuse(storage: Storage, entry: BlacklistEntry, call: OutgoingCall, now: datetime, source: Source = "dial") -> None:
    """Note in the blacklist's history that a call was not made because of an entry."""
    reason = f"not called: {entry.reason}" if entry.reason else "not called"
    event = BlacklistEvent(entry.number, "refused", reason, source, call.id, scope=entry.scope, at=now)
    storage.blacklist.apply(event)
