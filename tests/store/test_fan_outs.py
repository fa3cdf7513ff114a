"""Writing an audience into the ledger."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select, text

from mailwright.domain.ids import new_id
from mailwright.store import fan_outs
from mailwright.store.audiences import Audience
from mailwright.store.database import Database
from mailwright.store.rows import Row, every
from mailwright.store.tables import batches, contacts, messages, suppressions
from tests.builders import Made, MadeTenant, make_campaign, make_contact, make_list

EVERYBODY = Audience(None, None)


async def _contacts(database: Database, tenant_id: int, count: int) -> None:
    rows = [
        {
            "tenant_id": tenant_id,
            "uuid": new_id(),
            "email": f"p{number}@example.org",
            "email_key": f"p{number}@example.org",
        }
        for number in range(count)
    ]
    async with database.transaction() as connection:
        await connection.execute(insert(contacts), rows)


async def _chunk(
    database: Database, tenant_id: int, campaign_id: int, audience: Audience, size: int
) -> Row:
    async with database.transaction() as connection:
        position = await fan_outs.begin(connection, tenant_id, campaign_id, audience)
        return await fan_outs.write_chunk(connection, position, size)


async def _all(database: Database, tenant_id: int, campaign_id: int, audience: Audience) -> Row:
    while True:
        position = await _chunk(database, tenant_id, campaign_id, audience, 1_000)
        if position["finished_at"]:
            return position


async def _rows(database: Database, table: Any, campaign: Made) -> list[Row]:
    async with database.reading() as connection:
        order = table.c.number if table is batches else table.c.id
        found = select(table).where(table.c.campaign_id == campaign.id).order_by(order)
        return list(await every(connection, found))


async def test_everybody_is_written_down_once_and_every_queued_row_is_in_one_batch(
    database: Database, tenant: MadeTenant
) -> None:
    await _contacts(database, tenant.id, 2_345)
    campaign = await make_campaign(database, tenant.id)
    position = await _all(database, tenant.id, campaign.id, EVERYBODY)
    rows = await _rows(database, messages, campaign)
    assert len({row["contact_id"] for row in rows}) == 2_345
    assert position["audience_count"] == position["queued_count"] == 2_345
    covered = [
        row["id"]
        for batch in await _rows(database, batches, campaign)
        for row in rows
        if batch["first_message_id"] <= row["id"] <= batch["last_message_id"]
    ]
    assert sorted(covered) == [row["id"] for row in rows]


async def test_a_batch_holds_500_at_most_and_counts_them(
    database: Database, tenant: MadeTenant
) -> None:
    await _contacts(database, tenant.id, 1_200)
    campaign = await make_campaign(database, tenant.id)
    await _all(database, tenant.id, campaign.id, EVERYBODY)
    counts = [row["message_count"] for row in await _rows(database, batches, campaign)]
    assert sum(counts) == 1_200
    assert max(counts) == fan_outs.BATCH_SIZE


async def test_each_skipped_person_has_a_row_with_the_reason(
    database: Database, tenant: MadeTenant
) -> None:
    made = await make_list(database, tenant.id)
    for email, consent in (("a@x.org", "subscribed"), ("b@x.org", "unsubscribed")):
        await make_contact(database, tenant.id, email, list_id=made.id, consent=consent)
    await make_contact(database, tenant.id, "c@x.org", list_id=made.id, consent="unconfirmed")
    await make_contact(database, tenant.id, "d@x.org", list_id=made.id)
    await make_contact(database, tenant.id, "e@x.org", list_id=made.id)
    await make_contact(database, tenant.id, "elsewhere@x.org")
    async with database.transaction() as connection:
        await connection.execute(
            insert(suppressions).values(
                tenant_id=tenant.id, uuid=new_id(), email_key="d@x.org", reason="bounce"
            )
        )
        await connection.execute(
            text(
                "UPDATE list_members SET state = 'unsubscribed' FROM contacts c"
                " WHERE c.id = contact_id AND c.email = 'e@x.org'"
            )
        )
    campaign = await make_campaign(database, tenant.id, list_id=made.id)
    position = await _all(database, tenant.id, campaign.id, Audience(made.id, None))
    reasons = {row["email"]: row["reason"] for row in await _rows(database, messages, campaign)}
    assert reasons == {
        "a@x.org": None,
        "b@x.org": "unsubscribed",
        "c@x.org": "unconfirmed",
        "d@x.org": "suppressed",
        "e@x.org": "list_unsubscribed",
    }
    assert (position["queued_count"], position["skipped_count"]) == (1, 4)


async def test_writing_the_same_people_again_changes_nothing(
    database: Database, tenant: MadeTenant
) -> None:
    await _contacts(database, tenant.id, 30)
    campaign = await make_campaign(database, tenant.id)
    await _all(database, tenant.id, campaign.id, EVERYBODY)
    before = await _rows(database, messages, campaign)
    async with database.transaction() as connection:
        await connection.execute(
            text("UPDATE fan_outs SET last_contact_id = 0, finished_at = NULL")
        )
    position = await _all(database, tenant.id, campaign.id, EVERYBODY)
    assert await _rows(database, messages, campaign) == before
    assert position["audience_count"] == 30
    assert len(await _rows(database, batches, campaign)) == 1


async def test_a_chunk_that_is_rolled_back_is_written_again(
    database: Database, tenant: MadeTenant
) -> None:
    await _contacts(database, tenant.id, 50)
    campaign = await make_campaign(database, tenant.id)
    await _chunk(database, tenant.id, campaign.id, EVERYBODY, 20)
    try:
        async with database.transaction() as connection:
            position = await fan_outs.begin(connection, tenant.id, campaign.id, EVERYBODY)
            await fan_outs.write_chunk(connection, position, 20)
            raise InterruptedError
    except InterruptedError:
        pass
    await _all(database, tenant.id, campaign.id, EVERYBODY)
    rows = await _rows(database, messages, campaign)
    assert len(rows) == len({row["contact_id"] for row in rows}) == 50


async def test_another_audience_keeps_who_was_mailed_and_drops_who_was_not(
    database: Database, tenant: MadeTenant
) -> None:
    first, second = [await make_list(database, tenant.id) for _ in range(2)]
    for email in ("mailed@x.org", "untried@x.org"):
        await make_contact(database, tenant.id, email, list_id=first.id)
    await make_contact(database, tenant.id, "new@x.org", list_id=second.id)
    campaign = await make_campaign(database, tenant.id)
    await _all(database, tenant.id, campaign.id, Audience(first.id, None))
    async with database.transaction() as connection:
        await connection.execute(
            text("UPDATE messages SET state = 'sent' WHERE email = 'mailed@x.org'")
        )
        await connection.execute(text("UPDATE batches SET sent = 1"))
        await fan_outs.start_over(connection, tenant.id, campaign.id, Audience(second.id, None))
    position = await _all(database, tenant.id, campaign.id, Audience(second.id, None))
    rows = await _rows(database, messages, campaign)
    assert {row["email"]: row["state"] for row in rows} == {
        "mailed@x.org": "sent",
        "new@x.org": "queued",
    }
    assert position["audience_count"] == position["queued_count"] == 2
