"""A single mail as its recipient reads it: for its sender to look at, and for a browser.

It is written as the engine writes it and taken apart again, so it shows what was sent.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID

from mailwright.domain.keys import Keys
from mailwright.domain.tokens import Tokens, Unsubscribe
from mailwright.errors import NotFound
from mailwright.mail import html as pages
from mailwright.mail.message import compile_mail
from mailwright.mail.received import read_mail
from mailwright.services import email_rendering as rendering
from mailwright.services.caller import Caller
from mailwright.services.outgoing import outgoing_of
from mailwright.services.runtime import Runtime
from mailwright.store import emails, single_mails
from mailwright.store.rows import Row

_UNTRACKED = dict.fromkeys(("track_opens", "track_clicks", "track_text_clicks"), False)


@dataclass(frozen=True, slots=True)
class RenderedEmail:
    """What a mail says. `html` is null for a mail of text alone."""

    subject: str
    html: str | None
    text: str


@dataclass(frozen=True, slots=True)
class _Mail:
    """All that writing it needs."""

    row: Row
    content: Row
    base_url: str


async def render_email(
    runtime: Runtime,
    caller: Caller,
    email_uuid: UUID,
    *,
    as_submitted: bool = False,
    tracking: bool = False,
    sanitize: bool = True,
) -> RenderedEmail:
    """What the mail says, merged for its recipient as they are now.

    `as_submitted`: with its merge tags, as it came. `tracking`: with the links it was sent with;
    else they lead where they say. `sanitize`: the HTML is safe to show inside another page. Raises
    NotFound, InvalidInput where its data cannot stand in a mail.
    """
    caller.require("emails:read")
    async with runtime.database.reading() as connection:
        found = await emails.get(connection, caller.tenant_id, email_uuid)
        if found is None:
            raise NotFound("There is no such mail.")
    mail = await _mail(runtime, caller.tenant_id, found["message_id"])
    assert mail is not None
    if as_submitted:
        content = mail.content
        said = RenderedEmail(content["subject"], content["html"], content["plain_text"])
    else:
        said = await asyncio.to_thread(_written, runtime, mail, tracking=tracking)
    if not sanitize or said.html is None:
        return said
    return RenderedEmail(said.subject, pages.sanitize_preview(said.html), said.text)


async def browser_page(runtime: Runtime, link: Unsubscribe) -> str | None:
    """The mail as a page, untracked, for whoever has its link; None when it is gone."""
    mail = await _mail(runtime, link.message.tenant_id, link.message.message_id)
    if mail is None:
        return None
    return (await asyncio.to_thread(_written, runtime, mail, tracking=False)).html


async def _mail(runtime: Runtime, tenant_id: int, message_id: int) -> _Mail | None:
    async with runtime.database.reading() as connection:
        row = await single_mails.written(connection, tenant_id, message_id)
        if row is None:
            return None
        contents = await single_mails.contents(connection, tenant_id, [row["content_id"]])
        domain = rendering.sender_domain(row)
        outgoing = await outgoing_of(runtime, connection, tenant_id, domain)
    return _Mail(row, contents[row["content_id"]], outgoing.base_url)


def _written(runtime: Runtime, mail: _Mail, *, tracking: bool) -> RenderedEmail:
    row = mail.row if tracking else {**mail.row, **_UNTRACKED}
    keys: Keys = runtime.keys
    addressed = rendering.Addressed(Tokens(keys), row, mail.base_url)
    recipient = addressed.recipient(runtime.now(), mail.content["fallbacks"])
    compiled = compile_mail(rendering.mail_content(keys, row, mail.content))
    read = read_mail(compiled.render(recipient))
    subject = compiled.subject_for(recipient.values)
    return RenderedEmail(subject, read.html, read.text or "")
