"""A campaign's mail as somebody would get it, to look at. Nothing is sent, nothing is tracked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.locales import parse_locale
from mailwright.domain.sample_person import sample_person
from mailwright.errors import NotFound
from mailwright.mail import html as pages
from mailwright.mail import merge
from mailwright.services import campaigns
from mailwright.services.caller import Caller
from mailwright.services.campaign_texts import (
    CampaignText,
    CampaignTexts,
    texts_of,
    with_fallbacks,
)
from mailwright.services.runtime import Runtime
from mailwright.store import campaigns as campaign_store
from mailwright.store import contacts, tenants
from mailwright.store.rows import Row

#: Links of a preview lead nowhere: it is nobody's mail.
_NOWHERE = "#"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail with its merge tags filled in; null while there is no subject or body."""

    subject: str | None
    preheader: str | None
    html: str | None
    text: str | None


async def render_campaign(
    runtime: Runtime,
    caller: Caller,
    campaign_uuid: UUID,
    *,
    contact_uuid: UUID | None = None,
    language: str | None = None,
    sanitize: bool = True,
) -> Rendered:
    """The mail for one of the tenant's contacts, or for a sample person of `language`.

    `sanitize`: the HTML is safe to show inside another page. Raises NotFound, InvalidInput.
    """
    caller.require("campaigns:read")
    wanted = parse_locale(language) if language else None
    async with runtime.database.reading() as connection:
        campaign_id = await campaigns.id_of(connection, caller, campaign_uuid)
        campaign = await campaign_store.seen(connection, caller.tenant_id, campaign_id)
        reader = await _reader(connection, caller, contact_uuid)
        texts = await texts_of(connection, campaign)
        tenant = await tenants.get(connection, caller.tenant_id)
    text = _chosen(campaign, texts, wanted, reader)
    values = merge.values_for(
        reader or sample_person(wanted or text.language), _builtins(campaign, text)
    )
    values = with_fallbacks(values, reader or {}, text)
    foot = {
        "always": bool(campaign["unsubscribe_footer"]),
        "postal_address": tenant["postal_address"] if tenant else None,
    }
    return await asyncio.to_thread(_rendered, text, values, foot, sanitize=sanitize)


def _chosen(
    campaign: Row, texts: CampaignTexts | None, wanted: str | None, reader: Row | None
) -> CampaignText:
    """The text in the language asked for, else in the reader's; empty while there is none."""
    if texts is None:
        spoken = wanted or campaign["language"]
        return CampaignText(campaign["subject"], campaign["preheader"], None, None, spoken, {})
    if texts.routing is None:
        return replace(texts.named, language=wanted or texts.named.language)
    if wanted is None and reader is None:
        return texts.named
    return texts.in_locale(wanted or (reader or {}).get("locale"))


async def _reader(
    connection: AsyncConnection, caller: Caller, contact_uuid: UUID | None
) -> Row | None:
    if contact_uuid is None:
        return None
    caller.require("contacts:read")
    contact = await contacts.get(connection, caller.tenant_id, contact_uuid)
    if contact is None:
        raise NotFound("There is no such contact.")
    return contact


def _builtins(campaign: Row, text: CampaignText) -> dict[str, str]:
    return {
        "unsubscribeUrl": _NOWHERE,
        "viewInBrowserUrl": _NOWHERE,
        "campaign.name": campaign["name"],
        "campaign.subject": text.subject or "",
        "sender.name": campaign["from_name"] or "",
        "sender.email": campaign["sender_email"] or "",
    }


def _rendered(
    said: CampaignText, values: Mapping[str, Any], foot: Mapping[str, Any], *, sanitize: bool
) -> Rendered:
    """`foot`: what `ensure_unsubscribe_footer` is told of campaign and tenant."""
    html, text = said.html, said.plain_text
    if html is not None and text is not None:
        html, text = pages.ensure_unsubscribe_footer(html, text, language=said.language, **foot)
    if html is not None:
        html = _filled(pages.with_preheader(html, said.preheader), "html", values)
    return Rendered(
        subject=_filled(said.subject, "header", values),
        preheader=_filled(said.preheader, "text", values),
        html=pages.sanitize_preview(html) if html is not None and sanitize else html,
        text=_filled(text, "text", values),
    )


def _filled(source: str | None, escape: merge.Escape, values: Mapping[str, Any]) -> str | None:
    if source is None:
        return None
    return merge.compile_template(source, escape=escape).render(values)
