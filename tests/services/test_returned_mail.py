"""Bounces and complaints handed over by SMTP."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncGenerator
from functools import partial

import pytest
from sqlalchemy import select

from mailwright.domain.tokens import Tokens
from mailwright.services import inbox
from mailwright.services.returned_mail import returned_mail_listener
from mailwright.services.runtime import Runtime
from mailwright.store.tables import captured_mails, messages
from mailwright.wire.smtp_listener import SmtpListener
from tests.builders import MadeTenant, make_message, make_tenant
from tests.returned_mails import complaint, dsn


@pytest.fixture
async def return_path(runtime: Runtime, tenant: MadeTenant) -> str:
    """The envelope sender of a mail to ada@example.org that was accepted."""
    message = await make_message(runtime.database, tenant.id, email="ada@example.org", state="sent")
    return f"{Tokens(runtime.keys).return_path(tenant.id, message)}@acme.test"


@pytest.fixture
async def listener(runtime: Runtime) -> AsyncGenerator[SmtpListener]:
    """The SMTP server of MAILWRIGHT_RETURNED_MAIL_ADDRESS."""
    made = returned_mail_listener(runtime)
    await made.start(("127.0.0.1", 0))
    yield made
    await made.stop()


async def hand_over(listener: SmtpListener, to: str, raw: bytes, sender: str = "") -> None:
    """As a mail server does it. Raises smtplib's errors."""

    def talk() -> None:
        with smtplib.SMTP(*listener.address, timeout=10) as client:
            client.sendmail(sender, [to], raw)

    await asyncio.to_thread(talk)


async def states(runtime: Runtime) -> list[str]:
    async with runtime.database.reading() as connection:
        return list((await connection.execute(select(messages.c.state))).scalars())


@pytest.mark.checklist("E27")
async def test_a_relay_hands_a_bounce_over(
    runtime: Runtime, listener: SmtpListener, return_path: str
) -> None:
    await hand_over(listener, return_path, dsn("postmaster@acme.test", "ada@example.org"))
    assert await states(runtime) == ["bounced"]


@pytest.mark.checklist("E28")
async def test_a_feedback_loop_writes_to_a_mailbox_of_its_own(
    runtime: Runtime, listener: SmtpListener, return_path: str
) -> None:
    raw = complaint("To: redacted", sender=return_path)
    await hand_over(listener, "fbl@acme.test", raw, sender="loop@provider.example")
    async with runtime.database.reading() as connection:
        assert await connection.scalar(select(messages.c.complained_at)) is not None


async def test_it_relays_and_stores_nothing_else(
    runtime: Runtime, listener: SmtpListener, return_path: str
) -> None:
    for stranger in ("ada@example.org", "b-" + "a" * 40 + "@acme.test", "postmaster@acme.test"):
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            await hand_over(listener, stranger, b"Subject: x\r\n\r\nx\r\n")
    await hand_over(listener, return_path, b"Subject: a letter\r\n\r\nx\r\n")
    async with runtime.database.reading() as connection:
        assert (await connection.execute(select(captured_mails))).all() == []
    assert await states(runtime) == ["sent"]


async def test_the_built_in_inbox_records_bounces_and_keeps_letters(
    runtime: Runtime, return_path: str
) -> None:
    await make_tenant(runtime.database, inbox.DEFAULT_TENANT)
    built_in = SmtpListener(partial(inbox.capture, runtime))
    await built_in.start(("127.0.0.1", 0))
    try:
        letter = b"Subject: a letter\r\n\r\nx\r\n"
        await hand_over(built_in, return_path, letter, sender="ada@example.org")
        await hand_over(built_in, return_path, dsn(return_path, "ada@example.org"))
    finally:
        await built_in.stop()
    async with runtime.database.reading() as connection:
        kept = (await connection.execute(select(captured_mails.c.subject))).scalars().all()
    assert kept == ["a letter"]
    assert await states(runtime) == ["bounced"]
