"""Calls are found by their SIP Call-ID."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make an index."""
    op.create_index("ix_outgoing_calls_call", "outgoing_calls", ["call_id"])
