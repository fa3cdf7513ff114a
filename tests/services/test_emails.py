"""Single mails: what is accepted, what is refused, and that a refusal makes nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, select, update

from mailwright.domain.email_event import EventKind
from mailwright.domain.email_status import EmailStatus
from mailwright.domain.email_stream import Stream
from mailwright.domain.ids import new_id
from mailwright.domain.tag_expression import HasTag, parse_expression
from mailwright.errors import (
    Conflict,
    InvalidInput,
    MailwrightError,
    NotFound,
    NotReady,
    QuotaExceeded,
)
from mailwright.mail.attachments import Attachment
from mailwright.services import email_log, emails
from mailwright.services.caller import Caller
from mailwright.services.email_log import LogQuery
from mailwright.services.emails import EmailView, NewEmail, email_filter
from mailwright.services.runtime import Runtime
from mailwright.store import tables
from tests.builders import (
    MadeTenant,
    make_contact,
    make_list,
    make_project,
    make_sender,
    make_template,
    make_tenant,
)
from tests.clock import Clock


def mail(to: str = "ada@example.org", **fields: Any) -> NewEmail:
    """A receipt."""
    values: dict[str, Any] = {"subject": "Your receipt", "html": "<p>Thank you.</p>"} | fields
    return NewEmail(to, **values)


@pytest.fixture(autouse=True)
async def sender(runtime: Runtime, tenant: MadeTenant) -> UUID:
    return (await make_sender(runtime.database, tenant.id, "shop@example.com")).uuid


async def count(runtime: Runtime, table: Any = tables.messages) -> int:
    async with runtime.database.reading() as connection:
        found = await connection.execute(select(func.count()).select_from(table))
        return found.scalar_one()


async def set_quota(runtime: Runtime, tenant: MadeTenant, quota: int | None) -> None:
    async with runtime.database.transaction() as connection:
        await connection.execute(
            update(tables.tenants)
            .where(tables.tenants.c.id == tenant.id)
            .values(monthly_quota=quota)
        )


async def suppress(runtime: Runtime, tenant: MadeTenant, email: str, **values: Any) -> None:
    row = {"tenant_id": tenant.id, "uuid": new_id(), "email_key": email, "reason": "bounce"}
    async with runtime.database.transaction() as connection:
        await connection.execute(insert(tables.suppressions).values(row | values))


async def kinds(runtime: Runtime, caller: Caller, **query: Any) -> list[str]:
    found = await email_log.page_log(runtime, caller, LogQuery(**query), per_page=100)
    return [event.kind.value for event in found.items]


async def test_an_accepted_mail_reads_back_as_it_was_answered(
    runtime: Runtime, caller: Caller, sender: UUID
) -> None:
    asked = mail(
        "Ada@Example.org",
        to_name="Ada Lovelace",
        tags=["receipt", "shop"],
        metadata={"order": "4711"},
        data={"total": "12 €"},
        headers=[("X-Order", "4711")],
        attachments=[Attachment("bill.pdf", "application/pdf", b"%PDF")],
    )
    answered = await emails.submit(runtime, caller, asked)
    assert answered.uuid.version == 4
    assert (answered.status, answered.to, answered.sender_uuid) == (
        EmailStatus.QUEUED,
        "Ada@Example.org",
        sender,
    )
    assert (answered.from_email, answered.from_name) == ("shop@example.com", "Ada Sender")
    assert await emails.get_email(runtime, caller, answered.uuid) == replace(
        answered, headers=[["X-Order", "4711"]], tags=["receipt", "shop"]
    )
    assert await kinds(runtime, caller, email_uuid=answered.uuid) == ["queued", "submitted"]


async def test_many_at_once_are_each_written_down_once(runtime: Runtime, caller: Caller) -> None:
    asked = [mail(f"p{number}@example.org") for number in range(100)]
    answered = await emails.submit_all(runtime, caller, asked)
    assert {each.to for each in answered if isinstance(each, EmailView)} == {a.to for a in asked}
    assert await count(runtime) == 100
    assert await count(runtime, tables.email_contents) == 1


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"to": "nobody"}, "to"),
        ({"subject": " "}, "subject"),
        ({"html": None}, "html"),
        ({"html": "{{ contact.first_nam }}"}, "html"),
        ({"subject": "{% if %}"}, "subject"),
        ({"subject": "a\r\nBcc: x@y.example"}, "subject"),
        ({"subject": "x" * 999}, "subject"),
        ({"to_name": "a\nb"}, "to_name"),
        ({"encoding": "utf-16"}, "encoding"),
        ({"encoding": "klingon"}, "encoding"),
        ({"tags": ["a b"]}, "tags"),
        ({"tags": [f"t{n}" for n in range(21)]}, "tags"),
        ({"headers": [("Bcc", "x@y.example")]}, "headers"),
        ({"headers": [("X-A", "b\r\nBcc: x@y.example")]}, "headers"),
        ({"headers": [("X-A: 1\r\nX-B", "2")]}, "headers"),
        ({"reply_to": "nobody"}, "reply_to"),
        ({"from_email": "other@example.com"}, "from_email"),
        ({"sender": uuid4()}, "sender"),
        ({"sender": 4711}, "sender"),
        ({"list": uuid4()}, "list"),
        ({"project": uuid4()}, "project"),
        ({"attachments": [Attachment("a.exe", "application/pdf", b"")]}, "attachments"),
        ({"attachments": [Attachment("a\r\nb", "application/pdf", b"")]}, "attachments"),
        ({"attachments": [Attachment("a.pdf", "text", b"")]}, "attachments"),
        ({"metadata": {"a": "b\0"}}, "metadata"),
        ({"data": {"a": "\ud800"}}, "data"),
        ({"template": "welcome"}, "html"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_made(
    runtime: Runtime, caller: Caller, fields: dict[str, Any], name: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await emails.submit(runtime, caller, replace(mail(), **fields))
    assert set(refused.value.details) == {name}
    assert await count(runtime) == await count(runtime, tables.email_contents) == 0


async def test_a_sender_who_was_never_confirmed_is_refused_by_name(
    runtime: Runtime, caller: Caller, tenant: MadeTenant
) -> None:
    made = await make_sender(
        runtime.database, tenant.id, "new@example.com", confirmed_at=None, enabled=False
    )
    with pytest.raises(NotReady, match=r"new@example\.com has not been confirmed") as refused:
        await emails.submit(runtime, caller, mail(sender=made.id))
    assert refused.value.code == "SENDER_NOT_CONFIRMED"


async def test_names_of_another_tenant_are_unknown(runtime: Runtime, caller: Caller) -> None:
    other = await make_tenant(runtime.database)
    theirs = {
        "sender": await make_sender(runtime.database, other.id),
        "list": await make_list(runtime.database, other.id),
        "project": await make_project(runtime.database, other.id),
    }
    for name, made in theirs.items():
        for ref in (made.id, made.uuid):
            asked: dict[str, Any] = {name: ref}
            with pytest.raises(InvalidInput) as refused:
                await emails.submit(runtime, caller, mail(**asked))
            assert set(refused.value.details) == {name}
    stranger = Caller(other.id, "key:other", caller.door, frozenset({"*"}))
    made = await emails.submit(runtime, caller, mail())
    for read in (emails.get_email, emails.cancel_email):
        with pytest.raises(NotFound):
            await read(runtime, stranger, made.uuid)
    with pytest.raises(NotFound):
        await kinds(runtime, stranger, email_uuid=made.uuid)


@pytest.mark.checklist("OUT-18")
async def test_suppressions_stop_the_streams_they_are_for(
    runtime: Runtime, caller: Caller, tenant: MadeTenant
) -> None:
    await suppress(runtime, tenant, "gone@example.org", scope="all")
    await suppress(runtime, tenant, "left@example.org", scope="marketing", reason="unsubscribe")
    made = await make_list(runtime.database, tenant.id)
    for to, stream in (
        ("gone@example.org", Stream.TRANSACTIONAL),
        ("gone@example.org", Stream.MARKETING),
        ("left@example.org", Stream.MARKETING),
    ):
        with pytest.raises(InvalidInput, match="suppressed") as refused:
            await emails.submit(runtime, caller, mail(to, stream=stream, list=made.id))
        assert refused.value.code == "RECIPIENT_SUPPRESSED"
    await emails.submit(runtime, caller, mail("left@example.org"))
    assert await count(runtime) == 1


async def test_marketing_needs_consent_or_a_list_that_a_new_address_joins(
    runtime: Runtime, caller: Caller, tenant: MadeTenant
) -> None:
    database, marketing = runtime.database, Stream.MARKETING
    made = await make_list(database, tenant.id)
    await make_contact(database, tenant.id, "no@example.org", consent="unsubscribed")
    await make_contact(database, tenant.id, "maybe@example.org", consent="unconfirmed")
    left = await make_contact(database, tenant.id, "left@example.org", list_id=made.id)
    async with database.transaction() as connection:
        await connection.execute(
            update(tables.list_members)
            .where(tables.list_members.c.contact_id == left.id)
            .values(state="unsubscribed")
        )
    for to in ("no@example.org", "maybe@example.org", "left@example.org"):
        with pytest.raises(InvalidInput) as refused:
            await emails.submit(runtime, caller, mail(to, stream=marketing, list=made.id))
        assert refused.value.code == "RECIPIENT_UNSUBSCRIBED"
    with pytest.raises(InvalidInput, match="name a list"):
        await emails.submit(runtime, caller, mail("new@example.org", stream=marketing))
    new = mail("new@example.org", stream=marketing, list=made.id)
    await emails.submit(runtime, caller, new)
    answered = await emails.submit(runtime, caller, new)
    assert (answered.track_opens, answered.track_clicks) == (True, True)
    read = await emails.get_email(runtime, caller, answered.uuid)
    assert read.contact_uuid is not None
    assert await count(runtime, tables.consents) == 1
    await emails.submit(runtime, caller, mail("shy@example.org", list=made.id))
    assert await count(runtime, tables.contacts) == 4, "a transactional mail signs nobody up"


async def test_a_template_is_what_its_newest_published_version_says(
    runtime: Runtime, caller: Caller, tenant: MadeTenant
) -> None:
    made = await make_template(runtime.database, tenant.id, locale="de")
    by_version = mail(subject=None, html=None, template_version_uuid=made.version.uuid)
    answered = await emails.submit(runtime, caller, by_version)
    assert (answered.subject, answered.template_version_uuid) == ("Hello de", made.version.uuid)
    own = await emails.submit(runtime, caller, replace(by_version, subject="Mine"))
    assert own.subject == "Mine"
    draft = await make_template(runtime.database, tenant.id, state="draft")
    wrong: list[dict[str, Any]]
    wrong = [{"template_version_uuid": draft.version.uuid}, {"template": "unknown"}]
    for fields in wrong:
        with pytest.raises(MailwrightError):
            await emails.submit(runtime, caller, mail(subject=None, html=None, **fields))


async def test_beyond_the_quota_and_its_grace_mails_are_refused_one_by_one(
    runtime: Runtime, caller: Caller, tenant: MadeTenant
) -> None:
    await set_quota(runtime, tenant, 10)
    found = await emails.submit_all(runtime, caller, [mail(f"p{n}@x.example") for n in range(15)])
    assert sum(isinstance(each, EmailView) for each in found) == 11
    assert sum(isinstance(each, QuotaExceeded) for each in found) == 4
    assert await count(runtime) == 11
    await emails.submit(runtime, replace(caller, sandbox=True), mail())
    first = next(each for each in found if isinstance(each, EmailView))
    canceled = await emails.cancel_email(runtime, caller, first.uuid)
    assert canceled.status is EmailStatus.CANCELED
    await emails.submit(runtime, caller, mail())
    with pytest.raises(QuotaExceeded):
        await emails.submit(runtime, caller, mail())


async def test_who_is_over_the_quota_holds_nobody_back_who_is_written_with_them(
    runtime: Runtime, caller: Caller, tenant: MadeTenant
) -> None:
    await set_quota(runtime, tenant, 0)
    other = await make_tenant(runtime.database)
    await make_sender(runtime.database, other.id)
    them = replace(caller, tenant_id=other.id)
    a_list = await make_list(runtime.database, tenant.id)
    joining = mail("new@x.example", stream=Stream.MARKETING, list=a_list.uuid)
    filed = mail(attachments=[Attachment("bill.pdf", "application/pdf", b"%PDF")])
    asked = [(caller, mail()), (them, mail()), (caller, joining), (them, filed), (caller, filed)]
    found = await asyncio.gather(
        *(emails.submit(runtime, *each) for each in asked), return_exceptions=True
    )
    refused = [isinstance(each, QuotaExceeded) for each in found]
    assert refused == [who is caller for who, _ in asked], found
    assert await count(runtime) == 2
    assert await count(runtime, tables.email_attachments) == 1
    assert await count(runtime, tables.contacts) == 0  # nobody was signed up by a refused mail


async def test_a_mail_is_canceled_while_it_waits_and_not_twice(
    runtime: Runtime, caller: Caller, clock: Clock
) -> None:
    asked = mail(scheduled_at=clock() + timedelta(hours=1))
    answered = await emails.submit(runtime, caller, asked)
    assert answered.status is EmailStatus.SCHEDULED
    assert await kinds(runtime, caller) == ["submitted"]
    await emails.cancel_email(runtime, caller, answered.uuid)
    with pytest.raises(Conflict) as refused:
        await emails.cancel_email(runtime, caller, answered.uuid)
    assert refused.value.code == "EMAIL_NOT_CANCELABLE"
    assert await kinds(runtime, caller) == ["canceled", "submitted"]


async def test_times_that_cannot_be_are_refused(
    runtime: Runtime, caller: Caller, clock: Clock
) -> None:
    now = clock()
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"scheduled_at": now - timedelta(minutes=2)}, "scheduled_at"),
        ({"scheduled_at": now + timedelta(days=400)}, "scheduled_at"),
        ({"scheduled_at": now.replace(tzinfo=None)}, "scheduled_at"),
        ({"expires_at": now}, "expires_at"),
    ]
    for fields, name in wrong:
        with pytest.raises(InvalidInput) as refused:
            await emails.submit(runtime, caller, mail(**fields))
        assert set(refused.value.details) == {name}


async def test_mails_are_listed_by_tag_status_stream_address_and_time(
    runtime: Runtime, caller: Caller, tenant: MadeTenant
) -> None:
    made = await make_list(runtime.database, tenant.id)
    for number in range(12):
        marketing = {"stream": Stream.MARKETING, "list": made.id} if number % 4 == 0 else {}
        tags = ["even"] if number % 2 == 0 else ["odd"]
        await emails.submit(runtime, caller, mail(f"p{number}@x.example", tags=tags, **marketing))

    async def listed(**wanted: Any) -> list[int]:
        found: list[int] = []
        cursor = None
        while True:
            page = await emails.page_emails(
                runtime, caller, email_filter(**wanted), per_page=2, cursor=cursor
            )
            found += [int(row.to[1:].partition("@")[0]) for row in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return found

    assert await listed() == list(range(11, -1, -1))
    assert await listed(tag="even") == [10, 8, 6, 4, 2, 0]
    assert await listed(stream=Stream.MARKETING) == [8, 4, 0]
    assert await listed(to="P7@X.example") == [7]
    assert await listed(to="p7@x.example", tag="even") == []
    assert await listed(status=EmailStatus.QUEUED) == list(range(11, -1, -1))
    assert await listed(status=EmailStatus.OPENED) == []
    middle = (await emails.page_emails(runtime, caller, email_filter(), per_page=1, offset=5)).items
    assert await listed(since=middle[0].created_at) == [11, 10, 9, 8, 7, 6]
    assert await listed(until=middle[0].created_at) == [5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize(
    ("expression", "fits"),
    [
        ({"is": "a"}, {"a", "ab"}),
        ({"and": [{"is": "a"}, {"is": "b"}]}, {"ab"}),
        ({"or": [{"is": "a"}, {"is": "b"}]}, {"a", "ab", "b"}),
        ({"not": {"is": "a"}}, {"b", ""}),
        ({"and": [{"is": "b"}, {"not": {"is": "a"}}]}, {"b"}),
        ({"or": [{"not": {"is": "a"}}, {"is": "b"}]}, {"ab", "b", ""}),
    ],
)
async def test_the_log_is_read_by_tags_a_page_at_a_time(
    runtime: Runtime, caller: Caller, expression: object, fits: set[str]
) -> None:
    for tags in ("a", "b", "ab", ""):
        await emails.submit(runtime, caller, mail(tags=list(tags)))
    query = LogQuery(parse_expression(expression), [EventKind.QUEUED, EventKind.SUBMITTED])
    found: list[tuple[str, str]] = []
    cursor = None
    while True:
        page = await email_log.page_log(runtime, caller, query, per_page=3, cursor=cursor)
        found += [("".join(event.tags), event.kind) for event in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(found) == len(set(found)) == 2 * len(fits)
    assert {tags for tags, _ in found} == fits
    oldest = await email_log.page_log(runtime, caller, query, per_page=99, oldest_first=True)
    assert [("".join(event.tags), event.kind) for event in oldest.items] == found[::-1]


async def test_the_log_of_one_address_narrows_by_tag_and_is_counted(
    runtime: Runtime, caller: Caller
) -> None:
    for to, tags in (("ada@example.org", "a"), ("ada@example.org", "b"), ("bo@example.org", "a")):
        await emails.submit(runtime, caller, mail(to, tags=list(tags)))

    async def told(**query: Any) -> int:
        rows = await kinds(runtime, caller, **query)
        assert await email_log.count_log(runtime, caller, LogQuery(**query)) == len(rows)
        return len(rows)

    assert await told() == 6
    assert await told(to="ADA@example.org") == 4
    assert await told(to="ada@example.org", tags=HasTag("a")) == 2
    assert await told(to="ada@example.org", kinds=[EventKind.QUEUED]) == 2
    assert await told(tags=parse_expression({"or": ["a", "b"]})) == 6
    assert await told(to="nobody@example.org") == await told(tags=HasTag("c")) == 0


async def test_a_failed_transaction_is_everybodys_own_to_hear(
    runtime: Runtime, caller: Caller
) -> None:
    async with runtime.database.transaction() as connection:
        await connection.exec_driver_sql("ALTER TABLE emails RENAME TO hidden")
    found = await asyncio.gather(
        *(emails.submit(runtime, caller, mail()) for _ in range(3)), return_exceptions=True
    )
    assert all(isinstance(each, Exception) for each in found)
    async with runtime.database.transaction() as connection:
        await connection.exec_driver_sql("ALTER TABLE hidden RENAME TO emails")
    await emails.submit(runtime, caller, mail())
    assert await count(runtime) == 1
