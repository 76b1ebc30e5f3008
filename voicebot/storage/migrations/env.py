"""What Alembic runs: uses the connection that ``voicebot.storage.database`` hands over, in its transaction."""

from __future__ import annotations

from alembic import context

from voicebot.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
