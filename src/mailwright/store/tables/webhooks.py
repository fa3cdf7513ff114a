"""Telling others."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from mailwright.domain.webhook_event import DeliveryState, WebhookDialect
from mailwright.store.tables.columns import (
    flag,
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

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    tenant(),
    identity(),
    uuid(),
    words("url"),
    maybe("description"),
    Column("events", ARRAY(Text), nullable=False),
    words("dialect", default="native"),
    Column("list_id", BigInteger),  # only what happens to people of that list; null: everything
    Column("secret_sealed", LargeBinary, nullable=False),
    Column("previous_secret_sealed", LargeBinary),  # signs beside the new one for a day
    time("previous_secret_until"),
    flag("enabled", default=True),
    Column("rate_limit", Integer),  # requests in a `rate_limit_period`; null: as they come
    maybe("rate_limit_period"),
    maybe("disabled_reason"),  # null while enabled, and when its owner disabled it
    now("created_at"),
    now("updated_at"),
    *noun(),
    owner("list_id", "lists", ondelete="CASCADE"),
    one_of("dialect", WebhookDialect),
    one_of("rate_limit_period", ("second", "minute")),
)

# One event on its way to one endpoint: what to send, and how it went. No foreign key: deleting an
# endpoint must never make the statement fail that commits an outcome of the engine.
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    tenant(),
    identity(),
    uuid(),
    Column("endpoint_id", BigInteger, nullable=False),
    Column("event_uuid", UUID(as_uuid=True), nullable=False),  # the same at every endpoint
    words("type"),
    json("payload", default="{}"),
    words("state", default="pending"),
    Column("attempt", SmallInteger, nullable=False, server_default=text("0")),
    Column("status_code", Integer),
    maybe("response"),  # the first kilobyte of the last answer
    maybe("error"),
    time("next_attempt_at"),  # while one is under way: when another may try
    now("created_at"),
    time("delivered_at"),
    *noun(),
    one_of("state", DeliveryState),
    Index("ix_webhook_deliveries_log", "tenant_id", "endpoint_id", "created_at", "id"),
    Index(
        "ix_webhook_deliveries_pending",
        "tenant_id",
        "endpoint_id",
        "next_attempt_at",
        postgresql_where=text("state = 'pending'"),
    ),
)
