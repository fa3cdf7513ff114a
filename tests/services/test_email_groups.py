"""Groups of single mails: tags with a number, and the words they are given."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from mailwright.errors import Forbidden, InvalidInput, NotFound
from mailwright.services import email_groups, emails
from mailwright.services.caller import Caller
from mailwright.services.email_groups import EmailGroup
from mailwright.services.emails import NewEmail
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_sender, make_tenant


@pytest.fixture(autouse=True)
async def sender(database: Database, tenant: MadeTenant) -> UUID:
    return (await make_sender(database, tenant.id, "shop@example.com")).uuid


async def sent(runtime: Runtime, caller: Caller, *tags: str) -> None:
    asked = NewEmail("ada@example.org", subject="Hi", text="Hi", tags=tags)
    await emails.submit(runtime, caller, asked)


async def test_a_group_begins_with_its_first_mail_and_is_called_what_one_likes(
    runtime: Runtime, caller: Caller
) -> None:
    with pytest.raises(NotFound):
        await email_groups.describe_group(runtime, caller, 7, "Receipts")
    await sent(runtime, caller, "group-7", "receipt", "group-0", "group-07", "group-x")
    await sent(runtime, caller, "group-12", "group-9223372036854775808")
    for words in ("Receipt", "Receipts"):
        made = await email_groups.describe_group(runtime, caller, 7, words)
        assert made == EmailGroup(7, words)
    found = await email_groups.page_groups(runtime, caller, Page(1, 1))
    assert (found.items, found.total) == ([EmailGroup(7, "Receipts")], 2)
    found = await email_groups.page_groups(runtime, caller, Page(2, 1))
    assert found.items == [EmailGroup(12, None)]


@pytest.mark.parametrize("words", ["", "  ", "x" * 256, "a\0b"])
async def test_words_that_cannot_stand_there_are_refused(
    runtime: Runtime, caller: Caller, words: str
) -> None:
    await sent(runtime, caller, "group-7")
    with pytest.raises(InvalidInput) as refused:
        await email_groups.describe_group(runtime, caller, 7, words)
    assert list(refused.value.details) == ["description"]


@pytest.mark.checklist("SEC-10")
async def test_groups_are_their_tenants_own(runtime: Runtime, caller: Caller) -> None:
    other = await make_tenant(runtime.database, "globex", name="Globex")
    stranger = replace(caller, tenant_id=other.id)
    await sent(runtime, caller, "group-7")
    assert (await email_groups.page_groups(runtime, stranger, Page(1, 9))).items == []
    with pytest.raises(NotFound):
        await email_groups.describe_group(runtime, stranger, 7, "Theirs")
    reader, writer = (
        replace(caller, granted=frozenset({scope})) for scope in ("emails:read", "emails:write")
    )
    await email_groups.page_groups(runtime, reader, Page(1, 9))
    await email_groups.describe_group(runtime, writer, 7, "Ours")
    with pytest.raises(Forbidden):
        await email_groups.page_groups(runtime, writer, Page(1, 9))
    with pytest.raises(Forbidden):
        await email_groups.describe_group(runtime, reader, 7, "Ours")
