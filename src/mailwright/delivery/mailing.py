"""A campaign ready to be written to people: content compiled once, addresses and ids filled in."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.delivery.load import Due, Letter
from mailwright.domain.sending_domain import domain_of
from mailwright.domain.tokens import Tokens
from mailwright.errors import InvalidInput, NotReady
from mailwright.mail.link_numbers import numbered
from mailwright.mail.merge import values_for
from mailwright.mail.message import CompiledMail, Recipient, compile_mail
from mailwright.services import campaign_content
from mailwright.services.campaign_content import SendableContent
from mailwright.services.campaign_texts import with_fallbacks
from mailwright.services.outgoing import Outgoing, outgoing_of
from mailwright.services.runtime import Runtime
from mailwright.store import audiences, campaigns, senders
from mailwright.store.audiences import Audience
from mailwright.store.batches import Lease
from mailwright.store.rows import Row

KEPT = 32  # compiled campaigns; the least recently used goes


class Mailing:
    """What a campaign says, to whom it may be said, and in whose name."""

    def __init__(
        self,
        campaign: Row,
        sendable: SendableContent,
        audience: Audience,
        tokens: Tokens,
        *,
        now: Callable[[], datetime],
    ) -> None:
        """Raises InvalidInput where the content does not compile."""
        self.audience = audience
        self._tenant_id: int = campaign["tenant_id"]
        self._campaign_id: int = campaign["id"]
        self._content = sendable.content
        self._counts_clicks = self._content.tracking_clicks or self._content.tracking_text_clicks
        self._texts = sendable.texts
        self._variants = {key: compile_mail(each) for key, each in sendable.variants.items()}
        self._named = self._first(sendable)
        compiled = list(dict.fromkeys([self._named, *self._variants.values()]))
        self._links, numbers = numbered(each.links for each in compiled)
        self._numbers = dict(zip(map(id, compiled), numbers, strict=True))
        self._domain = sendable.domain
        self._tokens = tokens
        self._outgoing = sendable.outgoing
        self._base_url = sendable.outgoing.base_url
        self._now = now

    @property
    def links(self) -> tuple[str, ...]:
        """The trackable addresses of all variants; a link's number is its place."""
        return self._links

    def letter(self, due: Due) -> Letter:
        """The mail for one contact. Raises InvalidInput where their data cannot stand in a mail.

        Envelope sender and Message-ID come from the ledger row: a mail sent again has the same.
        """
        tokens, tenant_id, message_id = self._tokens, self._tenant_id, due.message_id
        contact: Row = due.row
        person = {"contact_id": contact["id"], "campaign_id": self._campaign_id}
        header_id = tokens.message_id(tenant_id, message_id, self._domain)
        now = self._now()

        variant_id: int | None = contact["variant_id"]  # None: the campaign's own body
        compiled = self._variants.get(variant_id or 0, self._named)
        numbers = self._numbers[id(compiled)]
        text = self._texts.of(variant_id)

        def link_url(number: int, address: str) -> str:
            token = tokens.click(tenant_id, message_id, numbers[number], address)
            return f"{self._base_url}/c/{token}"

        raw = compiled.render(
            Recipient(
                email=contact["email"],
                values=with_fallbacks(values_for(contact, {}), contact, text),
                message_id=header_id,
                date=now,
                unsubscribe_url=self._url("u", tokens.unsubscribe(tenant_id, message_id, **person)),
                view_url=self._url("v", tokens.view(tenant_id, message_id, **person)),
                boundary=f"=_{header_id[1:33]}",
                open_url=self._url("o", tokens.open(tenant_id, message_id))
                if self._content.tracking_opens
                else None,
                link_url=link_url if self._counts_clicks else None,
            )
        )
        return_path = tokens.return_path(tenant_id, message_id)
        envelope_sender = f"{return_path}@{self._outgoing.envelope_domain}"
        return Letter(envelope_sender, due.recipient, self._outgoing.signed(raw, now))

    def _first(self, sendable: SendableContent) -> CompiledMail:
        """The text for whoever has no variant of their own in the ledger."""
        routing = sendable.texts.routing
        return compile_mail(sendable.content) if routing is None else self._variants[routing.named]

    def _url(self, kind: str, token: str) -> str:
        return f"{self._base_url}/{kind}/{token}"


class Mailings:
    """The mailings a worker has compiled, by campaign, until the campaign changes."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._tokens = Tokens(runtime.keys)
        self._kept: OrderedDict[tuple[int, int, datetime, Outgoing | None], Mailing] = OrderedDict()

    async def of(self, lease: Lease) -> Mailing | None:
        """The mailing of a lease, or None when its campaign is not to be sent now.

        Raises NotReady when its content is gone or does not compile.
        """
        async with self._runtime.database.reading() as connection:
            campaign = await campaigns.get(connection, lease.tenant_id, lease.campaign_id)
            if campaign is None or campaign["state"] not in lease.sendable_states:
                return None
            outgoing = await self._outgoing(connection, campaign)
            key = lease.tenant_id, lease.campaign_id, campaign["updated_at"], outgoing
            if key not in self._kept:
                self._kept[key] = await self.compiled(connection, campaign)
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return self._kept[key]

    async def _outgoing(self, connection: AsyncConnection, campaign: Row) -> Outgoing | None:
        """Part of the key: a new DKIM key or tracking host holds from the next batch on."""
        sender_id = campaign["sender_id"]
        if sender_id is None:
            return None
        sender = await senders.by_id(connection, campaign["tenant_id"], sender_id)
        if sender is None:
            return None
        domain = domain_of(sender["email_key"])
        return await outgoing_of(self._runtime, connection, campaign["tenant_id"], domain)

    async def compiled(self, connection: AsyncConnection, campaign: Row) -> Mailing:
        """A campaign's mailing, whatever its state. Raises NotReady, as `of` does.

        Made in a thread: a long newsletter would hold the other lanes up.
        """
        key = campaign["tenant_id"], campaign["id"]
        audience = await audiences.of_campaign(connection, key[0], campaign)
        sendable = await campaign_content.load(self._runtime, connection, *key)
        try:
            return await asyncio.to_thread(
                Mailing,
                campaign,
                sendable,
                audience,
                self._tokens,
                now=self._runtime.now,
            )
        except InvalidInput as error:
            raise NotReady(f"The content does not compile: {error.message}") from error
