"""The built-in inbox: whose mail, how many are kept, stored before it is said."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from mailwright.domain.tokens import Tokens
from mailwright.errors import Forbidden, NotFound, OperatorError
from mailwright.services import inbox
from mailwright.services.caller import Caller
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime
from mailwright.store import tables
from mailwright.store.database import Database
from mailwright.wire.smtp_listener import CapturedMail
from tests.builders import MadeTenant, make_campaign, make_contact, make_message, make_tenant
from tests.services.importing import imported


def mail(number: int = 1, sender: str = "someone@example.com") -> CapturedMail:
    raw = f"From: A <a@example.com>\r\nTo: B <b@example.com>\r\nSubject: No {number}\r\n\r\nHi"
    return CapturedMail(sender, ("b@example.com",), raw.encode(), "127.0.0.1", "test", None)


def ours(runtime: Runtime, tenant: MadeTenant, message_id: int, number: int = 1) -> CapturedMail:
    local = Tokens(runtime.keys).return_path(tenant.id, message_id)
    return mail(number, f"{local.upper()}@example.com")


async def stored(database: Database) -> int:
    async with database.reading() as connection:
        found = select(func.count()).select_from(tables.captured_mails)
        return await connection.scalar(found) or 0


async def test_our_own_mail_belongs_to_its_tenant_and_knows_its_row(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    contact = await make_contact(database, tenant.id)
    campaign = await make_campaign(database, tenant.id, name="Spring")
    message = await make_message(
        database, tenant.id, campaign_id=campaign.id, contact_id=contact.id
    )
    await inbox.capture(runtime, ours(runtime, tenant, message))
    (row,) = (await inbox.page_inbox(runtime, caller, Page())).items
    found = await inbox.get_mail(runtime, caller, row.uuid)
    assert (found.message_id, found.campaign_uuid) == (message, campaign.uuid)
    assert (found.recipient_uuid, found.campaign_name) == (contact.uuid, "Spring")
    assert (found.subject, found.text) == ("No 1", "Hi")


async def test_other_mail_belongs_to_the_default_tenant(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    default = await make_tenant(database, "default")
    await inbox.capture(runtime, mail())
    assert (await inbox.page_inbox(runtime, caller, Page())).total == 0
    keeper = Caller(default.id, "key:test", caller.door, caller.granted)
    assert (await inbox.page_inbox(runtime, keeper, Page())).total == 1


async def test_mail_for_nobody_is_refused_not_lost(runtime: Runtime) -> None:
    with pytest.raises(OperatorError):
        await inbox.capture(runtime, mail())


@pytest.mark.checklist("SEC-31")
async def test_names_that_come_with_a_mail_or_a_file_become_no_paths(
    runtime: Runtime, tenant: MadeTenant, caller: Caller, tmp_path: Path
) -> None:
    def files() -> set[Path]:
        return {path for path in tmp_path.rglob("*") if path.is_file()}

    hostile = "../../../escaped"
    raw = (
        f"From: a@example.com\r\nMessage-ID: <{hostile}@x>\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: text/plain; name="{hostile}"\r\n'
        f'Content-Disposition: attachment; filename="{hostile}"\r\n\r\nHi'
    )
    assert runtime.settings.data_dir.is_relative_to(tmp_path)
    before = files()
    await inbox.capture(runtime, replace(ours(runtime, tenant, 0), raw=raw.encode()))
    (row,) = (await inbox.page_inbox(runtime, caller, Page())).items
    found = await inbox.get_mail(runtime, caller, row.uuid)
    assert "escaped" in found.attachments[0].name
    assert files() == before

    csv = f"email\n{hostile}@example.com\nnobody\n"
    made = await imported(runtime, caller, csv, file_name=f"{hostile}.csv")
    assert made.error_file is not None
    assert {path.name for path in files() - before} == {made.error_file}
    assert "escaped" not in made.error_file


async def test_capturing_returns_only_when_everybodys_mail_is_stored(
    runtime: Runtime, database: Database, tenant: MadeTenant
) -> None:
    async def captured(number: int) -> int:
        await inbox.capture(runtime, ours(runtime, tenant, 0, number))
        return await stored(database)

    seen = await asyncio.gather(*(captured(number) for number in range(50)))
    assert await stored(database) == 50
    assert min(seen) >= 1


async def test_only_the_newest_are_kept(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    settings = runtime.settings.model_copy(update={"inbox_keep": 20})
    keeping = Runtime(settings, database, runtime.keys, runtime.now)
    for number in range(60):
        await inbox.capture(keeping, ours(runtime, tenant, 0, number))
    found = await inbox.page_inbox(runtime, caller, Page())
    assert 20 <= found.total <= 22
    assert found.items[0].subject == "No 59"


async def test_search_looks_in_subject_and_addresses_and_means_what_it_says(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    for number in range(12):
        await inbox.capture(runtime, ours(runtime, tenant, 0, number))

    async def hits(search: str) -> int:
        return (await inbox.page_inbox(runtime, caller, Page(), search=search)).total

    assert await hits("no 11") == 1
    assert await hits("B@EXAMPLE") == 12
    assert await hits("%") == 0


async def test_a_cursor_reads_on_while_mail_comes_in(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    for number in range(5):
        await inbox.capture(runtime, ours(runtime, tenant, 0, number))
    first = await inbox.page_inbox(runtime, caller, Page(1, 3))
    await inbox.capture(runtime, ours(runtime, tenant, 0, 99))
    rest = await inbox.page_inbox(runtime, caller, Page(1, 3), cursor=first.next_cursor)
    subjects = [row.subject for row in (*first.items, *rest.items)]
    assert subjects == ["No 4", "No 3", "No 2", "No 1", "No 0"]
    assert rest.next_cursor is None


@pytest.mark.checklist("SEC-10")
async def test_another_tenants_mail_does_not_exist(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    await inbox.capture(runtime, ours(runtime, tenant, 0))
    (row,) = (await inbox.page_inbox(runtime, caller, Page())).items
    other = await make_tenant(database)
    stranger = Caller(other.id, "key:test", caller.door, caller.granted)
    for read in (inbox.get_mail, inbox.get_raw, inbox.get_html, inbox.delete_mail):
        with pytest.raises(NotFound):
            await read(runtime, stranger, row.uuid)
    await inbox.mark_seen(runtime, stranger, None)
    assert await inbox.delete_every_mail(runtime, stranger) == 0
    assert await inbox.count_unseen(runtime, caller) == 1


async def test_mails_are_seen_and_deleted(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    for number in range(3):
        await inbox.capture(runtime, ours(runtime, tenant, 0, number))
    rows = (await inbox.page_inbox(runtime, caller, Page())).items
    await inbox.mark_seen(runtime, caller, rows[0].uuid)
    assert await inbox.count_unseen(runtime, caller) == 2
    await inbox.delete_mail(runtime, caller, rows[0].uuid)
    with pytest.raises(NotFound):
        await inbox.delete_mail(runtime, caller, rows[0].uuid)
    assert await inbox.delete_every_mail(runtime, caller) == 2


async def test_rights_are_asked_for(runtime: Runtime, caller: Caller) -> None:
    reader = Caller(caller.tenant_id, caller.actor, caller.door, frozenset({"inbox:read"}))
    with pytest.raises(Forbidden):
        await inbox.delete_every_mail(runtime, reader)
    nobody = Caller(caller.tenant_id, caller.actor, caller.door, frozenset())
    with pytest.raises(Forbidden):
        await inbox.get_mail(runtime, nobody, uuid4())
