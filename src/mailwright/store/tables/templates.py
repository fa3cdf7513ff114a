"""Templates, their versions and locale variants."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from mailwright.domain.template_version import VersionState
from mailwright.store.tables.columns import (
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

templates = Table(
    "templates",
    metadata,
    tenant(),
    identity(),
    uuid(),
    words("slug"),
    words("name"),
    maybe("description"),
    Column("tags", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    maybe("default_locale"),  # what a version without a locale is written in
    now("created_at"),
    now("updated_at"),
    *noun(),
    UniqueConstraint("tenant_id", "slug"),
)

# A version in one language. Variants of a version share its number and its locale group.
template_versions = Table(
    "template_versions",
    metadata,
    tenant(),
    identity(),
    uuid(),
    Column("template_id", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("locale_group", UUID(as_uuid=True), nullable=False),
    maybe("locale"),
    words("state", default="draft"),
    maybe("subject"),
    maybe("preheader"),
    maybe("kind"),  # document or html; null: no body yet
    json("document"),
    maybe("markdown"),
    maybe("html"),
    maybe("plain_text"),
    maybe("design_kind"),  # of a page made in somebody else's editor, which keeps its design here
    json("design"),
    json("variables", default="[]"),  # name, type and fallback of each, as declared or found
    now("created_at"),
    now("updated_at"),
    time("published_at"),
    *noun(),
    owner("template_id", "templates", ondelete="CASCADE"),
    Index(
        "uq_template_versions_locale",
        "tenant_id",
        "template_id",
        "number",
        "locale",
        unique=True,
        postgresql_nulls_not_distinct=True,
    ),
    Index("ix_template_versions_locale_group", "tenant_id", "locale_group"),
    one_of("state", VersionState),
    one_of("kind", ("document", "html")),
)

# A template for single mails to the people of a list: in whose name they go, and where answers do.
mail_templates = Table(
    "mail_templates",
    metadata,
    tenant(),
    Column("template_id", BigInteger, nullable=False),
    Column("list_id", BigInteger, nullable=False),
    Column("sender_id", BigInteger),  # null: the account's default
    maybe("reply_to"),
    PrimaryKeyConstraint("tenant_id", "template_id"),
    owner("template_id", "templates", ondelete="CASCADE"),
    owner("list_id", "lists", ondelete="CASCADE"),
    owner("sender_id", "senders"),
    Index("ix_mail_templates_list_id", "tenant_id", "list_id"),
)
