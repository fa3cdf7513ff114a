"""A last look at a campaign before it is sent: what is missing, and what one might regret.

Only what is missing (domain/readiness.py) stops a send; findings are said and passed over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.mail.merge_names import resolved
from mailwright.mail.merge_variables import variables_in
from mailwright.mail.preflight import Draft, Finding, findings
from mailwright.services import campaigns, quota
from mailwright.services.caller import Caller
from mailwright.services.campaign_texts import CampaignText, texts_of
from mailwright.services.campaign_views import Readiness
from mailwright.services.locale_coverage import LocaleCoverage, get_locale_coverage
from mailwright.services.runtime import Runtime
from mailwright.store import campaigns as store
from mailwright.store import contacts, tenants


@dataclass(frozen=True, slots=True)
class Preflight:
    """`recipients`: who would be mailed now; `readiness`: what stops it; `findings`: the rest."""

    recipients: int
    readiness: Readiness
    findings: Sequence[Finding]


async def get_preflight(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> Preflight:
    """What there is to say before sending, as of now. Raises NotFound."""
    caller.require("campaigns:read")
    view = await campaigns.get_campaign(runtime, caller, campaign_uuid)
    coverage = await get_locale_coverage(runtime, caller, campaign_uuid)
    people = sum(each.contacts for each in coverage if not each.skipped)
    async with runtime.database.reading() as connection:
        campaign_id = await campaigns.id_of(connection, caller, campaign_uuid)
        campaign = await store.seen(connection, caller.tenant_id, campaign_id)
        texts = await texts_of(connection, campaign)
        text = texts.named if texts is not None and texts.named.html is not None else None
        unknown = await _unknown(connection, caller, text) if text else []
        tenant = await tenants.get(connection, caller.tenant_id)
        month = await quota.of_tenant(connection, caller.tenant_id, runtime.now())
    found: list[Finding] = []
    if text is not None:
        draft = Draft(text.subject or "", text.preheader or "", text.html or "")
        found = await asyncio.to_thread(findings, draft)
    found += unknown
    if tenant is not None and not tenant["postal_address"]:
        told = "The account has no postal address; many countries ask for one in such mail."
        found.append(Finding("POSTAL_ADDRESS_MISSING", told))
    if month.limit is not None and month.used + people > month.limit:
        left = max(0, month.limit - month.used)
        told = f"The month's quota has {left:,} mails left; whoever is beyond it is left out."
        found.append(Finding("QUOTA_SHORT", told))
    return Preflight(people, view.readiness, [*found, *_of_audience(coverage, people)])


async def _unknown(
    connection: AsyncConnection, caller: Caller, text: CampaignText
) -> list[Finding]:
    """Attributes that the text asks for and nobody has, but for those with a fallback."""
    names = variables_in(text.subject, text.preheader, text.html)
    paths = [resolved(tuple(name.split("."))) for name in names]
    keys = [path[-1] for path in paths if len(path) > 1 and path[-2] == "attributes"]
    wanted = [key for key in dict.fromkeys(keys) if key not in text.fallbacks]
    lacking = await contacts.keys_of_nobody(connection, caller.tenant_id, wanted)
    return [
        Finding("ATTRIBUTE_UNKNOWN", f"No contact has the attribute “{key}” that the text names.")
        for key in lacking
    ]


def _of_audience(coverage: Sequence[LocaleCoverage], people: int) -> list[Finding]:
    found: list[Finding] = []
    if coverage and not people:
        found.append(Finding("AUDIENCE_EMPTY", "Nobody in the audience can be mailed now."))
    left_out = sum(each.contacts for each in coverage if each.skipped)
    if left_out:
        told = f"{left_out:,} people read a language the template does not have, and are left out."
        found.append(Finding("LOCALE_LEFT_OUT", told))
    return found
