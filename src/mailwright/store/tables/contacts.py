"""People: who they are, what they agreed to, what they belong to."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)

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

contacts = Table(
    "contacts",
    metadata,
    tenant(),
    identity(),
    uuid(),
    words("email"),
    words("email_key"),  # lower-cased, domain in A-label form: what makes two addresses one
    maybe("first_name"),
    maybe("last_name"),
    maybe("phone"),
    maybe("external_id"),
    maybe("locale"),
    maybe("country_code"),
    words("consent", default="subscribed"),
    maybe("consent_source"),
    time("opted_in_at"),
    time("unsubscribed_at"),
    json("attributes", default="{}"),
    Column("import_id", BigInteger),  # the last import that had this address: once per file
    Column("project_id", BigInteger),  # whose audience the person is; null: nobody's in particular
    now("created_at"),
    now("updated_at"),
    *noun(),
    owner("project_id", "projects"),
    UniqueConstraint("tenant_id", "email_key"),
    one_of("consent", ("subscribed", "unconfirmed", "unsubscribed")),
    Index(
        "uq_contacts_tenant_id_external_id",
        "tenant_id",
        "external_id",
        unique=True,
        postgresql_where=text("external_id IS NOT NULL"),
    ),
    Index("ix_contacts_tenant_id_consent_locale", "tenant_id", "consent", "locale"),
    Index(
        "ix_contacts_tenant_id_project_id",
        "tenant_id",
        "project_id",
        "id",
        postgresql_where=text("project_id IS NOT NULL"),
    ),
    Index(
        "ix_contacts_attributes",
        "attributes",
        postgresql_using="gin",
        postgresql_ops={"attributes": "jsonb_path_ops"},
    ),
)

# What people agreed to and took back, append-only.
consents = Table(
    "consents",
    metadata,
    tenant(),
    identity(),
    Column("contact_id", BigInteger, nullable=False),
    now("at"),
    words("consent"),
    words("source"),
    words("actor"),
    words("door"),
    PrimaryKeyConstraint("tenant_id", "id"),
    Index("ix_consents_tenant_id_contact_id", "tenant_id", "contact_id"),
)

custom_fields = Table(
    "custom_fields",
    metadata,
    tenant(),
    identity(),
    uuid(),
    words("field_key"),
    words("name"),
    words("type"),
    json("options"),
    maybe("type_word"),  # what a door calls the type, where its own word says more than ours
    now("created_at"),
    now("updated_at"),
    *noun(),
    UniqueConstraint("tenant_id", "field_key"),
    one_of("type", ("text", "number", "date", "datetime", "boolean", "select", "list")),
)

lists = Table(
    "lists",
    metadata,
    tenant(),
    identity(),
    uuid(),
    words("name"),
    maybe("description"),
    flag("is_public", default=True),
    words("state", default="active"),  # deleted: a campaign of the past still names it
    maybe("language"),
    Column("sender_id", BigInteger),  # who speaks to the list, when nobody else is named
    json("redirections", default="{}"),  # where people go on after joining, confirming and leaving
    json("webhook"),  # its own, as the door that set it said it, with the `webhook_uuid` that calls
    time("policy_accepted_at"),
    now("created_at"),
    now("updated_at"),
    *noun(),
    one_of("state", ("active", "archived", "deleted")),
    Index(
        "uq_lists_tenant_id_name",
        "tenant_id",
        "name",
        unique=True,
        postgresql_where=text("state <> 'deleted'"),
    ),
)

list_members = Table(
    "list_members",
    metadata,
    tenant(),
    Column("list_id", BigInteger, nullable=False),
    Column("contact_id", BigInteger, nullable=False),
    words("state", default="subscribed"),
    Column("import_id", BigInteger),  # the import that brought them here
    now("joined_at"),
    time("left_at"),
    PrimaryKeyConstraint("tenant_id", "list_id", "contact_id"),
    owner("list_id", "lists", ondelete="CASCADE"),
    owner("contact_id", "contacts", ondelete="CASCADE"),
    Index("ix_list_members_tenant_id_contact_id", "tenant_id", "contact_id"),
    Index("ix_list_members_joined_at", "tenant_id", "list_id", "joined_at", "contact_id"),
    Index(  # who left or has not confirmed: the fan-out looks at each chunk of a list for them
        "ix_list_members_not_subscribed",
        "tenant_id",
        "list_id",
        "contact_id",
        postgresql_where=text("state <> 'subscribed'"),
    ),
    one_of("state", ("subscribed", "unconfirmed", "unsubscribed")),
)

segments = Table(
    "segments",
    metadata,
    tenant(),
    identity(),
    uuid(),
    words("name"),
    Column("list_id", BigInteger),  # only people of that list; null: of the whole tenant
    json("rule", default="{}"),
    json("origin"),  # the rule as its author wrote it, in the language of a door
    Column("contacts_count", BigInteger),
    time("contacts_count_calculated_at"),
    now("created_at"),
    now("updated_at"),
    *noun(),
    owner("list_id", "lists", ondelete="CASCADE"),
    UniqueConstraint("tenant_id", "list_id", "name", postgresql_nulls_not_distinct=True),
)

suppressions = Table(
    "suppressions",
    metadata,
    tenant(),
    identity(),
    uuid(),
    words("email_key"),
    flag("pattern", default=False),  # *@domain or name@*, for more than one address
    words("reason"),
    words("scope", default="all"),  # all: every stream; marketing: campaigns only
    maybe("source"),
    json("evidence"),
    now("created_at"),
    *noun(),
    Index(  # few or none: whether there are any decides whether every address is held against them
        "ix_suppressions_patterns",
        "tenant_id",
        "email_key",
        postgresql_where=text("pattern"),
    ),
    Index(  # the same for people who were erased: their keys are hashes (domain/forgotten.py)
        "ix_suppressions_erased",
        "tenant_id",
        postgresql_where=text("reason = 'erased'"),
    ),
    UniqueConstraint("tenant_id", "email_key", "scope"),
    one_of("reason", ("bounce", "complaint", "unsubscribe", "manual", "erased")),
    one_of("scope", ("all", "marketing")),
)
