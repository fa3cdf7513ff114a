"""What a campaign sends: its stored parts put together into one content, for engine and tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.email_address import EmailAddress
from mailwright.domain.sending_domain import domain_of
from mailwright.errors import NotFound, NotReady
from mailwright.mail import headers
from mailwright.mail.message import MailContent
from mailwright.services import campaign_readiness
from mailwright.services.campaign_texts import CampaignText, CampaignTexts, texts_of
from mailwright.services.outgoing import Outgoing, outgoing_of
from mailwright.services.runtime import Runtime
from mailwright.store import campaigns, lists, senders, tenants
from mailwright.store.rows import Row

_STREAM = "campaign"  # third field of Feedback-ID
_FEEDBACK_SENDER_LENGTH = 12


@dataclass(frozen=True, slots=True)
class SendableContent:
    """A content ready to be compiled. `domain`: the sender's, in A-label form, for ids.

    `outgoing`: who signs it, where its links lead and where it returns.

    `variants`: the same in other languages, by version id; empty: `content` is for everybody.
    `project_id`: None: the tenant's default. `sandbox`: every mail goes to the inbox.
    """

    content: MailContent
    variants: Mapping[int, MailContent]
    texts: CampaignTexts
    domain: str
    outgoing: Outgoing
    project_id: int | None
    sandbox: bool

    def in_locale(self, locale: str | None) -> MailContent:
        """What somebody of that locale gets."""
        routing = self.texts.routing
        return self.content if routing is None else self.variants[routing.route(locale).variant_id]


async def load(
    runtime: Runtime,
    connection: AsyncConnection,
    tenant_id: int,
    campaign_id: int,
    *,
    sandbox: bool = False,
) -> SendableContent:
    """The campaign's content as it stands now. `sandbox`: it goes to the inbox, whatever it says.

    Raises NotFound, NotReady CAMPAIGN_NOT_TESTABLE naming what no mail can do without: subject,
    content, sender_identity. Whether it may be sent to its audience is campaign_readiness.
    """
    campaign = await campaigns.get(connection, tenant_id, campaign_id)
    if campaign is None:
        raise NotFound("There is no such campaign.")
    sandbox = sandbox or campaign["sandbox"]
    await _require_testable(runtime, connection, campaign, sandbox=sandbox)
    texts = await texts_of(connection, campaign)
    sender = await senders.by_id(connection, tenant_id, campaign["sender_id"])
    tenant = await tenants.get(connection, tenant_id)
    assert texts is not None
    assert sender is not None
    assert tenant is not None
    domain = domain_of(EmailAddress.parse(sender["email"]).key)
    feedback = (campaign["uuid"].hex, tenant["uuid"].hex, _STREAM)
    envelope = MailContent(
        subject="",
        from_name=campaign["from_name"] or sender["name"],
        from_email=sender["email"],
        text="",
        reply_to=campaign["reply_to"] or sender["reply_to"],
        tracking_opens=campaign["track_opens"],
        tracking_clicks=campaign["track_clicks"],
        tracking_text_clicks=campaign["track_text_clicks"],
        link_parameters=campaign["link_parameters"],
        unsubscribe_footer=campaign["unsubscribe_footer"],
        marketing=True,
        postal_address=tenant["postal_address"],
        list_id=await _list_id(connection, campaign, tenant, domain),
        feedback_id=headers.feedback_id(
            *feedback, runtime.keys.fingerprint[:_FEEDBACK_SENDER_LENGTH]
        ),
        campaign_name=campaign["name"],
    )
    return SendableContent(
        content=_written(envelope, texts.named),
        variants={key: _written(envelope, text) for key, text in texts.variants.items()},
        texts=texts,
        domain=domain,
        outgoing=await outgoing_of(runtime, connection, tenant_id, domain),
        project_id=campaign["project_id"],
        sandbox=sandbox,
    )


def _written(envelope: MailContent, text: CampaignText) -> MailContent:
    """The content of one text under what all of them share."""
    return replace(
        envelope,
        subject=text.subject or "",
        preheader=text.preheader,
        html=text.html,
        text=text.plain_text or "",
        language=text.language,
    )


async def _require_testable(
    runtime: Runtime, connection: AsyncConnection, campaign: Row, *, sandbox: bool
) -> None:
    lack = await campaign_readiness.lack_for_test(runtime, connection, campaign, sandbox=sandbox)
    if lack:
        raise NotReady(
            f"A mail of this campaign still needs: {lack.told}.",
            code="CAMPAIGN_NOT_TESTABLE",
            details=lack.details,
        )


async def _list_id(connection: AsyncConnection, campaign: Row, tenant: Row, domain: str) -> str:
    """Stable per list (OUT-12); who is written to by segment alone is on the tenant's own list."""
    found = tenant
    if campaign["list_id"] is not None:
        found = await lists.by_id(connection, tenant["id"], campaign["list_id"]) or tenant
    return headers.list_id(found["name"], found["uuid"].hex, domain)
