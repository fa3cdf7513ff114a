"""Test mails: one mail to one address, whatever the campaign's state, and nothing changes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from mailwright.domain.email_address import EmailAddress
from mailwright.domain.locales import parse_locale
from mailwright.domain.sample_person import sample_person
from mailwright.domain.tokens import Tokens
from mailwright.errors import Conflict, TransportRefused
from mailwright.mail import merge
from mailwright.mail.message import MailContent, Recipient, compile_mail
from mailwright.services import campaign_content, campaigns, transports
from mailwright.services.caller import Caller
from mailwright.services.campaign_content import SendableContent
from mailwright.services.campaign_texts import with_fallbacks
from mailwright.services.outgoing import Outgoing
from mailwright.services.runtime import Runtime

#: Stands in tokens for "no row of the ledger": such links work and change nothing.
NO_MESSAGE = 0


@dataclass(frozen=True, slots=True)
class TestSent:
    """Where the test went, and what the mail server answered."""

    __test__ = False  # pytest: not a test case

    email: str
    reply: str


async def send_test(
    runtime: Runtime,
    caller: Caller,
    campaign_uuid: UUID,
    email: str,
    *,
    language: str | None = None,
    text_only: bool = False,
) -> TestSent:
    """The mail as a sample person of `language` (None: the campaign's) would get it, sent.

    `text_only`: without its page, as a plain mail program shows it. Raises NotFound, InvalidInput,
    NotReady CAMPAIGN_NOT_TESTABLE, Conflict TEST_SEND_FAILED with the mail server's words.
    """
    caller.require("campaigns:write")
    address = EmailAddress.parse(email)
    spoken = parse_locale(language) if language else None
    tenant_id = caller.tenant_id
    async with runtime.database.reading() as connection:
        campaign_id = await campaigns.id_of(connection, caller, campaign_uuid)
        sendable = await campaign_content.load(
            runtime, connection, tenant_id, campaign_id, sandbox=caller.sandbox
        )
        routed = await transports.resolve(
            runtime,
            connection,
            tenant_id,
            sendable.project_id,
            sandbox=sendable.sandbox,
        )
    tokens = Tokens(runtime.keys)
    content = sendable.in_locale(spoken) if spoken else sendable.content
    if text_only:
        content = replace(content, html=None)
    person = sample_person(spoken or content.language, email=address.text)
    text = sendable.texts.in_locale(spoken) if spoken else sendable.texts.named
    values = with_fallbacks(merge.values_for(person, {}), person, text)
    recipient = _recipient(runtime, tokens, sendable, values, tenant_id, campaign_id)
    raw = await asyncio.to_thread(_written, sendable.outgoing, content, recipient)
    return_path = tokens.return_path(tenant_id, NO_MESSAGE)
    try:
        reply = await transports.send_one(
            runtime,
            routed.transport,
            envelope_sender=f"{return_path}@{sendable.outgoing.envelope_domain}",
            recipient=f"{address.text.rpartition('@')[0]}@{address.key.rpartition('@')[2]}",
            raw=raw,
        )
    except TransportRefused as error:
        raise Conflict(error.message, code="TEST_SEND_FAILED") from error
    return TestSent(address.text, f"{reply.code} {reply.text}")


def _written(outgoing: Outgoing, content: MailContent, recipient: Recipient) -> bytes:
    return outgoing.signed(compile_mail(content).render(recipient), recipient.date)


def _recipient(
    runtime: Runtime,
    tokens: Tokens,
    sendable: SendableContent,
    values: Mapping[str, Any],
    tenant_id: int,
    campaign_id: int,
) -> Recipient:
    """A sample reader; links lead where they say, and nothing is tracked."""
    nobody = {"contact_id": 0, "campaign_id": campaign_id}
    root = sendable.outgoing.base_url
    return Recipient(
        email=str(values["contact"]["email"]),
        values=values,
        message_id=f"{secrets.token_hex(16)}@{sendable.domain}",
        date=runtime.now(),
        unsubscribe_url=f"{root}/u/{tokens.unsubscribe(tenant_id, NO_MESSAGE, **nobody)}",
        view_url=f"{root}/v/{tokens.view(tenant_id, NO_MESSAGE, **nobody)}",
        boundary=f"=_{secrets.token_hex(12)}",
    )
