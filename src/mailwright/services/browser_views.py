"""A mail as a page: for its recipient, in a browser.

It is shown in a sandbox without scripts; nothing here is tracked, and links lead where they say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.sample_person import sample_person
from mailwright.domain.sending_domain import domain_of
from mailwright.domain.tokens import Tokens, Unsubscribe
from mailwright.mail import html as pages
from mailwright.mail import merge
from mailwright.services import email_previews
from mailwright.services.campaign_texts import CampaignText, texts_of, with_fallbacks
from mailwright.services.outgoing import outgoing_of
from mailwright.services.runtime import Runtime
from mailwright.store import campaigns, recipients, senders, tenants
from mailwright.store import unsubscribes as store
from mailwright.store.rows import Row
from mailwright.store.single_batches import NO_CAMPAIGN

_EMPTY_PAGE = "<!doctype html><html><head></head><body></body></html>"


async def render_view(runtime: Runtime, link: Unsubscribe) -> str | None:
    """The mail of `link` as a page, merged for its contact; None when it is gone, or its campaign.

    For a contact who was deleted since, the fields are empty.
    """
    if link.campaign_id == NO_CAMPAIGN and link.message.message_id != 0:
        return await email_previews.browser_page(runtime, link)
    tenant_id = link.message.tenant_id
    async with runtime.database.reading() as connection:
        campaign = await campaigns.get(connection, tenant_id, link.campaign_id)
        texts = await texts_of(connection, campaign) if campaign else None
        if campaign is None or texts is None:
            return None
        message_id = link.message.message_id
        text = texts.of(await recipients.variant_of(connection, tenant_id, message_id))
        contact = await store.person(connection, tenant_id, link.contact_id)
        values = await _builtins(runtime, connection, link, campaign, text)
        tenant = await tenants.get(connection, tenant_id)
    language = str((contact or {}).get("locale") or text.language)
    is_test = message_id == 0
    reader = contact or (sample_person(language) if is_test else {})
    foot = {
        "language": language,
        "always": bool(campaign["unsubscribe_footer"]),
        "postal_address": tenant["postal_address"] if tenant else None,
    }
    return await asyncio.to_thread(_merged_text, text, reader, values, foot)


def _merged_text(
    text: CampaignText,
    reader: Mapping[str, Any],
    builtins: Mapping[str, str],
    foot: Mapping[str, Any],
) -> str:
    values = with_fallbacks(merge.values_for(reader, builtins), reader, text)
    template = text.html or _EMPTY_PAGE
    complete, _ = pages.ensure_unsubscribe_footer(template, "", **foot)
    return merge.compile_template(complete or template, escape="html").render(values)


async def _builtins(
    runtime: Runtime,
    connection: AsyncConnection,
    link: Unsubscribe,
    campaign: Row,
    text: CampaignText,
) -> dict[str, str]:
    tokens, tenant_id = Tokens(runtime.keys), link.message.tenant_id
    person = {"contact_id": link.contact_id, "campaign_id": link.campaign_id}
    leave = tokens.unsubscribe(tenant_id, link.message.message_id, **person)
    view = tokens.view(tenant_id, link.message.message_id, **person)
    sender = None
    if campaign["sender_id"] is not None:
        sender = await senders.by_id(connection, tenant_id, campaign["sender_id"])
    root = runtime.settings.base_url
    if sender is not None:
        domain = domain_of(sender["email_key"])
        root = (await outgoing_of(runtime, connection, tenant_id, domain)).base_url
    sender = sender or cast("Row", {})
    return {
        "unsubscribeUrl": f"{root}/u/{leave}",
        "viewInBrowserUrl": f"{root}/v/{view}",
        "campaign.name": campaign["name"],
        "campaign.subject": text.subject or "",
        "sender.name": campaign["from_name"] or sender.get("name") or "",
        "sender.email": sender.get("email") or "",
    }
