"""Whoever asks to be forgotten is named nowhere any more, and nobody can bring them back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from mailwright.domain.email_status import EmailStatus
from mailwright.domain.ids import new_id
from mailwright.domain.message_lifecycle import MessageState as S
from mailwright.domain.tokens import MessageRef, Tokens, Unsubscribe
from mailwright.domain.webhook_event import EventType
from mailwright.errors import Conflict, InvalidInput, NotFound
from mailwright.mail.attachments import Attachment
from mailwright.services import (
    audit,
    browser_views,
    contact_bulk,
    contacts,
    emails,
    erasure,
    export_run,
    export_tasks,
    inbound,
    list_joining,
    suppressions,
    tracking,
    unsubscribes,
)
from mailwright.services.caller import Caller
from mailwright.services.contact_bulk import BulkContact
from mailwright.services.emails import NewEmail
from mailwright.services.erasure import Erasure
from mailwright.services.export_tasks import NewExport
from mailwright.services.list_joining import Joining, MemberChanges
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime
from mailwright.services.tracking import Hit
from mailwright.store import messages, single_batches, tables
from mailwright.store.database import Database
from mailwright.store.messages import Outcome
from tests.builders import (
    MadeTenant,
    make_campaign,
    make_contact,
    make_list,
    make_message,
    make_sender,
    make_tenant,
)
from tests.clock import Clock
from tests.returned_mails import dsn
from tests.services.importing import imported
from tests.services.webhook_stage import webhook_stage

EMAIL = "Vera.Zxqz@Example.org"
MARK, MARK_IN_HEXADECIMAL = "zxqz", b"xqz".hex()  # as PostgreSQL shows bytes
CSV = f"email,name\n{EMAIL},Vera Zxqz\n{EMAIL},twice\n"


async def places(database: Database) -> list[str]:
    """The tables whose rows name the person, in any column."""
    found: list[str] = []
    async with database.reading() as connection:
        for name in tables.metadata.tables:
            rows = await connection.execute(text(f"SELECT lower(t::text) FROM {name} t"))
            if any(MARK in row or MARK_IN_HEXADECIMAL in row for row in rows.scalars()):
                found.append(name)
    return sorted(found)


async def add(database: Database, table: Any, **values: Any) -> None:
    async with database.transaction() as connection:
        await connection.execute(insert(table).values(values))


async def everywhere(runtime: Runtime, caller: Caller, tenant: MadeTenant, clock: Clock) -> Path:
    """A person who is in every place there is; the error file of an import with them."""
    database, key = runtime.database, EMAIL.lower()
    await make_sender(database, tenant.id)
    a_list = await make_list(database, tenant.id)
    rejected = await imported(runtime, caller, CSV, list_uuid=a_list.uuid)
    assert rejected.rejected == 1
    assert rejected.error_file is not None
    async with database.reading() as connection:
        contact_id = await connection.scalar(select(tables.contacts.c.id))
    campaign = await make_campaign(database, tenant.id)
    sent = await make_message(
        database,
        tenant.id,
        email=EMAIL,
        campaign_id=campaign.id,
        contact_id=contact_id,
        state="sent",
        reply=f"250 {EMAIL} is welcome",
    )
    mine = {"tenant_id": tenant.id}
    about = {**mine, "message_id": sent, "at": clock()}
    await add(database, tables.events, **about, kind="clicked", data={"url": f"/?who={EMAIL}"})
    await emails.submit(
        runtime,
        caller,
        NewEmail(
            EMAIL,
            subject="Vera Zxqz, your bill",
            html="<p>Dear Vera Zxqz</p>",
            to_name="Vera Zxqz",
            data={"name": "Zxqz"},
            metadata={"who": "zxqz"},
            attachments=[Attachment("zxqz.txt", "text/plain", b"Dear zxqz")],
            scheduled_at=clock() + timedelta(days=1),
        ),
    )
    await suppressions.add_suppression(runtime, caller, EMAIL, scope="marketing")
    await add(
        database,
        tables.captured_mails,
        **mine,
        uuid=new_id(),
        envelope_sender="a@b.example",
        recipients=[EMAIL],
        from_header="a@b.example",
        to_header=EMAIL,
        subject="Hello",
        snippet="Hello",
        size_bytes=1,
        raw=EMAIL.encode(),
    )
    await add(database, tables.import_addresses, **mine, import_id=1, email_key=key)
    answer = {"request_hash": b"1", "response_body": EMAIL.encode()}
    await add(database, tables.idempotency_keys, **mine, key="1", **answer)
    asked = {"list_id": a_list.id, "contact_id": contact_id, "actor": "x", "door": "api"}
    await add(database, tables.confirmations, **mine, uuid=new_id(), email_key=key, **asked)
    export = await export_tasks.start_export(runtime, caller, NewExport("contacts", {}))
    async with database.reading() as connection:
        row = tables.exports.c
        export_id = await connection.scalar(select(row.id).where(row.uuid == export.uuid))
    while await export_run.run_chunk(runtime, tenant.id, export_id or 0):
        pass
    return runtime.settings.data_dir / "imports" / rejected.error_file


@pytest.mark.checklist("X11", "OUT-17")
async def test_nothing_in_database_or_files_names_who_was_erased(
    runtime: Runtime, caller: Caller, tenant: MadeTenant, clock: Clock
) -> None:
    listening = (EventType.CONTACT_CREATED, EventType.CONTACT_DELETED, EventType.SUPPRESSION_ADDED)
    async with webhook_stage(runtime, caller, *listening) as stage:
        errors = await everywhere(stage.runtime, caller, tenant, clock)
        named = await places(runtime.database)
        assert set(named) > {"contacts", "messages", "emails", "email_contents", "events"}
        assert set(named) > {"captured_mails", "confirmations", "email_attachments"}
        assert set(named) > {"export_pieces", "idempotency_keys", "import_addresses"}
        assert set(named) > {"suppressions", "webhook_deliveries"}
        assert MARK in errors.read_text().lower()

        done = await erasure.erase_address(stage.runtime, caller, EMAIL)
        assert done == Erasure(contact=True, messages=2, canceled=1)
        assert await places(runtime.database) == []
        assert MARK not in errors.read_text().lower()
        assert errors.read_text().count("\n") == 2  # the row is still counted
        await stage.deliver()
        [told] = [body for body in stage.told() if body["type"] == "contact.deleted"]
        assert told["data"]["source"] == "erased"

    entry = (await audit.page_audit_log(runtime, caller, per_page=1)).items[0]
    assert (entry.action, entry.details) == ("contact.erase", {"messages": 2, "canceled": 1})


@pytest.mark.checklist("X11", "OUT-17", "OUT-18")
async def test_who_was_erased_is_brought_back_by_nobody(
    runtime: Runtime, caller: Caller, tenant: MadeTenant, database: Database
) -> None:
    await make_sender(database, tenant.id)
    a_list = await make_list(database, tenant.id)
    contact = await make_contact(database, tenant.id, "vera@example.org")
    await erasure.erase_contact(runtime, caller, contact.uuid)
    with pytest.raises(NotFound):
        await erasure.erase_contact(runtime, caller, contact.uuid)

    with pytest.raises(Conflict) as refused:
        await contacts.create_contact(runtime, caller, "Vera@Example.org", {})
    assert refused.value.code == "CONTACT_ERASED"
    with pytest.raises(Conflict, match="asked to be forgotten"):
        await list_joining.join(runtime, caller, a_list.uuid, Joining("vera@example.org"))
    rows = [BulkContact(0, "vera@example.org", {}), BulkContact(1, "bo@example.org", {})]
    bulk = await contact_bulk.upsert_contacts(runtime, caller, rows)
    assert [row.status for row in bulk.rows] == ["rejected", "created"]
    done = await imported(runtime, caller, "email\nvera@example.org\ncy@example.org\n")
    assert (done.created, done.rejected) == (1, 1)
    member = await list_joining.join(runtime, caller, a_list.uuid, Joining("bo@example.org"))
    changes = MemberChanges(email="vera@example.org")
    with pytest.raises(Conflict, match="asked to be forgotten"):
        await list_joining.change(runtime, caller, a_list.uuid, member.contact.uuid, changes)
    mail = NewEmail("vera@example.org", subject="Hi", text="Hello")
    with pytest.raises(InvalidInput) as suppressed:
        await emails.submit(runtime, caller, mail)
    assert suppressed.value.code == "RECIPIENT_SUPPRESSED"

    [kept] = (await suppressions.page_suppressions(runtime, caller, Page(1, 10))).items
    assert (kept.reason, "vera" in kept.email) == ("erased", False)
    with pytest.raises(Conflict) as stays:
        await suppressions.remove_suppression(runtime, caller, kept.uuid)
    assert stays.value.code == "SUPPRESSION_PERMANENT"

    other = await make_tenant(database)
    them = replace(caller, tenant_id=other.id)
    await contacts.create_contact(runtime, them, "vera@example.org", {})


@pytest.mark.checklist("OUT-17", "SEC-07")
async def test_nothing_that_comes_later_names_who_was_erased(
    runtime: Runtime, caller: Caller, tenant: MadeTenant, database: Database
) -> None:
    await make_sender(database, tenant.id)
    for _ in range(2):
        await emails.submit(runtime, caller, NewEmail(EMAIL, subject="Hi", text="Hello"))
    async with database.raw() as connection:
        lease = await single_batches.claim(
            connection, worker="w", lease_seconds=60, busy_lanes=[], after=(0, 0), size=2
        )
    assert lease is not None
    assert lease.message_ids is not None
    await erasure.erase_address(runtime, caller, EMAIL)

    refused, sent = (
        Outcome(lease.message_ids[0], 0, S.BOUNCED, "no-mailbox", EMAIL, suppress=EMAIL.lower()),
        Outcome(lease.message_ids[1], 0, S.SENT, reply=f"250 {EMAIL}"),
    )
    async with database.raw() as connection:
        outcomes = [refused, sent]
        assert await messages.record(connection, lease, outcomes, in_flight=[], lease_seconds=60)
    about = MessageRef(tenant.id, sent.message_id)
    link = Unsubscribe(about, 0, 0)
    await unsubscribes.unsubscribe(runtime, link, source="one_click")
    assert (await unsubscribes.get_subscription(runtime, link)).email == ""
    assert await browser_views.render_view(runtime, link) is None
    clicked = Hit(tenant.id, sent.message_id, runtime.now(), {"url": f"/?{EMAIL}"}, 1)
    await tracking.record_hits(runtime, [clicked])
    path = f"{Tokens(runtime.keys).return_path(tenant.id, sent.message_id)}@example.com"
    await inbound.take_returned(runtime, dsn(path, EMAIL), [path])

    assert await places(database) == []
    [kept] = (await suppressions.page_suppressions(runtime, caller, Page(1, 10))).items
    assert kept.reason == "erased"


async def test_what_others_are_told_in_the_same_words_stays_and_is_said_again(
    runtime: Runtime, caller: Caller, tenant: MadeTenant, database: Database
) -> None:
    await make_sender(database, tenant.id)
    alone = NewEmail("vera@example.org", subject="Hello", text="Only Vera reads this.")
    shared = NewEmail("vera@example.org", subject="Hello", text="Everybody reads this.")
    for mail in (alone, shared, NewEmail("bo@example.org", subject="Hello", text=shared.text)):
        await emails.submit(runtime, caller, mail)
    await erasure.erase_address(runtime, caller, "vera@example.org")

    # The process remembers the contents' ids, and one of them is empty now.
    again = NewEmail("cy@example.org", subject="Hello", text=alone.text)
    assert (await emails.submit(runtime, caller, again)).status is EmailStatus.QUEUED
    async with database.reading() as connection:
        said = await connection.execute(select(tables.email_contents.c.plain_text))
        assert sorted(said.scalars()) == ["", "Everybody reads this.", "Only Vera reads this."]
