"""Single mails: what each says, beside its row of the ledger, and their log."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from mailwright.domain.email_stream import Stream
from mailwright.store.tables.columns import (
    flag,
    identity,
    json,
    maybe,
    metadata,
    now,
    one_of,
    tenant,
    time,
    uuid,
    words,
)

# Beside a row of `messages` without a campaign, which says where the mail stands.
emails = Table(
    "emails",
    metadata,
    tenant(),
    Column("message_id", BigInteger, nullable=False),
    uuid(),  # version 4: handed to strangers, so it tells nothing
    words("stream"),
    words("email_key"),  # of the recipient, as suppressions know it
    maybe("to_name"),
    Column("content_id", BigInteger, nullable=False),
    Column("template_version_id", BigInteger),  # where the content came from
    Column("project_id", BigInteger, nullable=False),
    Column("sender_id", BigInteger),
    maybe("from_name"),
    words("from_email"),
    maybe("reply_to"),
    Column("list_id", BigInteger),
    json("data", default="{}"),  # for the merge tags
    json("headers", default="[]"),  # pairs, in their order
    Column("tags", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    json("metadata", default="{}"),
    Column("attachment_count", SmallInteger, nullable=False, server_default=text("0")),
    flag("track_opens", default=False),
    flag("track_clicks", default=False),
    flag("track_text_clicks", default=False),  # in the text part, too
    flag("at_most_once", default=False),  # rather lost than twice: codes, one-time links
    time("scheduled_at"),
    time("expires_at"),  # never sent later than this
    words("door"),
    PrimaryKeyConstraint("tenant_id", "message_id"),
    UniqueConstraint("tenant_id", "uuid"),
    one_of("stream", Stream),
    Index("ix_emails_tenant_id_email_key", "tenant_id", "email_key", "message_id"),
)

# What a sender calls the mails with the tag `group-7`; a group without a row has no words yet.
email_groups = Table(
    "email_groups",
    metadata,
    tenant(),
    Column("number", BigInteger, nullable=False),
    words("description"),
    PrimaryKeyConstraint("tenant_id", "number"),
)

# What mails say, in templates; mails that say the same share a row, and workers compile it once.
email_contents = Table(
    "email_contents",
    metadata,
    tenant(),
    identity(),
    Column("digest", LargeBinary, nullable=False),  # SHA-256 of all of it
    words("subject"),
    maybe("preheader"),
    maybe("html"),
    words("plain_text", default=""),  # empty: made from the HTML
    words("language", default="en"),
    words("charset", default="utf-8"),
    json("fallbacks", default="{}"),  # for merge tags without data
    now("created_at"),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "digest"),
)

email_attachments = Table(
    "email_attachments",
    metadata,
    tenant(),
    Column("message_id", BigInteger, nullable=False),
    Column("number", SmallInteger, nullable=False),
    words("name"),
    words("content_type"),
    maybe("content_id"),  # of a picture in the HTML; null: a file beside it
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant_id", "message_id", "number"),
)

# The log of single mails by tag, each event once for every tag of its mail and once for the tag ''.
# Partitioned like `events`. A log is read from this index alone, newest first, however long it is.
event_tags = Table(
    "event_tags",
    metadata,
    tenant(),
    words("tag"),
    words("kind"),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("id", BigInteger, nullable=False),  # of the event
    Column("message_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "tag", "kind", "at", "id"),
    postgresql_partition_by="RANGE (at)",
)
