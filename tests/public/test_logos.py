"""A tenant's logo on the pages that its recipients see."""

from __future__ import annotations

import pytest

from mailwright.domain.tokens import Confirmation, Tokens
from mailwright.services import logos
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from tests.builders import (
    MadeTenant,
    make_campaign,
    make_contact,
    make_list,
    make_message,
    make_sender,
    make_tenant,
)
from tests.pictures import png
from tests.public.asgi import visitor


async def _pages(runtime: Runtime, database: Database, tenant: MadeTenant) -> list[str]:
    """The paths of its pages: to leave, to confirm a list, to confirm a sender."""
    a_list = await make_list(database, tenant.id)
    contact = await make_contact(database, tenant.id, list_id=a_list.id)
    campaign = await make_campaign(database, tenant.id, list_id=a_list.id)
    message = await make_message(
        database, tenant.id, campaign_id=campaign.id, contact_id=contact.id, state="sent"
    )
    sender = await make_sender(database, tenant.id, confirmed_at=None)
    tokens, later = Tokens(runtime.keys), runtime.now().replace(year=2099)
    until = int(later.timestamp())
    leave = tokens.unsubscribe(tenant.id, message, contact_id=contact.id, campaign_id=campaign.id)
    return [
        f"/u/{leave}",
        f"/j/{tokens.confirm(Confirmation(tenant.id, contact.id, a_list.id, until))}",
        f"/s/{tokens.confirm_sender(tenant.id, sender.id, until=later)}",
    ]


@pytest.mark.checklist("SEC-23")
async def test_every_page_shows_whose_it_is_and_no_other_tenants(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    other = await make_tenant(database, "globex", name="Globex")
    await logos.put_logo(runtime, Caller(other.id, "cli", caller.door, caller.granted), png(9, 9))
    paths = await _pages(runtime, database, tenant)
    async with visitor(runtime) as stranger:
        for path in paths:
            assert "<img" not in (await stranger.get(path)).text, path
        made = await logos.put_logo(runtime, caller, png())
        where = made.url.removeprefix(runtime.settings.base_url)
        for path in paths:
            page = await stranger.get(path)
            assert f'<img class="logo" src="{where}" alt="Acme">' in page.text, path
            assert "img-src 'self'" in page.headers["content-security-policy"]
        assert "<img" not in (await stranger.get("/u/none")).text
