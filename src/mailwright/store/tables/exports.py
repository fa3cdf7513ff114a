"""Files on their way out: written piece by piece in the background, kept for a while."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, PrimaryKeyConstraint, Table

from mailwright.store.tables.columns import (
    count,
    identity,
    json,
    maybe,
    metadata,
    noun,
    now,
    one_of,
    owner,
    tenant,
    time,
    uuid,
    words,
)

exports = Table(
    "exports",
    metadata,
    tenant(),
    identity(),
    uuid(),
    words("kind"),  # which rows: services/export_kinds.py
    words("state", default="pending"),
    maybe("description"),
    json("parameters", default="{}"),  # what the kind needs to find its rows
    json("origin"),  # the request in the words of its door
    Column("list_id", BigInteger),
    words("requested_by"),  # the actor
    json("header", default="[]"),
    count("position"),  # where the next piece begins
    count("rows_written"),
    count("rows_total"),  # as counted at the start
    count("byte_count"),
    maybe("error"),
    now("created_at"),
    time("finished_at"),
    time("expires_at"),
    *noun(),
    one_of("state", ("pending", "running", "ready", "failed", "deleted")),
)

# The file, in the database so that every process of every machine can read and write it.
export_pieces = Table(
    "export_pieces",
    metadata,
    tenant(),
    Column("export_id", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant_id", "export_id", "number"),
    owner("export_id", "exports", ondelete="CASCADE"),
)
