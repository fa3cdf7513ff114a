"""A mail that had been accepted, for tests of what comes back of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from mailwright.domain.tokens import Tokens
from mailwright.services.caller import Caller
from mailwright.services.inbound import take_inbound
from mailwright.services.inbound_views import InboundView
from mailwright.services.runtime import Runtime
from mailwright.store import tables
from mailwright.store.rows import Row, every
from tests.builders import (
    Made,
    MadeTenant,
    make_campaign,
    make_contact,
    make_list,
    make_message,
)

ADA = "Ada@example.org"


@dataclass(frozen=True)
class Sent:
    """A mail to Ada that had been accepted."""

    runtime: Runtime
    caller: Caller
    campaign: Made
    contact: Made
    message_id: int

    @property
    def tokens(self) -> Tokens:
        return Tokens(self.runtime.keys)

    @property
    def return_path(self) -> str:
        """Its envelope sender."""
        return f"{self.tokens.return_path(self.caller.tenant_id, self.message_id)}@acme.test"

    @property
    def headers(self) -> str:
        """Those of its headers that matter when it comes back, with the address blacked out."""
        key = self.caller.tenant_id, self.message_id
        leave = self.tokens.unsubscribe(
            *key, contact_id=self.contact.id, campaign_id=self.campaign.id
        )
        message_id = self.tokens.message_id(*key, "acme.test")
        return (
            f"Message-ID: {message_id}\r\n"
            f"List-Unsubscribe: <https://acme.test/u/{leave}>\r\nTo: redacted"
        )

    async def take(self, raw: bytes, recipient: str | None = None) -> InboundView:
        return await take_inbound(self.runtime, self.caller, raw, recipient=recipient)

    async def rows(self, table: Any) -> list[Row]:
        async with self.runtime.database.reading() as connection:
            return list(await every(connection, select(table)))

    async def row(self) -> Row:
        return (await self.rows(tables.messages))[0]

    async def set(self, **values: Any) -> None:
        async with self.runtime.database.transaction() as connection:
            await connection.execute(update(tables.messages).values(**values))


async def make_sent(runtime: Runtime, tenant: MadeTenant, caller: Caller) -> Sent:
    """Ada's mail, of a campaign that is sent, counted in its batch."""
    database = runtime.database
    a_list = await make_list(database, tenant.id)
    contact = await make_contact(database, tenant.id, ADA, list_id=a_list.id)
    campaign = await make_campaign(database, tenant.id, list_id=a_list.id, state="sent")
    message_id = await make_message(
        database,
        tenant.id,
        email=ADA,
        campaign_id=campaign.id,
        contact_id=contact.id,
        state="sent",
        reply="250 2.0.0 Ok",
        sent_at=runtime.now(),
    )
    async with database.transaction() as connection:
        await connection.execute(
            tables.batches.insert().values(
                tenant_id=tenant.id,
                campaign_id=campaign.id,
                number=1,
                first_message_id=message_id,
                last_message_id=message_id,
                state="done",
                message_count=1,
                sent=1,
            )
        )
    return Sent(runtime, caller, campaign, contact, message_id)
