"""The built-in inbox."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, Column, Integer, LargeBinary, Table, Text

from mailwright.store.tables.columns import flag, identity, metadata, noun, now, tenant, uuid, words

# The built-in inbox.
captured_mails = Table(
    "captured_mails",
    metadata,
    tenant(),
    identity(),
    uuid(),
    now("received_at"),
    words("envelope_sender"),
    Column("recipients", ARRAY(Text), nullable=False),
    Column("message_id", BigInteger),  # the ledger row, where the envelope sender proves it
    words("from_header"),
    words("to_header"),
    words("subject"),
    words("snippet"),
    flag("seen", default=False),
    flag("private", default=False),  # opens somebody's account: for who may do everything
    Column("size_bytes", Integer, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    *noun(),
)
