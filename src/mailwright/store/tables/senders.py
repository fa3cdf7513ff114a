"""How mail leaves: in whose name, and through which server."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, UniqueConstraint, text

from mailwright.store.tables.columns import (
    flag,
    identity,
    maybe,
    metadata,
    noun,
    now,
    owner,
    tenant,
    time,
    uuid,
    words,
)

projects = Table(
    "projects",
    metadata,
    tenant(),
    identity(),
    uuid(),
    words("name"),
    Column("smtp_url_sealed", LargeBinary),  # null: the installation's MAILWRIGHT_SMTP_URL
    flag("is_default", default=False),
    Column("sender_id", BigInteger),  # for campaigns of this project that name none
    time("outage_since"),  # first refusal of the present outage; null: it works
    maybe("outage_reason"),
    time("outage_retry_at"),  # nobody claims batches of this project before then
    now("created_at"),
    now("updated_at"),
    *noun(),
    UniqueConstraint("tenant_id", "name"),
    owner("sender_id", "senders"),
    Index("uq_projects_default", "tenant_id", unique=True, postgresql_where=text("is_default")),
)

senders = Table(
    "senders",
    metadata,
    tenant(),
    identity(),
    uuid(),
    words("email"),
    words("email_key"),
    words("name"),
    maybe("reply_to"),
    flag("enabled", default=True),
    words("language", default="en"),  # BCP 47: of the confirmation mail
    time("confirmed_at"),
    time("confirmation_sent_at"),
    now("created_at"),
    now("updated_at"),
    *noun(),
    UniqueConstraint("tenant_id", "email_key"),
)
