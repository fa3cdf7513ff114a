"""Every table, typed, in the order things come to life.

Rules of the house (design section 5): `tenant_id` leads every key, so that the data can be
distributed by tenant; every noun has a `uuid` for the world (version 7, made in Python) and an `id`
for joins, which is also the integer that Cakemail's clients see; rows of the ledger have only the
`id`. States are text under a CHECK that a test compares with the enum. Times are timestamptz.
"""

from mailwright.store.tables.campaigns import (
    campaign_bodies,
    campaign_revisions,
    campaign_transitions,
    campaigns,
    fan_outs,
    quota_months,
)
from mailwright.store.tables.columns import metadata
from mailwright.store.tables.confirmations import confirmation_mails, confirmations
from mailwright.store.tables.contacts import (
    consents,
    contacts,
    custom_fields,
    list_members,
    lists,
    segments,
    suppressions,
)
from mailwright.store.tables.domains import domain_keys, domains
from mailwright.store.tables.emails import (
    email_attachments,
    email_contents,
    email_groups,
    emails,
    event_tags,
)
from mailwright.store.tables.events import campaign_counters, campaign_links, events, message_clicks
from mailwright.store.tables.exports import export_pieces, exports
from mailwright.store.tables.imports import import_addresses, imports
from mailwright.store.tables.inbox import captured_mails
from mailwright.store.tables.messages import batches, messages
from mailwright.store.tables.senders import projects, senders
from mailwright.store.tables.tags import contact_interests, contact_tags, interests, tags
from mailwright.store.tables.templates import mail_templates, template_versions, templates
from mailwright.store.tables.tenants import (
    access_tokens,
    api_keys,
    audit_heads,
    audit_log,
    authenticators,
    idempotency_keys,
    installation,
    logos,
    members,
    password_links,
    recovery_codes,
    sessions,
    tenants,
)
from mailwright.store.tables.webhooks import webhook_deliveries, webhook_endpoints

__all__ = [
    "access_tokens",
    "api_keys",
    "audit_heads",
    "audit_log",
    "authenticators",
    "batches",
    "campaign_bodies",
    "campaign_counters",
    "campaign_links",
    "campaign_revisions",
    "campaign_transitions",
    "campaigns",
    "captured_mails",
    "confirmation_mails",
    "confirmations",
    "consents",
    "contact_interests",
    "contact_tags",
    "contacts",
    "custom_fields",
    "domain_keys",
    "domains",
    "email_attachments",
    "email_contents",
    "email_groups",
    "emails",
    "event_tags",
    "events",
    "export_pieces",
    "exports",
    "fan_outs",
    "idempotency_keys",
    "import_addresses",
    "imports",
    "installation",
    "interests",
    "list_members",
    "lists",
    "logos",
    "mail_templates",
    "members",
    "message_clicks",
    "messages",
    "metadata",
    "password_links",
    "projects",
    "quota_months",
    "recovery_codes",
    "segments",
    "senders",
    "sessions",
    "suppressions",
    "tags",
    "template_versions",
    "templates",
    "tenants",
    "webhook_deliveries",
    "webhook_endpoints",
]
