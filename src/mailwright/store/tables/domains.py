"""Domains that a tenant sends from, and the keys that sign for them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, UniqueConstraint, text

from mailwright.domain.sending_domain import KeyState
from mailwright.store.tables.columns import (
    identity,
    json,
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

domains = Table(
    "domains",
    metadata,
    tenant(),
    identity(),
    uuid(),
    words("name"),  # A-label form, lower case
    words("tracking_host"),
    words("return_path_host"),
    json("checks", default="{}"),  # by record, see domain/sending_domain.py
    time("checked_at"),
    time("next_check_at"),  # null: when somebody asks
    now("created_at"),
    now("updated_at"),
    *noun(),
    UniqueConstraint("tenant_id", "name"),
    Index("ix_domains_due", "next_check_at"),
)

domain_keys = Table(
    "domain_keys",
    metadata,
    tenant(),
    identity(),
    uuid(),
    Column("domain_id", BigInteger, nullable=False),
    words("selector"),
    Column("private_key_sealed", LargeBinary),  # null once retired: it never signs again
    words("public_key"),  # as it stands behind p= in its record
    words("state", default=KeyState.PENDING),
    now("created_at"),
    time("activated_at"),
    time("retired_at"),
    *noun(),
    owner("domain_id", "domains", ondelete="CASCADE"),
    UniqueConstraint("tenant_id", "domain_id", "selector"),
    one_of("state", KeyState),
    Index(
        "uq_domain_keys_in_use",
        "tenant_id",
        "domain_id",
        "state",
        unique=True,
        postgresql_where=text("state <> 'retired'"),
    ),
)
