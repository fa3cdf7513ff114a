"""What a campaign says: its own body, or the variants of the template version it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.locale_routing import Routing
from mailwright.mail.merge_names import ROOTS
from mailwright.services.template_routing import routing_of
from mailwright.store import campaign_bodies, template_versions
from mailwright.store.rows import Row


@dataclass(frozen=True, slots=True)
class CampaignText:
    """One text. `fallbacks`: what stands where a variable of the template is empty."""

    subject: str | None
    preheader: str | None
    html: str | None
    plain_text: str | None
    language: str
    fallbacks: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CampaignTexts:
    """All texts of a campaign. `variants`: by version id; empty: it has a body of its own."""

    named: CampaignText
    variants: Mapping[int, CampaignText]
    routing: Routing | None

    def of(self, variant_id: int | None) -> CampaignText:
        """What somebody with that variant in their ledger row reads."""
        return self.named if variant_id is None else self.variants.get(variant_id, self.named)

    def in_locale(self, locale: str | None) -> CampaignText:
        """What somebody of that locale would read."""
        if self.routing is None:
            return self.named
        return self.variants[self.routing.route(locale).variant_id]


async def texts_of(connection: AsyncConnection, campaign: Row) -> CampaignTexts | None:
    """The texts of a campaign's row, or None while it has none.

    A version that is not published is shown as it is, alone; whether it may be sent is readiness.
    """
    if campaign["template_version_id"] is None:
        body = await campaign_bodies.get(connection, campaign["tenant_id"], campaign["id"])
        if body is None:
            return None
        own = CampaignText(
            campaign["subject"],
            campaign["preheader"],
            body["html"],
            body["plain_text"],
            campaign["language"],
            {},
        )
        return CampaignTexts(own, {}, None)
    found = await routing_of(connection, campaign)
    if found is None:
        version = await template_versions.by_id(
            connection, campaign["tenant_id"], campaign["template_version_id"]
        )
        assert version is not None
        return CampaignTexts(_text(campaign, version, version, None), {}, None)
    routing, versions = found
    named = versions[0]
    variants = {each["id"]: _text(campaign, each, named, routing) for each in versions}
    return CampaignTexts(variants[routing.named], variants, routing)


def _text(campaign: Row, version: Row, named: Row, routing: Routing | None) -> CampaignText:
    """A version's text under the campaign's own subject and preheader, where it has them."""
    spoken = version["locale"] or version["default_locale"] or campaign["language"]
    return CampaignText(
        subject=campaign["subject"] or version["subject"] or named["subject"],
        preheader=campaign["preheader"] or version["preheader"],
        html=version["html"],
        plain_text=version["plain_text"],
        language=routing.locales[version["id"]] if routing else spoken,
        fallbacks={
            variable["name"]: variable["fallback"]
            for variable in version["variables"]
            if variable["fallback"] is not None and variable["name"] not in ROOTS
        },
    )


def with_fallbacks(
    values: Mapping[str, Any], contact: Mapping[str, Any], text: CampaignText
) -> Mapping[str, Any]:
    """The namespace with the text's fallbacks where the contact has no attribute of that name."""
    if not text.fallbacks:
        return values
    known: Mapping[str, Any] = contact.get("attributes") or {}
    empty = {name: words for name, words in text.fallbacks.items() if not known.get(name)}
    return {**values, **empty}
