"""Every table, typed, in the order things come to life.

Rules of the house (design section 5): `tenant_id` leads every key, so that the data can be
distributed by tenant; every noun has a `uuid` for the world (version 7, made in Python) and an `id`
for joins, which is also the integer that Cakemail's clients see; rows of the ledger have only the
`id`. States are text under a CHECK that a test compares with the enum. Times are timestamptz.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ARRAY,
    DDL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    event,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from mailwright.domain.campaign_lifecycle import CampaignState
from mailwright.domain.message_lifecycle import MessageState
from mailwright.domain.template_version import VersionState
from mailwright.domain.webhook_event import DeliveryState, WebhookDialect
from mailwright.store.append_only import APPEND_ONLY

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _tenant() -> Column[Any]:
    return Column("tenant_id", Integer, nullable=False)


def _id() -> Column[Any]:
    return Column("id", BigInteger, Identity(always=False), nullable=False)


def _uuid() -> Column[Any]:
    return Column("uuid", UUID(as_uuid=True), nullable=False)


def _time(name: str) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=True)


def _now(name: str) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def _flag(name: str, *, default: bool) -> Column[Any]:
    return Column(name, Boolean, nullable=False, server_default=text(str(default).lower()))


def _count(name: str) -> Column[Any]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


def _text(name: str, *, default: str | None = None) -> Column[Any]:
    return Column(
        name, Text, nullable=False, server_default=None if default is None else text(f"'{default}'")
    )


def _maybe(name: str) -> Column[Any]:
    return Column(name, Text, nullable=True)


def _json(name: str, *, default: str | None = None) -> Column[Any]:
    return Column(
        name,
        JSONB(none_as_null=True),
        nullable=default is None,
        server_default=None if default is None else text(f"'{default}'::jsonb"),
    )


def _one_of(column: str, words: type[StrEnum] | tuple[str, ...]) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _noun() -> tuple[PrimaryKeyConstraint, UniqueConstraint]:
    return PrimaryKeyConstraint("tenant_id", "id"), UniqueConstraint("tenant_id", "uuid")


def _owner(column: str, table: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], ondelete=ondelete
    )


# --- The installation and who uses it ---------------------------------------------------------

# Facts of the whole installation (tenant 0): key fingerprint, capture address, sending switch.
installation = Table(
    "installation",
    metadata,
    _tenant(),
    _text("name"),
    _json("value"),
    _now("updated_at"),
    PrimaryKeyConstraint("tenant_id", "name"),
)

tenants = Table(
    "tenants",
    metadata,
    Column("id", Integer, Identity(always=False), primary_key=True),
    _uuid(),
    _text("slug"),
    _text("name"),
    _maybe("postal_address"),
    _text("fallback_locale", default="en"),
    Column("monthly_quota", BigInteger),
    _now("created_at"),
    UniqueConstraint("uuid"),
    UniqueConstraint("slug"),
)

members = Table(
    "members",
    metadata,
    _tenant(),
    _id(),
    _uuid(),
    _text("email"),
    _text("email_key"),
    _text("password_hash"),
    _text("role"),
    _flag("api_access", default=True),
    _now("created_at"),
    _time("last_sign_in_at"),
    *_noun(),
    UniqueConstraint("tenant_id", "email_key"),
    Index("ix_members_email_key", "email_key"),
    _one_of("role", ("owner", "admin", "editor", "viewer")),
)

sessions = Table(
    "sessions",
    metadata,
    _tenant(),
    Column("token_hash", LargeBinary, nullable=False),
    Column("member_id", BigInteger, nullable=False),
    _now("created_at"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant_id", "token_hash"),
    _owner("member_id", "members", ondelete="CASCADE"),
    Index("ix_sessions_token_hash", "token_hash"),
)

api_keys = Table(
    "api_keys",
    metadata,
    _tenant(),
    _id(),
    _uuid(),
    _text("name"),
    _text("prefix"),
    Column("key_hash", LargeBinary, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    _flag("sandbox", default=False),  # mw_test_ keys: every mail goes to the inbox
    _text("created_by"),
    _now("created_at"),
    _time("last_used_at"),
    _time("expires_at"),
    _time("revoked_at"),
    *_noun(),
    Index("ix_api_keys_key_hash", "key_hash"),
)

# Who did what that only some may do: a chain of hashes, appended and never changed. `number` has no
# gaps in a tenant; services/audit.py writes and verifies it.
audit_log = Table(
    "audit_log",
    metadata,
    _tenant(),
    Column("number", BigInteger, autoincrement=False, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    _text("actor"),
    _text("door"),
    _text("action"),
    _maybe("subject"),
    _json("details", default="{}"),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant_id", "number"),
)
for _statement in APPEND_ONLY:
    event.listen(audit_log, "after_create", DDL(_statement))

# Where each tenant's chain ends: taking its last entries away shows, too.
audit_heads = Table(
    "audit_heads",
    metadata,
    _tenant(),
    _count("entries"),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant_id"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    _tenant(),
    _text("key"),
    Column("request_hash", LargeBinary, nullable=False),
    Column("response_status", Integer),
    Column("response_body", LargeBinary),
    _now("created_at"),
    PrimaryKeyConstraint("tenant_id", "key"),
)

# --- People -----------------------------------------------------------------------------------

contacts = Table(
    "contacts",
    metadata,
    _tenant(),
    _id(),
    _uuid(),
    _text("email"),
    _text("email_key"),  # lower-cased, domain in A-label form: what makes two addresses one
    _maybe("first_name"),
    _maybe("last_name"),
    _maybe("phone"),
    _maybe("external_id"),
    _maybe("locale"),
    _maybe("country_code"),
    _text("consent", default="subscribed"),
    _maybe("consent_source"),
    _time("opted_in_at"),
    _time("unsubscribed_at"),
    _json("attributes", default="{}"),
    Column("import_id", BigInteger),  # the last import that had this address: once per file
    Column("project_id", BigInteger),  # whose audience the person is; null: nobody's in particular
    _now("created_at"),
    _now("updated_at"),
    *_noun(),
    _owner("project_id", "projects"),
    UniqueConstraint("tenant_id", "email_key"),
    _one_of("consent", ("subscribed", "unconfirmed", "unsubscribed")),
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
    _tenant(),
    _id(),
    Column("contact_id", BigInteger, nullable=False),
    _now("at"),
    _text("consent"),
    _text("source"),
    _text("actor"),
    _text("door"),
    PrimaryKeyConstraint("tenant_id", "id"),
    Index("ix_consents_tenant_id_contact_id", "tenant_id", "contact_id"),
)

custom_fields = Table(
    "custom_fields",
    metadata,
    _tenant(),
    _id(),
    _uuid(),
    _text("field_key"),
    _text("name"),
    _text("type"),
    _json("options"),
    _now("created_at"),
    _now("updated_at"),
    *_noun(),
    UniqueConstraint("tenant_id", "field_key"),
    _one_of("type", ("text", "number", "date", "datetime", "boolean", "select", "list")),
)

lists = Table(
    "lists",
    metadata,
    _tenant(),
    _id(),
    _uuid(),
    _text("name"),
    _maybe("description"),
    _flag("is_public", default=True),
    _now("created_at"),
    _now("updated_at"),
    *_noun(),
    UniqueConstraint("tenant_id", "name"),
)

list_members = Table(
    "list_members",
    metadata,
    _tenant(),
    Column("list_id", BigInteger, nullable=False),
    Column("contact_id", BigInteger, nullable=False),
    _text("state", default="subscribed"),
    Column("import_id", BigInteger),  # the import that brought them here
    _now("joined_at"),
    _time("left_at"),
    PrimaryKeyConstraint("tenant_id", "list_id", "contact_id"),
    _owner("list_id", "lists", ondelete="CASCADE"),
    _owner("contact_id", "contacts", ondelete="CASCADE"),
    Index("ix_list_members_tenant_id_contact_id", "tenant_id", "contact_id"),
    Index(  # who left, for the fan-out: it looks at each chunk of a list for them
        "ix_list_members_left",
        "tenant_id",
        "list_id",
        "contact_id",
        postgresql_where=text("state = 'unsubscribed'"),
    ),
    _one_of("state", ("subscribed", "unsubscribed")),
)

segments = Table(
    "segments",
    metadata,
    _tenant(),
    _id(),
    _uuid(),
    _text("name"),
    _json("rule", default="{}"),
    Column("contacts_count", BigInteger),
    _time("contacts_count_calculated_at"),
    _now("created_at"),
    _now("updated_at"),
    *_noun(),
    UniqueConstraint("tenant_id", "name"),
)

suppressions = Table(
    "suppressions",
    metadata,
    _tenant(),
    _id(),
    _uuid(),
    _text("email_key"),
    _text("reason"),
    _text("scope", default="all"),  # all: every stream; marketing: campaigns only
    _maybe("source"),
    _json("evidence"),
    _now("created_at"),
    *_noun(),
    UniqueConstraint("tenant_id", "email_key", "scope"),
    _one_of("reason", ("bounce", "complaint", "unsubscribe", "manual", "erased")),
    _one_of("scope", ("all", "marketing")),
)

imports = Table(
    "imports",
    metadata,
    _tenant(),
    _id(),
    _uuid(),
    _text("state", default="queued"),
    _text("file_name"),
    _text("file_path"),
    Column("list_id", BigInteger),
    Column("project_id", BigInteger),
    _text("consent_source", default="import"),
    _flag("dry_run", default=False),  # counts and the error file; nothing is changed
    _json("mapping"),
    _count("file_bytes"),
    _count("bytes_read"),  # where the next chunk begins
    _count("lines_read"),
    _count("rows_read"),
    _count("created"),
    _count("updated"),
    _count("rejected"),
    _maybe("error_file"),
    _count("error_bytes"),  # what of the error file is committed; a restart cuts off the rest
    _maybe("error"),
    _count("undone_contacts"),
    _count("undone_memberships"),
    _count("undone_to"),  # where the next chunk of an undo begins
    _now("created_at"),
    _time("finished_at"),
    _time("undone_at"),
    *_noun(),
    _one_of("state", ("queued", "running", "done", "failed", "undoing", "undone")),
)

# What a dry run has seen of its file so far; emptied when it is over.
import_addresses = Table(
    "import_addresses",
    metadata,
    _tenant(),
    Column("import_id", BigInteger, nullable=False),
    _text("email_key"),
    _maybe("external_id"),
    PrimaryKeyConstraint("tenant_id", "import_id", "email_key"),
    UniqueConstraint("tenant_id", "import_id", "external_id"),
)

# --- How mail leaves --------------------------------------------------------------------------

projects = Table(
    "projects",
    metadata,
    _tenant(),
    _id(),
    _uuid(),
    _text("name"),
    Column("smtp_url_sealed", LargeBinary),  # null: the installation's MAILWRIGHT_SMTP_URL
    _flag("is_default", default=False),
    Column("sender_id", BigInteger),  # for campaigns of this project that name none
    _time("outage_since"),  # first refusal of the present outage; null: it works
    _maybe("outage_reason"),
    _time("outage_retry_at"),  # nobody claims batches of this project before then
    _now("created_at"),
    _now("updated_at"),
    *_noun(),
    UniqueConstraint("tenant_id", "name"),
    _owner("sender_id", "senders"),
    Index("uq_projects_default", "tenant_id", unique=True, postgresql_where=text("is_default")),
)

senders = Table(
    "senders",
    metadata,
    _tenant(),
    _id(),
    _uuid(),
    _text("email"),
    _text("email_key"),
    _text("name"),
    _maybe("reply_to"),
    _flag("enabled", default=True),
    _time("confirmed_at"),
    _now("created_at"),
    _now("updated_at"),
    *_noun(),
    UniqueConstraint("tenant_id", "email_key"),
)

# --- Templates --------------------------------------------------------------------------------

templates = Table(
    "templates",
    metadata,
    _tenant(),
    _id(),
    _uuid(),
    _text("slug"),
    _text("name"),
    _maybe("default_locale"),  # what a version without a locale is written in
    _now("created_at"),
    _now("updated_at"),
    *_noun(),
    UniqueConstraint("tenant_id", "slug"),
)

# A version in one language. Variants of a version share its number and its locale group.
template_versions = Table(
    "template_versions",
    metadata,
    _tenant(),
    _id(),
    _uuid(),
    Column("template_id", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("locale_group", UUID(as_uuid=True), nullable=False),
    _maybe("locale"),
    _text("state", default="draft"),
    _maybe("subject"),
    _maybe("preheader"),
    _maybe("kind"),  # document or html; null: no body yet
    _json("document"),
    _maybe("markdown"),
    _maybe("html"),
    _maybe("plain_text"),
    _json("variables", default="[]"),  # name, type and fallback of each, as declared or found
    _now("created_at"),
    _now("updated_at"),
    _time("published_at"),
    *_noun(),
    _owner("template_id", "templates", ondelete="CASCADE"),
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
    _one_of("state", VersionState),
    _one_of("kind", ("document", "html")),
)

# --- Campaigns --------------------------------------------------------------------------------

campaigns = Table(
    "campaigns",
    metadata,
    _tenant(),
    _id(),
    _uuid(),
    _text("name"),
    _text("state", default="draft"),
    _maybe("state_reason"),
    _flag("archived", default=False),
    _maybe("subject"),
    _maybe("preheader"),
    _maybe("from_name"),
    _maybe("reply_to"),
    _text("language", default="en"),
    Column("sender_id", BigInteger),
    Column("project_id", BigInteger),
    Column("list_id", BigInteger),
    Column("segment_id", BigInteger),
    _json("audience_filter"),
    Column("template_version_id", BigInteger),  # says what is sent, instead of a body of its own
    _flag("require_locale_variant", default=False),
    _flag("track_opens", default=True),
    _flag("track_clicks", default=True),
    _flag("has_body", default=False),
    _flag("editable_via_api", default=True),
    _flag("overwrite_required", default=False),
    _flag("sandbox", default=False),  # sent with an mw_test_ key: every mail goes to the inbox
    _time("scheduled_at"),
    _maybe("timezone"),
    Column("max_delay_seconds", Integer, nullable=False, server_default=text("3600")),
    _now("created_at"),
    _now("updated_at"),
    _time("last_edited_at"),
    _time("queued_at"),
    _time("started_at"),
    _time("finished_at"),
    *_noun(),
    _owner("sender_id", "senders"),
    _owner("project_id", "projects"),
    _owner("list_id", "lists"),
    _owner("segment_id", "segments"),
    _owner("template_version_id", "template_versions"),
    _one_of("state", CampaignState),
    Index("ix_campaigns_tenant_id_created_at", "tenant_id", "created_at", "id"),
    Index(
        "ix_campaigns_active",
        "tenant_id",
        "state",
        postgresql_where=text("state IN ('scheduled', 'queued', 'sending')"),
    ),
    Index(
        "ix_campaigns_template_version_id",
        "tenant_id",
        "template_version_id",
        postgresql_where=text("template_version_id IS NOT NULL"),
    ),
)

# One body per campaign, compiled when it is saved.
campaign_bodies = Table(
    "campaign_bodies",
    metadata,
    _tenant(),
    Column("campaign_id", BigInteger, nullable=False),
    _text("kind"),  # document or html
    _json("document"),
    _maybe("markdown"),  # what the API reads back; null: no Markdown form
    _text("html"),  # template with merge tags, inlined
    _text("plain_text"),  # template with merge tags
    _now("updated_at"),
    PrimaryKeyConstraint("tenant_id", "campaign_id"),
    _owner("campaign_id", "campaigns", ondelete="CASCADE"),
    _one_of("kind", ("document", "html")),
)

campaign_transitions = Table(
    "campaign_transitions",
    metadata,
    _tenant(),
    _id(),
    Column("campaign_id", BigInteger, nullable=False),
    _text("event"),
    _text("from_state"),
    _text("to_state"),
    _maybe("reason"),
    _text("actor"),
    _text("door"),
    _now("at"),
    PrimaryKeyConstraint("tenant_id", "id"),
    _owner("campaign_id", "campaigns", ondelete="CASCADE"),
    Index("ix_campaign_transitions_tenant_id_campaign_id", "tenant_id", "campaign_id", "id"),
)

# Where the fan-out of a campaign has got to; a restart goes on from here.
fan_outs = Table(
    "fan_outs",
    metadata,
    _tenant(),
    Column("campaign_id", BigInteger, nullable=False),
    Column("last_contact_id", BigInteger, nullable=False, server_default=text("0")),
    Column("next_batch_number", Integer, nullable=False, server_default=text("1")),
    _count("audience_count"),
    _count("queued_count"),
    _count("skipped_count"),
    _json("audience"),  # whom it writes down; another audience starts over
    _json("routing"),  # who gets which variant of the template; so does another routing
    Column("quota_month", Date),  # the month its rows count in
    _count("quota_released"),  # how many of them count no longer: they were never sent
    _time("finished_at"),
    PrimaryKeyConstraint("tenant_id", "campaign_id"),
    _owner("campaign_id", "campaigns", ondelete="CASCADE"),
)

# What of a month's quota is taken. The month is its first day, in UTC.
quota_months = Table(
    "quota_months",
    metadata,
    _tenant(),
    Column("month", Date, nullable=False),
    _count("reserved"),
    PrimaryKeyConstraint("tenant_id", "month"),
)

# --- The ledger -------------------------------------------------------------------------------

messages = Table(
    "messages",
    metadata,
    _tenant(),
    _id(),
    Column("campaign_id", BigInteger),
    Column("contact_id", BigInteger),
    _text("email"),
    _text("state", default="queued"),
    _maybe("reason"),  # a SkipReason, a verdict's rule, or why we gave up
    _maybe("reply"),  # the server's last words
    _maybe("locale"),  # of the text they get
    Column("variant_id", BigInteger),  # the template version; null: the campaign's own body
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    _flag("possibly_repeated", default=False),
    _now("created_at"),
    _time("sent_at"),
    _time("next_attempt_at"),
    _time("bounced_at"),
    _time("opened_at"),
    _time("clicked_at"),
    _time("complained_at"),
    _time("unsubscribed_at"),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "campaign_id", "contact_id"),
    _one_of("state", MessageState),
    Index("ix_messages_tenant_id_contact_id", "tenant_id", "contact_id"),
    Index(
        "ix_messages_next_attempt_at",
        "tenant_id",
        "next_attempt_at",
        postgresql_where=text("next_attempt_at IS NOT NULL"),
    ),
    postgresql_with={"fillfactor": "50"},  # room for the one update each row gets (HOT)
)

# What a worker leases: a range of the ledger, or, for retries, an explicit set of its rows.
batches = Table(
    "batches",
    metadata,
    _tenant(),
    Column("campaign_id", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("first_message_id", BigInteger, nullable=False),
    Column("last_message_id", BigInteger, nullable=False),
    Column("message_ids", ARRAY(BigInteger)),  # null: the whole range
    _text("state", default="open"),
    Column("message_count", Integer, nullable=False),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),  # grows with each lease
    _maybe("worker"),
    _time("lease_until"),
    # Whose final dot may have been given without its outcome being known: after a crash these,
    # and only these, may be repeated.
    Column("in_flight", ARRAY(BigInteger), nullable=False, server_default=text("'{}'::bigint[]")),
    # What its rows have become. A row that leaves `deferred` in a later batch counts -1 there, so
    # the sums over a campaign's batches are true at any moment.
    _count("sent"),
    _count("deferred"),
    _count("bounced"),
    _count("failed"),
    _count("skipped"),
    _count("canceled"),
    _count("possibly_repeated"),
    _now("created_at"),
    _time("finished_at"),
    PrimaryKeyConstraint("tenant_id", "campaign_id", "number"),
    _one_of("state", ("open", "leased", "done")),
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

# --- What happened afterwards -----------------------------------------------------------------

campaign_counters = Table(
    "campaign_counters",
    metadata,
    _tenant(),
    Column("campaign_id", BigInteger, nullable=False),
    _count("opened"),  # people
    _count("opens"),  # times
    _count("clicked"),
    _count("clicks"),
    _count("unsubscribed"),
    _count("complained"),
    _count("bounced_later"),
    PrimaryKeyConstraint("tenant_id", "campaign_id"),
    postgresql_with={"fillfactor": "50"},
)

campaign_links = Table(
    "campaign_links",
    metadata,
    _tenant(),
    Column("campaign_id", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    _uuid(),
    _text("url"),
    _count("clicks"),
    _count("unique_clicks"),
    PrimaryKeyConstraint("tenant_id", "campaign_id", "number"),
    postgresql_with={"fillfactor": "50"},
)

message_clicks = Table(
    "message_clicks",
    metadata,
    _tenant(),
    Column("message_id", BigInteger, nullable=False),
    Column("link_number", Integer, nullable=False),
    _now("first_at"),
    _count("clicks"),
    PrimaryKeyConstraint("tenant_id", "message_id", "link_number"),
)

# Facts about messages, partitioned by month; what the ledger row itself tells is not repeated here.
events = Table(
    "events",
    metadata,
    _tenant(),
    Column("id", BigInteger, Identity(always=False), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    _text("kind"),
    Column("message_id", BigInteger, nullable=False),
    Column("campaign_id", BigInteger),
    Column("contact_id", BigInteger),
    _json("data", default="{}"),
    PrimaryKeyConstraint("tenant_id", "at", "id"),
    Index("ix_events_tenant_id_message_id", "tenant_id", "message_id"),
    Index("ix_events_tenant_id_campaign_id_at", "tenant_id", "campaign_id", "at"),
    postgresql_partition_by="RANGE (at)",
)

# --- Telling others ---------------------------------------------------------------------------

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    _tenant(),
    _id(),
    _uuid(),
    _text("url"),
    _maybe("description"),
    Column("events", ARRAY(Text), nullable=False),
    _text("dialect", default="native"),
    Column("secret_sealed", LargeBinary, nullable=False),
    Column("previous_secret_sealed", LargeBinary),  # signs beside the new one for a day
    _time("previous_secret_until"),
    _flag("enabled", default=True),
    _maybe("disabled_reason"),  # null while enabled, and when its owner disabled it
    _now("created_at"),
    _now("updated_at"),
    *_noun(),
    _one_of("dialect", WebhookDialect),
)

# One event on its way to one endpoint: what to send, and how it went. No foreign key: deleting an
# endpoint must never make the statement fail that commits an outcome of the engine.
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    _tenant(),
    _id(),
    _uuid(),
    Column("endpoint_id", BigInteger, nullable=False),
    Column("event_uuid", UUID(as_uuid=True), nullable=False),  # the same at every endpoint
    _text("type"),
    _json("payload", default="{}"),
    _text("state", default="pending"),
    Column("attempt", SmallInteger, nullable=False, server_default=text("0")),
    Column("status_code", Integer),
    _maybe("response"),  # the first kilobyte of the last answer
    _maybe("error"),
    _time("next_attempt_at"),  # while one is under way: when another may try
    _now("created_at"),
    _time("delivered_at"),
    *_noun(),
    _one_of("state", DeliveryState),
    Index("ix_webhook_deliveries_log", "tenant_id", "endpoint_id", "created_at", "id"),
    Index(
        "ix_webhook_deliveries_pending",
        "tenant_id",
        "endpoint_id",
        "next_attempt_at",
        postgresql_where=text("state = 'pending'"),
    ),
)

# The built-in inbox.
captured_mails = Table(
    "captured_mails",
    metadata,
    _tenant(),
    _id(),
    _uuid(),
    _now("received_at"),
    _text("envelope_sender"),
    Column("recipients", ARRAY(Text), nullable=False),
    Column("message_id", BigInteger),  # the ledger row, where the envelope sender proves it
    _text("from_header"),
    _text("to_header"),
    _text("subject"),
    _text("snippet"),
    _flag("seen", default=False),
    Column("size_bytes", Integer, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    *_noun(),
)
