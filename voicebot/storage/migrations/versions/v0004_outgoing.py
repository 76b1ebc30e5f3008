"""Campaigns, their contacts, outgoing calls; who put a number on the blacklist, and until when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make ``campaigns``, ``campaign_contacts`` and ``outgoing_calls``; extend ``blacklist_events``."""
    op.add_column("blacklist_events", sa.Column("expires_at", sa.DateTime()))
    op.add_column("blacklist_events", sa.Column("actor", sa.String(255), nullable=False, server_default=""))
    _make_campaigns()
    _make_contacts()
    _make_calls()


def _make_campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(48), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("started_at", sa.DateTime()),
        sa.Column("ended_at", sa.DateTime()),
        sa.Column("held_until", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_campaigns"),
        sa.UniqueConstraint("name", name="uq_campaigns_name"),
    )
    op.create_index("ix_campaigns_state", "campaigns", ["state"])


def _make_contacts() -> None:
    op.create_table(
        "campaign_contacts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.String(64), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("file", sa.String(255), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("variables", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("ended_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_contacts"),
        sa.UniqueConstraint("campaign_id", "number", name="uq_campaign_contacts_campaign_id"),
    )
    op.create_index("ix_campaign_contacts_due", "campaign_contacts", ["campaign_id", "state", "next_at"])


def _make_calls() -> None:
    op.create_table(
        "outgoing_calls",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("campaign_id", sa.String(64), nullable=False),
        sa.Column("contact_id", sa.Integer()),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("bot", sa.String(255), nullable=False),
        sa.Column("variables", sa.Text(), nullable=False),
        sa.Column("caller_number", sa.String(64), nullable=False),
        sa.Column("ring_timeout_s", sa.Float(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("sip_status", sa.Integer(), nullable=False),
        sa.Column("detail", sa.String(255), nullable=False),
        sa.Column("cause", sa.String(32), nullable=False),
        sa.Column("answered_by", sa.String(32), nullable=False),
        sa.Column("call_id", sa.String(255), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime()),
        sa.Column("dialled_at", sa.DateTime()),
        sa.Column("answered_at", sa.DateTime()),
        sa.Column("ended_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_outgoing_calls"),
    )
    op.create_index("ix_outgoing_calls_open", "outgoing_calls", ["state", "created_at"])
    op.create_index("ix_outgoing_calls_campaign", "outgoing_calls", ["campaign_id", "ended_at"])
    op.create_index("ix_outgoing_calls_contact", "outgoing_calls", ["contact_id"])
