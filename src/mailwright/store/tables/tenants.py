"""The installation, its tenants, who may do what, and what they did."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    DDL,
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    event,
)
from sqlalchemy.dialects.postgresql import UUID

from mailwright.store.append_only import APPEND_ONLY
from mailwright.store.tables.columns import (
    count,
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

# Facts of the whole installation (tenant 0): key fingerprint, capture address, sending switch.
installation = Table(
    "installation",
    metadata,
    tenant(),
    words("name"),
    json("value"),
    now("updated_at"),
    PrimaryKeyConstraint("tenant_id", "name"),
)

tenants = Table(
    "tenants",
    metadata,
    Column("id", Integer, Identity(always=False), primary_key=True),
    uuid(),
    words("slug"),
    words("name"),
    maybe("postal_address"),
    words("fallback_locale", default="en"),
    Column("monthly_quota", BigInteger),
    json("profile", default="{}"),  # phone, website, parts of the address: as its doors know them
    now("created_at"),
    UniqueConstraint("uuid"),
    UniqueConstraint("slug"),
)

# What stands on a tenant's pages; as we wrote it, whatever was sent.
logos = Table(
    "logos",
    metadata,
    tenant(),
    words("name"),
    Column("image", LargeBinary, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    now("created_at"),
    PrimaryKeyConstraint("tenant_id"),
    Index("ix_logos_name", "name"),
)

members = Table(
    "members",
    metadata,
    tenant(),
    identity(),
    uuid(),
    words("email"),
    words("email_key"),
    maybe("password_hash"),  # none: they set one by a mailed link
    words("role"),
    flag("api_access", default=True),
    json("profile", default="{}"),  # names, phones, language and time zone
    time("suspended_at"),
    time("invited_at"),  # while an invitation waits; who set a password has come
    time("invitation_sent_at"),
    now("created_at"),
    time("last_sign_in_at"),
    *noun(),
    UniqueConstraint("tenant_id", "email_key"),
    Index("ix_members_email_key", "email_key"),
    one_of("role", ("owner", "admin", "editor", "viewer")),
)

# What a mail brought by which its reader sets a member's password: each works once.
password_links = Table(
    "password_links",
    metadata,
    tenant(),
    Column("token_hash", LargeBinary, nullable=False),
    Column("member_id", BigInteger, nullable=False),
    now("created_at"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant_id", "token_hash"),
    owner("member_id", "members", ondelete="CASCADE"),
    Index("ix_password_links_token_hash", "token_hash"),
    Index("ix_password_links_tenant_id_member_id", "tenant_id", "member_id"),
)

sessions = Table(
    "sessions",
    metadata,
    tenant(),
    Column("token_hash", LargeBinary, nullable=False),
    Column("member_id", BigInteger, nullable=False),
    now("created_at"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant_id", "token_hash"),
    owner("member_id", "members", ondelete="CASCADE"),
    Index("ix_sessions_token_hash", "token_hash"),
)

# What members get for their password: short-lived access tokens, and refresh tokens that work once.
access_tokens = Table(
    "access_tokens",
    metadata,
    tenant(),
    Column("token_hash", LargeBinary, nullable=False),
    words("kind"),
    Column("grant_uuid", UUID(as_uuid=True), nullable=False),  # all that came of one sign-in
    Column("member_id", BigInteger, nullable=False),
    Column("lifetime_seconds", Integer, nullable=False),  # of the grant's access tokens
    now("created_at"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    time("used_at"),  # of a refresh token
    PrimaryKeyConstraint("tenant_id", "token_hash"),
    owner("member_id", "members", ondelete="CASCADE"),
    one_of("kind", ("access", "refresh")),
    Index("ix_access_tokens_token_hash", "token_hash"),
    Index("ix_access_tokens_tenant_id_member_id", "tenant_id", "member_id"),
)

# Programs on a member's phone that show one-time codes (TOTP).
authenticators = Table(
    "authenticators",
    metadata,
    tenant(),
    identity(),
    uuid(),
    Column("member_id", BigInteger, nullable=False),
    maybe("description"),
    Column("secret_sealed", LargeBinary, nullable=False),
    count("last_step"),  # of the last code taken: none works twice
    now("created_at"),
    time("activated_at"),
    *noun(),
    owner("member_id", "members", ondelete="CASCADE"),
    Index("ix_authenticators_tenant_id_member_id", "tenant_id", "member_id"),
)

# For whoever has lost the phone; each works once.
recovery_codes = Table(
    "recovery_codes",
    metadata,
    tenant(),
    Column("member_id", BigInteger, nullable=False),
    Column("code_hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant_id", "member_id", "code_hash"),
    owner("member_id", "members", ondelete="CASCADE"),
)

api_keys = Table(
    "api_keys",
    metadata,
    tenant(),
    identity(),
    uuid(),
    words("name"),
    words("prefix"),
    Column("key_hash", LargeBinary, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    flag("sandbox", default=False),  # mw_test_ keys: every mail goes to the inbox
    words("created_by"),
    now("created_at"),
    time("last_used_at"),
    time("expires_at"),
    time("revoked_at"),
    *noun(),
    Index("ix_api_keys_key_hash", "key_hash"),
)

# Who did what that only some may do: a chain of hashes, appended and never changed. `number` has no
# gaps in a tenant; services/audit.py writes and verifies it.
audit_log = Table(
    "audit_log",
    metadata,
    tenant(),
    Column("number", BigInteger, autoincrement=False, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    words("actor"),
    words("door"),
    words("action"),
    maybe("subject"),
    json("details", default="{}"),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant_id", "number"),
)
for _statement in APPEND_ONLY:
    event.listen(audit_log, "after_create", DDL(_statement))

# Where each tenant's chain ends: taking its last entries away shows, too.
audit_heads = Table(
    "audit_heads",
    metadata,
    tenant(),
    count("entries"),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant_id"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    tenant(),
    words("key"),
    Column("request_hash", LargeBinary, nullable=False),
    Column("response_status", Integer),
    Column("response_body", LargeBinary),
    now("created_at"),
    PrimaryKeyConstraint("tenant_id", "key"),
)
