"""`*@domain` and `name@*` stop mail wherever an address would."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from mailwright.domain.email_stream import Stream
from mailwright.errors import InvalidInput
from mailwright.services import contact_directory, emails, suppressions
from mailwright.services.caller import Caller
from mailwright.services.emails import NewEmail
from mailwright.services.runtime import Runtime
from mailwright.store import locale_coverage
from mailwright.store.audiences import Audience, skip_reason
from mailwright.store.tables import contacts
from tests.builders import MadeTenant, make_contact, make_list, make_sender, make_tenant

FREE = ["ada@example.org", "domain@sub.closed.example", "closed.example@example.org"]
STOPPED = ["ada@closed.example", "noreply@example.org", "exact@example.org"]


@pytest.fixture
async def people(runtime: Runtime, caller: Caller, tenant: MadeTenant) -> None:
    for email in FREE + STOPPED:
        await make_contact(runtime.database, tenant.id, email, locale="en")
    for pattern in ("*@closed.example", "NoReply@*", "exact@example.org"):
        await suppressions.add_suppression(runtime, caller, pattern)


@pytest.mark.checklist("X09")
@pytest.mark.usefixtures("people")
async def test_an_audience_leaves_out_who_fits_a_pattern(
    runtime: Runtime, tenant: MadeTenant
) -> None:
    statement = select(contacts.c.email, skip_reason(tenant.id, Audience(None, None)))
    async with runtime.database.reading() as connection:
        found = {row[0]: row[1] for row in await connection.execute(statement)}
        [counted] = await locale_coverage.people_by_locale(
            connection, tenant.id, Audience(None, None)
        )
    assert found == dict.fromkeys(FREE) | dict.fromkeys(STOPPED, "suppressed")
    assert counted["people"] == len(FREE)


@pytest.mark.checklist("X09", "OUT-18")
@pytest.mark.usefixtures("people")
async def test_a_single_mail_to_who_fits_a_pattern_is_refused(
    runtime: Runtime, caller: Caller, tenant: MadeTenant
) -> None:
    await make_sender(runtime.database, tenant.id, "shop@example.com")
    for to in STOPPED:
        new = NewEmail(to, subject="s", html="<p>h</p>", stream=Stream.TRANSACTIONAL)
        with pytest.raises(InvalidInput) as refused:
            await emails.submit(runtime, caller, new)
        assert refused.value.code == "RECIPIENT_SUPPRESSED"
    for to in FREE:
        await emails.submit(runtime, caller, NewEmail(to, subject="s", html="<p>h</p>"))


@pytest.mark.usefixtures("people")
async def test_a_pattern_is_its_tenants_own_and_can_be_lifted(
    runtime: Runtime, caller: Caller, tenant: MadeTenant
) -> None:
    other = await make_tenant(runtime.database)
    async with runtime.database.reading() as connection:
        for email in STOPPED:
            is_stopped = suppressions.is_suppressed
            assert await is_stopped(connection, tenant.id, email, marketing=False)
            assert not await is_stopped(connection, other.id, email, marketing=True)
    await contact_directory.remove_suppressions_of(runtime, caller, "*@closed.example")
    async with runtime.database.reading() as connection:
        stopped = await suppressions.is_suppressed(
            connection, tenant.id, "ada@closed.example", marketing=True
        )
    assert not stopped


async def test_a_list_is_told_who_is_stopped_by_a_pattern(
    runtime: Runtime, caller: Caller, tenant: MadeTenant
) -> None:
    made = await make_list(runtime.database, tenant.id)
    ada = await make_contact(runtime.database, tenant.id, "ada@closed.example", list_id=made.id)
    await suppressions.add_suppression(runtime, caller, "*@closed.example", scope="marketing")
    seen = await contact_directory.get_entry(runtime, caller, str(ada.uuid))
    assert seen.suppressed_at is not None
