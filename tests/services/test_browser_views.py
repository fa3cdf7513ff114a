"""The mail in a browser."""

from __future__ import annotations

import httpx2
import pytest
from sqlalchemy import update

from mailwright.domain.tokens import MessageRef, Tokens, Unsubscribe
from mailwright.services.browser_views import render_view
from mailwright.services.runtime import Runtime
from mailwright.store import tables
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_campaign, make_contact, make_message
from tests.public.asgi import visitor

BODY = (
    '<html><body><p>Dear {{ contact.first_name | default: "friend" }}</p>'
    '<a href="{{ unsubscribeUrl }}">out</a></body></html>'
)


@pytest.fixture
async def link(database: Database, tenant: MadeTenant) -> Unsubscribe:
    """Somebody's mail."""
    contact = await make_contact(database, tenant.id, first_name="Zoë <3")
    campaign = await make_campaign(database, tenant.id)
    message = await make_message(
        database, tenant.id, campaign_id=campaign.id, contact_id=contact.id, state="sent"
    )
    async with database.transaction() as connection:
        await connection.execute(update(tables.campaign_bodies).values(html=BODY))
    return Unsubscribe(MessageRef(tenant.id, message), contact.id, campaign.id)


async def view(runtime: Runtime, link: Unsubscribe) -> httpx2.Response:
    """What their browser gets."""
    token = Tokens(runtime.keys).view(
        link.message.tenant_id,
        link.message.message_id,
        campaign_id=link.campaign_id,
        contact_id=link.contact_id,
    )
    async with visitor(runtime) as client:
        return await client.get(f"/v/{token}")


async def test_it_is_their_own_mail_with_a_working_way_out(
    runtime: Runtime, link: Unsubscribe
) -> None:
    page = (await view(runtime, link)).text
    assert "Dear Zoë &lt;3" in page
    out = page.split('<a href="')[1].split('"')[0]
    async with visitor(runtime) as client:
        assert (await client.get(out.partition("8025")[2])).status_code == 200


@pytest.mark.checklist("SEC-02")
async def test_it_is_shown_in_a_sandbox(runtime: Runtime, link: Unsubscribe) -> None:
    policy = (await view(runtime, link)).headers["content-security-policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy


async def test_a_deleted_contact_reads_it_without_a_name(
    runtime: Runtime, link: Unsubscribe
) -> None:
    gone = Unsubscribe(link.message, 10**9, link.campaign_id)
    assert "Dear friend" in (await render_view(runtime, gone) or "")


async def test_a_deleted_campaign_is_not_found(runtime: Runtime, link: Unsubscribe) -> None:
    gone = Unsubscribe(link.message, link.contact_id, 10**9)
    assert (await view(runtime, gone)).status_code == 404
