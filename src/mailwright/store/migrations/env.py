"""What Alembic runs for each command. The connection is handed over by `store/schema.py`.

Alembic compares our tables only: the schema `jobs` belongs to PgQueuer, and the partitions of
`events` come and go by the month.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from mailwright.store.migrations.comparison import compared
from mailwright.store.tables import metadata

connection: Connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, include_name=compared)
with context.begin_transaction():
    context.run_migrations()
