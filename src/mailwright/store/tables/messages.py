"""The ledger, and what a worker leases of it."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    UniqueConstraint,
    text,
)

from mailwright.domain.message_lifecycle import MessageState
from mailwright.store.tables.columns import (
    count,
    flag,
    identity,
    maybe,
    metadata,
    now,
    one_of,
    tenant,
    time,
    words,
)

messages = Table(
    "messages",
    metadata,
    tenant(),
    identity(),
    Column("campaign_id", BigInteger),  # null: a single mail, see emails.py
    Column("contact_id", BigInteger),
    Column("lane", BigInteger),  # of a single mail: its project, 0 for the built-in inbox
    words("email"),
    words("state", default="queued"),
    maybe("reason"),  # a SkipReason, a verdict's rule, or why we gave up
    maybe("reply"),  # the server's last words
    maybe("locale"),  # of the text they get
    Column("variant_id", BigInteger),  # the template version; null: the campaign's own body
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    flag("possibly_repeated", default=False),
    now("created_at"),
    time("sent_at"),
    time("next_attempt_at"),
    time("bounced_at"),
    time("opened_at"),
    time("clicked_at"),
    time("complained_at"),
    time("unsubscribed_at"),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "campaign_id", "contact_id"),
    one_of("state", MessageState),
    Index("ix_messages_tenant_id_contact_id", "tenant_id", "contact_id"),
    Index(
        "ix_messages_next_attempt_at",
        "tenant_id",
        "next_attempt_at",
        postgresql_where=text("next_attempt_at IS NOT NULL AND lane IS NULL"),
    ),
    Index(  # the queue of single mails
        "ix_messages_lane",
        "tenant_id",
        "lane",
        "next_attempt_at",
        postgresql_where=text("next_attempt_at IS NOT NULL AND lane IS NOT NULL"),
    ),
    postgresql_with={"fillfactor": "50"},  # room for the one update each row gets (HOT)
)

# What a worker leases: a range of the ledger, or a set of its rows by name: retries of a campaign,
# or single mails. Those have the campaign 0, and are gone when their worker is through with them.
batches = Table(
    "batches",
    metadata,
    tenant(),
    Column("campaign_id", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("lane", BigInteger),  # of single mails, as in `messages`
    Column("first_message_id", BigInteger, nullable=False),
    Column("last_message_id", BigInteger, nullable=False),
    Column("message_ids", ARRAY(BigInteger)),  # null: the whole range
    words("state", default="open"),
    Column("message_count", Integer, nullable=False),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),  # grows with each lease
    maybe("worker"),
    time("lease_until"),
    # Whose final dot may have been given without its outcome being known: after a crash these,
    # and only these, may be repeated.
    Column("in_flight", ARRAY(BigInteger), nullable=False, server_default=text("'{}'::bigint[]")),
    # What its rows have become. A row that leaves `deferred` in a later batch counts -1 there, so
    # the sums over a campaign's batches are true at any moment.
    count("sent"),
    count("deferred"),
    count("bounced"),
    count("failed"),
    count("skipped"),
    count("canceled"),
    count("possibly_repeated"),
    now("created_at"),
    time("finished_at"),
    PrimaryKeyConstraint("tenant_id", "campaign_id", "number"),
    one_of("state", ("open", "leased", "done")),
    Index(
        "ix_batches_unfinished",
        "tenant_id",
        "campaign_id",
        "number",
        postgresql_where=text("state <> 'done'"),
    ),
    Index(
        "ix_batches_leased",
        "tenant_id",
        "campaign_id",
        "worker",
        postgresql_where=text("state = 'leased'"),
    ),
    postgresql_with={"fillfactor": "50"},
)
