"""Everything that outlives a call, in one hand: spool, database, outbox, campaigns, and the gate before a dial."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta, timezone

from voicebot.errors import NumberBlockedError, StorageError
from voicebot.protocol.instruction import BLACKLIST, SHORT_MESSAGE
from voicebot.settings.model import Settings
from voicebot.storage.blacklist import ALL, Blacklist, BlacklistEntry, BlacklistEvent, campaign_scope
from voicebot.storage.campaigns import Campaigns
from voicebot.storage.database import Database
from voicebot.storage.dialling_lock import DiallingLock
from voicebot.storage.e164 import written_forms
from voicebot.storage.forgetting import forget_numbers
from voicebot.storage.memories import CallerMemories
from voicebot.storage.numbers import normalise
from voicebot.storage.outbox import Message, MessageState, Outbox
from voicebot.storage.outgoing import OutgoingCalls
from voicebot.storage.spool import Order, Spool
from voicebot.storage.turns import TurnHistory

logger = logging.getLogger(__name__)

# Names the orders of the file of old, which have no ids: the same line gets the same id each time.
_OLD_ORDERS = uuid.UUID("3f1c2f0e-7a0b-5d0e-9a7e-6b1d0c5e8a41")


def _now() -> datetime:
    return datetime.now(timezone.utc)


class Storage:
    """What bots ordered, from the spool into the database. All methods block: call them in a thread.

    Args:
        settings: sections ``paths``, ``storage`` and ``dialling`` are used.
        now: the time.

    Raises:
        ConfigError: ``storage.url`` is wrong, or its driver is missing.
    """

    def __init__(self, settings: Settings, now: Callable[[], datetime] = _now) -> None:
        self._now = now
        self._dialling = settings.dialling
        self._old_file = settings.paths.data / "outbox.jsonl"
        self._importing = threading.Lock()
        self._database = Database(settings)
        self.spool = Spool(settings.paths.outbox)
        self.outbox = Outbox(self._database)
        self.blacklist = Blacklist(self._database)
        self.memories = CallerMemories(self._database)
        self.turns = TurnHistory(self._database)
        self.campaigns = Campaigns(self._database)
        self.outgoing = OutgoingCalls(self._database)
        self.dialling_lock = DiallingLock(settings.paths.data, self._database)

    def close(self) -> None:
        """Give the database's connections back, and the right to dial."""
        self.dialling_lock.release()
        self._database.close()

    def import_orders(self) -> int:
        """Move the orders from the spool into the database; return how many came.

        An order is deleted from the spool once the database has it, and has an id that the database takes only
        once: whenever this is cut off, nothing is lost and nothing is there twice.

        Raises:
            StorageError: spool or database cannot be used; the orders stay in the spool.
        """
        count = 0
        with self._importing, _readable():
            self._import_old_file()
            for order in self.spool.orders():
                if self._carry_out(order, MessageState.WAITING):
                    self.spool.discard(order)
                    count += 1
                else:
                    self.spool.reject(order)
        return count

    def refuse_blocked(self, number: str, campaign: str = "") -> None:
        """Let a number pass that may be dialled. Every dial to a customer goes through here first.

        Counts what a bot ordered a moment ago. If the database cannot tell, nobody is dialled.

        Args:
            number: however it is written.
            campaign: name of the campaign that dials; "" for a call that belongs to none.

        Raises:
            NumberBlockedError: the number is on the blacklist.
            StorageError: the database cannot be used.
        """
        entry = self.find_blocked(number, campaign)
        if entry is not None:
            since = entry.created_at.strftime("%Y-%m-%d")
            raise NumberBlockedError(f"the number is on the blacklist since {since}: {entry.reason or 'no reason'}")

    def find_blocked(self, number: str, campaign: str = "") -> BlacklistEntry | None:
        """Return the entry of a number, what is still in the spool included; None if it may be dialled.

        Args:
            number: however it is written; it is looked for with and without the country code.
            campaign: name of the campaign that dials; "": only entries for everybody count.

        Raises:
            StorageError: the database cannot be used.
        """
        self.import_orders()
        return self.blacklist.find_any(
            written_forms(number, self._dialling.country_code), self._now(), _scopes(campaign)
        )

    def blocked_among(self, numbers: Iterable[str], campaign: str = "") -> set[str]:
        """Return those of many numbers that may not be dialled.

        Raises:
            StorageError: the database cannot be used.
        """
        self.import_orders()
        forms = {number: written_forms(number, self._dialling.country_code) for number in numbers}
        everything = (form for written in forms.values() for form in written)
        blocked = self.blacklist.blocked(everything, self._now(), _scopes(campaign))
        return {number for number, written in forms.items() if written & blocked}

    def forget_numbers(self, before: datetime, ended_states: Collection[str]) -> int:
        """Erase whom we called, where that is over since before a moment; return how many numbers those were.

        Raises:
            StorageError: the database cannot be used; nothing is erased.
        """
        return forget_numbers(self._database, before, ended_states)

    def _import_old_file(self) -> None:
        """Take over ``outbox.jsonl`` of earlier versions, once.

        Its text messages are kept and not sent: somebody may have seen to them long ago.
        """
        if not self._old_file.is_file():
            return
        for number, line in enumerate(self._old_file.read_bytes().splitlines(), start=1):
            order = _old_order(number, line)
            if order is None or not self._carry_out(order, MessageState.KEPT):
                logger.error("%s:%d cannot be read and is left out", self._old_file, number)
        done = self._old_file.with_name(f"{self._old_file.name}.imported")
        self._old_file.replace(done)
        logger.info("%s is in the database now, and called %s", self._old_file, done.name)

    def _carry_out(self, order: Order, first_state: MessageState) -> bool:
        """Put an order into the database, if it is not there already; return whether it is one that we know."""
        if order.instruction == SHORT_MESSAGE:
            self._add_message(order, first_state)
        elif order.instruction == BLACKLIST:
            self._block(order)
        else:
            return False
        return True

    def _add_message(self, order: Order, state: MessageState) -> None:
        mobile = order.parameters.get("mobile", "").strip() or normalise(order.party)
        unreachable = not mobile
        message = Message(
            id=order.id,
            mobile=mobile,
            signature_id=order.parameters.get("signature_id", ""),
            template_id=order.parameters.get("template_id", ""),
            call_id=order.call_id,
            session_id=order.session_id,
            line=order.line,
            created_at=order.at,
            next_attempt_at=order.at,
            state=MessageState.GIVEN_UP if unreachable else state,
            last_error="no_number" if unreachable else "",
            ended_at=self._now() if unreachable else None,
        )
        if self.outbox.add(message) and unreachable:
            logger.error("call %s ordered a text message to its caller, who has no number", order.call_id)

    def _block(self, order: Order) -> None:
        if not normalise(order.party):
            logger.warning("call %s ordered a blacklist entry for a caller who has no number", order.call_id)
            return
        days = self._dialling.opt_out_days
        event = BlacklistEvent(
            order.party,
            "add",
            order.reason,
            "call",
            order.call_id,
            order.line,
            id=order.id,
            at=order.at,
            scope=self._opt_out_scope(order),
            expires_at=order.at + timedelta(days=days) if days else None,
        )
        if self.blacklist.apply(event):
            logger.info("call %s: its number is on the blacklist now", order.call_id)

    def _opt_out_scope(self, order: Order) -> str:
        """Return for whom a bot has blocked a number; a call of no campaign that we know of: for everybody."""
        if self._dialling.opt_out_scope == "all":
            return ALL
        campaign = self.outgoing.campaign_of(order.call_id)
        return campaign_scope(campaign) if campaign else ALL


def _scopes(campaign: str) -> tuple[str, ...]:
    return (ALL, campaign_scope(campaign)) if campaign else (ALL,)


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"orders of bots cannot be read: {error.strerror}: {error.filename}") from error


def _old_order(number: int, line: bytes) -> Order | None:
    try:
        plain = json.loads(line)
        name = str(uuid.uuid5(_OLD_ORDERS, f"{number} {line.decode()}"))
        fresh = Order(plain["instruction"], plain["parameters"], plain["call_id"], party=plain["party"], id=name)
        complete = json.loads(fresh.as_json()) | {"at": plain["at"]}
        return Order.from_json(json.dumps(complete).encode())
    except (ValueError, KeyError, TypeError):
        return None
