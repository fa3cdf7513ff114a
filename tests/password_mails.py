"""Mails with a link to set a password, as their reader meets them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import orjson
from pydantic import SecretStr

from mailwright.jobs.members import mail_links
from mailwright.services.runtime import Runtime
from tests.smtp_sink import SmtpSink


def leaving_for(runtime: Runtime, sink: SmtpSink, **settings: object) -> Runtime:
    """The runtime of an installation whose mail server is the sink."""
    values = {"smtp_url": SecretStr(f"smtp://127.0.0.1:{sink.transport.port}?tls=none"), **settings}
    return replace(runtime, settings=runtime.settings.model_copy(update=values))


@asynccontextmanager
async def mailing(runtime: Runtime, **settings: object) -> AsyncGenerator[tuple[SmtpSink, Runtime]]:
    """A sink, and a runtime whose installation sends through it."""
    async with SmtpSink() as sink:
        yield sink, leaving_for(runtime, sink, **settings)


async def mail_what_was_asked_for(runtime: Runtime) -> int:
    """Runs the jobs that wait, as a worker would; how many there were."""
    async with runtime.database.raw() as connection:
        rows = await connection.fetch(
            "DELETE FROM jobs.pgqueuer WHERE entrypoint = 'mail_links' RETURNING payload"
        )
    for row in rows:
        await mail_links(runtime, orjson.loads(row["payload"]), stop=asyncio.Event())
    return len(rows)


def last_mail(sink: SmtpSink) -> EmailMessage:
    """The last mail that arrived."""
    return message_from_bytes(sink.mails[-1].raw, policy=policy.default)


def last_link(sink: SmtpSink) -> str:
    """The path of the link in it."""
    body = last_mail(sink).get_body(("plain",))
    assert body is not None
    found = re.search(r"http://\S+(/password/\S+)", body.get_content())
    assert found
    return found[1]


def last_token(sink: SmtpSink) -> str:
    """The token of the link in it."""
    return last_link(sink).removeprefix("/password/")
