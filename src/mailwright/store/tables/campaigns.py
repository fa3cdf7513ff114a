"""Campaigns, what they say, and how far their start has got."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    text,
)

from mailwright.domain.campaign_lifecycle import CampaignState
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

campaigns = Table(
    "campaigns",
    metadata,
    tenant(),
    identity(),
    uuid(),
    words("name"),
    words("state", default="draft"),
    maybe("state_reason"),
    flag("archived", default=False),
    maybe("subject"),
    maybe("preheader"),
    maybe("from_name"),
    maybe("reply_to"),
    words("language", default="en"),
    Column("sender_id", BigInteger),
    Column("project_id", BigInteger),
    Column("list_id", BigInteger),
    Column("segment_id", BigInteger),
    json("audience_filter"),
    Column("template_version_id", BigInteger),  # says what is sent, instead of a body of its own
    flag("require_locale_variant", default=False),
    flag("track_opens", default=True),
    flag("track_clicks", default=True),
    flag("track_text_clicks", default=False),  # in the text part, too
    maybe("link_parameters"),  # added to the query of every tracked link: utm_source=…
    flag("unsubscribe_footer", default=False),  # even where the body has a way out of its own
    flag("has_body", default=False),
    flag("editable_via_api", default=True),
    flag("overwrite_required", default=False),
    flag("sandbox", default=False),  # sent with an mw_test_ key: every mail goes to the inbox
    time("scheduled_at"),
    time("schedule_set_at"),  # when somebody scheduled it, or sent it
    maybe("timezone"),
    Column("max_delay_seconds", Integer, nullable=False, server_default=text("3600")),
    now("created_at"),
    now("updated_at"),
    time("last_edited_at"),
    time("queued_at"),
    time("started_at"),
    time("finished_at"),
    *noun(),
    owner("sender_id", "senders"),
    owner("project_id", "projects"),
    owner("list_id", "lists"),
    owner("segment_id", "segments"),
    owner("template_version_id", "template_versions"),
    one_of("state", CampaignState),
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
    tenant(),
    Column("campaign_id", BigInteger, nullable=False),
    words("kind"),  # document or html
    json("document"),
    maybe("markdown"),  # what the API reads back; null: no Markdown form
    words("html"),  # template with merge tags, inlined
    words("plain_text"),  # template with merge tags
    maybe("design_kind"),  # of a page made in somebody else's editor, which keeps its design here
    json("design"),
    now("updated_at"),
    PrimaryKeyConstraint("tenant_id", "campaign_id"),
    owner("campaign_id", "campaigns", ondelete="CASCADE"),
    one_of("kind", ("document", "html")),
)

# What a campaign said each time its words were saved, numbered from 1.
campaign_revisions = Table(
    "campaign_revisions",
    metadata,
    tenant(),
    Column("campaign_id", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    maybe("subject"),
    maybe("preheader"),
    maybe("kind"),  # document or html; null: no body
    json("document"),
    maybe("markdown"),
    maybe("html"),
    maybe("plain_text"),
    maybe("design_kind"),
    json("design"),
    words("digest"),  # of all that it says: saving the same again is no revision
    words("actor"),
    words("door"),
    now("saved_at"),
    PrimaryKeyConstraint("tenant_id", "campaign_id", "number"),
    owner("campaign_id", "campaigns", ondelete="CASCADE"),
)

campaign_transitions = Table(
    "campaign_transitions",
    metadata,
    tenant(),
    identity(),
    Column("campaign_id", BigInteger, nullable=False),
    words("event"),
    words("from_state"),
    words("to_state"),
    maybe("reason"),
    words("actor"),
    words("door"),
    now("at"),
    PrimaryKeyConstraint("tenant_id", "id"),
    owner("campaign_id", "campaigns", ondelete="CASCADE"),
    Index("ix_campaign_transitions_tenant_id_campaign_id", "tenant_id", "campaign_id", "id"),
)

# Where the fan-out of a campaign has got to; a restart goes on from here.
fan_outs = Table(
    "fan_outs",
    metadata,
    tenant(),
    Column("campaign_id", BigInteger, nullable=False),
    Column("last_contact_id", BigInteger, nullable=False, server_default=text("0")),
    Column("next_batch_number", Integer, nullable=False, server_default=text("1")),
    count("audience_count"),
    count("queued_count"),
    count("skipped_count"),
    json("audience"),  # whom it writes down; another audience starts over
    json("routing"),  # who gets which variant of the template; so does another routing
    Column("quota_month", Date),  # the month its rows count in
    count("quota_released"),  # how many of them count no longer: they were never sent
    time("finished_at"),
    PrimaryKeyConstraint("tenant_id", "campaign_id"),
    owner("campaign_id", "campaigns", ondelete="CASCADE"),
)

# What of a month's quota is taken. The month is its first day, in UTC.
quota_months = Table(
    "quota_months",
    metadata,
    tenant(),
    Column("month", Date, nullable=False),
    count("reserved"),
    PrimaryKeyConstraint("tenant_id", "month"),
)
