"""What a dialled call turned out to be, and the cause that it ended with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Extend ``outgoing_calls``."""
    op.add_column("outgoing_calls", sa.Column("category", sa.String(32), nullable=False, server_default=""))
    op.add_column("outgoing_calls", sa.Column("q850", sa.Integer(), nullable=False, server_default="0"))
