"""What turns were taken for: the intent, and the values in the caller's words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Extend ``turns``. MySQL has no default for TEXT: what was kept before has none."""
    op.add_column("turns", sa.Column("intent", sa.String(255), nullable=False, server_default=""))
    op.add_column("turns", sa.Column("entities", sa.Text()))
