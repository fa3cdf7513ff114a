"""Which locales a campaign's audience reads, and which variant each would get."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.locale_routing import Routing, language_of
from mailwright.services import campaigns
from mailwright.services.caller import Caller
from mailwright.services.campaign_readiness import has_audience
from mailwright.services.runtime import Runtime
from mailwright.services.template_routing import routing_of
from mailwright.store import audiences
from mailwright.store import locale_coverage as store
from mailwright.store.rows import Row


@dataclass(frozen=True, slots=True)
class LocaleCoverage:
    """The people of one locale (null: they have none) who would be mailed now.

    `variant_uuid`, `variant_locale`: what they would get (null: the campaign's own body, or
    nothing). `has_template`: false where that is only the fallback. `skipped`: they would be left
    out, because the campaign requires a variant.
    """

    locale: str | None
    contacts: int
    has_template: bool
    variant_uuid: UUID | None
    variant_locale: str | None
    skipped: bool


async def get_locale_coverage(
    runtime: Runtime, caller: Caller, campaign_uuid: UUID
) -> list[LocaleCoverage]:
    """The locales of a campaign's audience, most people first; nothing while it has none.

    Raises NotFound.
    """
    caller.require("campaigns:read")
    tenant_id = caller.tenant_id
    async with runtime.database.reading() as connection:
        campaign = await campaigns.existing(connection, caller, campaign_uuid)
        if not has_audience(campaign):
            return []
        audience = await audiences.of_campaign(connection, tenant_id, campaign)
        rows = await store.people_by_locale(connection, tenant_id, audience)
        routing, uuids = await _routing(connection, campaign)
    return [_of_locale(row["locale"], row["people"], campaign, routing, uuids) for row in rows]


async def _routing(
    connection: AsyncConnection, campaign: Row
) -> tuple[Routing | None, dict[int, UUID]]:
    found = await routing_of(connection, campaign)
    if found is None:
        return None, {}
    routing, variants = found
    return routing, {variant["id"]: variant["uuid"] for variant in variants}


def _of_locale(
    locale: str | None,
    people: int,
    campaign: Row,
    routing: Routing | None,
    uuids: dict[int, UUID],
) -> LocaleCoverage:
    if routing is None:  # a body of its own is in one language; an unpublished version in none
        spoken = campaign["language"]
        fits = locale is not None and language_of(locale) == language_of(spoken)
        covered = fits and campaign["has_body"] and campaign["template_version_id"] is None
        return LocaleCoverage(locale, people, covered, None, None, skipped=False)
    route = routing.route(locale)
    return LocaleCoverage(
        locale=locale,
        contacts=people,
        has_template=route.is_covered,
        variant_uuid=uuids[route.variant_id],
        variant_locale=route.locale,
        skipped=routing.requires_variant and not route.is_covered,
    )
