"""What happened after a mail was sent."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)

from mailwright.store.tables.columns import (
    count,
    identity,
    json,
    metadata,
    now,
    tenant,
    uuid,
    words,
)

campaign_counters = Table(
    "campaign_counters",
    metadata,
    tenant(),
    Column("campaign_id", BigInteger, nullable=False),
    count("opened"),  # people
    count("opens"),  # times
    count("clicked"),
    count("clicks"),
    count("unsubscribed"),
    count("complained"),
    count("bounced_later"),
    count("auto_replies"),
    PrimaryKeyConstraint("tenant_id", "campaign_id"),
    postgresql_with={"fillfactor": "50"},
)

campaign_links = Table(
    "campaign_links",
    metadata,
    tenant(),
    Column("campaign_id", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    identity(),
    uuid(),
    words("url"),
    count("clicks"),
    count("unique_clicks"),
    PrimaryKeyConstraint("tenant_id", "campaign_id", "number"),
    UniqueConstraint("tenant_id", "id"),
    postgresql_with={"fillfactor": "50"},
)

message_clicks = Table(
    "message_clicks",
    metadata,
    tenant(),
    Column("message_id", BigInteger, nullable=False),
    Column("link_number", Integer, nullable=False),
    now("first_at"),
    count("clicks"),
    PrimaryKeyConstraint("tenant_id", "message_id", "link_number"),
)

# Facts about messages, partitioned by month, in the order they were written down: the outcome of
# each (`sent`, `bounced`, `failed`, `skipped`), and what its reader did. Logs are read by id.
events = Table(
    "events",
    metadata,
    tenant(),
    Column("id", BigInteger, Identity(always=False), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    words("kind"),
    Column("message_id", BigInteger, nullable=False),
    Column("campaign_id", BigInteger),
    Column("contact_id", BigInteger),
    json("data", default="{}"),
    PrimaryKeyConstraint("tenant_id", "at", "id"),
    Index("ix_events_tenant_id_message_id", "tenant_id", "message_id"),
    Index("ix_events_tenant_id_campaign_id", "tenant_id", "campaign_id", "id"),
    # Not of `sent`, which is every other event: it would cost each mail, and the index above, which
    # has them all, finds them as well.
    Index(
        "ix_events_tenant_id_campaign_id_kind",
        "tenant_id",
        "campaign_id",
        "kind",
        "id",
        postgresql_where=text("kind <> 'sent'"),
    ),
    postgresql_partition_by="RANGE (at)",
)
