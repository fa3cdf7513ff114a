"""Words that a tenant puts on its contacts: tags anywhere, interests within one list."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Table, UniqueConstraint

from mailwright.store.tables.columns import (
    identity,
    maybe,
    metadata,
    noun,
    now,
    owner,
    tenant,
    uuid,
    words,
)

tags = Table(
    "tags",
    metadata,
    tenant(),
    identity(),
    uuid(),
    words("name"),
    now("created_at"),
    *noun(),
    UniqueConstraint("tenant_id", "name"),
)

contact_tags = Table(
    "contact_tags",
    metadata,
    tenant(),
    Column("tag_id", BigInteger, nullable=False),
    Column("contact_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "tag_id", "contact_id"),
    owner("tag_id", "tags", ondelete="CASCADE"),
    owner("contact_id", "contacts", ondelete="CASCADE"),
    Index("ix_contact_tags_tenant_id_contact_id", "tenant_id", "contact_id"),
)

interests = Table(
    "interests",
    metadata,
    tenant(),
    identity(),
    uuid(),
    Column("list_id", BigInteger, nullable=False),
    words("name"),
    maybe("alias"),  # how it is called in front of people
    now("created_at"),
    *noun(),
    owner("list_id", "lists", ondelete="CASCADE"),
    UniqueConstraint("tenant_id", "list_id", "name"),
)

contact_interests = Table(
    "contact_interests",
    metadata,
    tenant(),
    Column("interest_id", BigInteger, nullable=False),
    Column("contact_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "interest_id", "contact_id"),
    owner("interest_id", "interests", ondelete="CASCADE"),
    owner("contact_id", "contacts", ondelete="CASCADE"),
    Index("ix_contact_interests_tenant_id_contact_id", "tenant_id", "contact_id"),
)
