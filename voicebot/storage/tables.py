"""The tables. A change here needs a migration in ``migrations/versions``; a test compares them."""

from __future__ import annotations

from datetime import datetime, timezone

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware and in UTC in Python, without a zone in the database (SQLite has none to keep)."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert on the way in; a moment without a zone is a mistake."""
        if value is None:
            return None
        assert value.tzinfo is not None, "moments have a time zone"
        return value.astimezone(timezone.utc).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert on the way out."""
        return None if value is None else value.replace(tzinfo=timezone.utc)


outbox = Table(
    "outbox",
    metadata,
    Column("id", String(64), primary_key=True),  # the idempotency key
    Column("instruction", String(64), nullable=False),
    Column("mobile", String(255), nullable=False),
    Column("signature_id", String(255), nullable=False),
    Column("template_id", String(255), nullable=False),
    Column("call_id", String(255), nullable=False),
    Column("session_id", String(255), nullable=False),
    Column("line", String(255), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_attempt_at", UtcDateTime, nullable=False),
    Column("claim", String(64), nullable=False),  # who sends it now; "" if nobody does
    Column("claimed_until", UtcDateTime),
    Column("last_error", String(255), nullable=False),
    Column("provider_id", String(255), nullable=False),
    Column("ended_at", UtcDateTime),  # when it was sent or given up
    Index("ix_outbox_due", "state", "next_attempt_at"),
)

blacklist = Table(
    "blacklist",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", String(255), nullable=False),
    Column("scope", String(64), nullable=False),
    Column("reason", String(255), nullable=False),
    Column("source", String(16), nullable=False),
    Column("call_id", String(255), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    UniqueConstraint("number", "scope"),
)

blacklist_events = Table(
    "blacklist_events",
    metadata,
    Column("id", String(64), primary_key=True),  # the idempotency key
    Column("number", String(255), nullable=False, index=True),
    Column("scope", String(64), nullable=False),
    Column("action", String(16), nullable=False),  # "add", "remove" or "refused"
    Column("reason", String(255), nullable=False),
    Column("source", String(16), nullable=False),
    Column("call_id", String(255), nullable=False),
    Column("line", String(255), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("actor", String(255), nullable=False, server_default=""),  # who did it, where that is known
)

caller_memory = Table(
    "caller_memory",
    metadata,
    Column("bot", String(255), primary_key=True),
    Column("number", String(255), primary_key=True),
    Column("variables", Text, nullable=False),  # a JSON object of texts
    Column("calls", Integer, nullable=False),
    Column("last_call_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

turns = Table(
    "turns",
    metadata,
    Column("session_id", String(255), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("bot", String(255), nullable=False),
    Column("node", String(255), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("name", String(255), nullable=False),
    Column("score", Float, nullable=False),
    Column("caller", String(255), nullable=False, index=True),
    Column("caller_text", Text, nullable=False),
    Column("bot_text", Text, nullable=False),
    Column("cut_short", Boolean, nullable=False),  # the caller talked over it: bot_text is what was heard
    Column("intent", String(255), nullable=False, server_default=""),
    Column("entities", Text),  # JSON, see voicebot/protocol/understanding.py
)

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(48), nullable=False, unique=True),
    Column("plan", Text, nullable=False),  # JSON, see voicebot/campaigns/plan.py
    Column("state", String(16), nullable=False, index=True),
    Column("reason", String(255), nullable=False),  # why it is in that state
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("held_until", UtcDateTime),  # too many calls failed: it waits until then
)

campaign_contacts = Table(
    "campaign_contacts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("campaign_id", String(64), nullable=False),
    Column("number", String(64), nullable=False),  # E.164 with "+"
    Column("file", String(255), nullable=False),
    Column("row", Integer, nullable=False),
    Column("variables", Text, nullable=False),  # a JSON object of texts
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("outcome", String(32), nullable=False),  # of the latest call
    Column("ended_at", UtcDateTime),
    UniqueConstraint("campaign_id", "number"),
    Index("ix_campaign_contacts_due", "campaign_id", "state", "next_at"),
)

outgoing_calls = Table(
    "outgoing_calls",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("campaign_id", String(64), nullable=False),  # "" for a single call
    Column("contact_id", Integer),
    Column("number", String(64), nullable=False),
    Column("bot", String(255), nullable=False),
    Column("variables", Text, nullable=False),
    Column("caller_number", String(64), nullable=False),
    Column("ring_timeout_s", Float, nullable=False),
    Column("state", String(16), nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("sip_status", Integer, nullable=False),
    Column("detail", String(255), nullable=False),
    Column("cause", String(32), nullable=False),  # who hung up
    Column("answered_by", String(32), nullable=False),
    Column("call_id", String(255), nullable=False),  # SIP Call-ID, once it is known
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),  # it is not begun after this
    Column("dialled_at", UtcDateTime),
    Column("answered_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("category", String(32), nullable=False, server_default=""),  # what was heard, or the status stands for
    Column("q850", Integer, nullable=False, server_default="0"),  # cause of ITU-T Q.850
    Index("ix_outgoing_calls_open", "state", "created_at"),
    Index("ix_outgoing_calls_campaign", "campaign_id", "ended_at"),
    Index("ix_outgoing_calls_contact", "contact_id"),
    Index("ix_outgoing_calls_call", "call_id"),
)
