"""Mails that ask somebody whether they really want to be on a list (double opt-in)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Table, text

from mailwright.store.tables.columns import (
    identity,
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

confirmations = Table(
    "confirmations",
    metadata,
    tenant(),
    identity(),
    uuid(),
    Column("list_id", BigInteger, nullable=False),
    Column("contact_id", BigInteger, nullable=False),
    words("email_key"),  # outlives the contact: what limits mails to an address (SEC-25)
    words("state", default="waiting"),
    words("actor"),
    words("door"),
    maybe("error"),
    now("created_at"),
    time("sent_at"),
    time("confirmed_at"),
    *noun(),
    owner("list_id", "lists", ondelete="CASCADE"),
    one_of("state", ("waiting", "sent", "failed", "confirmed")),
    Index("ix_confirmations_tenant_id_email_key", "tenant_id", "email_key", "created_at"),
    Index(
        "ix_confirmations_waiting",
        "tenant_id",
        "id",
        postgresql_where=text("state = 'waiting'"),
    ),
)

# What such a mail says in a language, where the tenant wants it otherwise than we word it.
confirmation_mails = Table(
    "confirmation_mails",
    metadata,
    tenant(),
    words("language"),
    Column("template_id", BigInteger),
    Column("sender_id", BigInteger),
    PrimaryKeyConstraint("tenant_id", "language"),
    owner("template_id", "templates", ondelete="CASCADE"),
    owner("sender_id", "senders"),
)
