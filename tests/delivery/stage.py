"""A campaign about to be sent, a mail server and workers: the stage of every test of the engine."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from pydantic import SecretStr
from sqlalchemy import insert, select, text, update

from mailwright.delivery import fan_out, finish, worker
from mailwright.delivery.pace import Pace
from mailwright.domain.campaign_lifecycle import CampaignEvent
from mailwright.domain.ids import new_id
from mailwright.services import campaign_transitions
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store import batches, fan_outs
from mailwright.store.rows import Row, every
from mailwright.store.tables import campaigns, contacts, messages
from tests.builders import Made, MadeTenant, make_campaign, make_list, make_sender
from tests.smtp_sink import SmtpSink

#: The engine's pace for tests: everything a good deal sooner.
FAST = Pace(lease_seconds=2.0, look_seconds=0.05, poll_seconds=0.05, retry_seconds=0.05)


@dataclass(frozen=True)
class Stage:
    """One tenant's campaign to a list, and the sink its mails go to."""

    runtime: Runtime
    tenant: MadeTenant
    caller: Caller
    sink: SmtpSink
    list_id: int
    campaign: Made

    async def start(self) -> None:
        """Says "send" and writes the audience into the ledger."""
        await self.happens(CampaignEvent.SEND)
        assert await fan_out.start(self.runtime, self.tenant.id, self.campaign.id)
        while await fan_out.write_chunk(self.runtime, self.tenant.id, self.campaign.id):
            pass

    async def happens(self, event: CampaignEvent) -> Row:
        async with self.runtime.database.transaction() as connection:
            return await campaign_transitions.apply(
                connection, self.runtime, self.caller, self.campaign.id, event
            )

    async def change(self, **values: Any) -> None:
        """Sets columns of the campaign."""
        await self.execute(
            update(campaigns).where(campaigns.c.id == self.campaign.id).values(**values)
        )

    async def execute(self, statement: Any) -> None:
        async with self.runtime.database.transaction() as connection:
            await connection.execute(text(statement) if isinstance(statement, str) else statement)

    async def state(self) -> str:
        return (await self.row())["state"]

    async def row(self) -> Row:
        async with self.runtime.database.reading() as connection:
            found = select(campaigns).where(campaigns.c.id == self.campaign.id)
            return (await every(connection, found))[0]

    async def ledger(self) -> dict[str, Row]:
        """The campaign's rows by address."""
        async with self.runtime.database.reading() as connection:
            found = select(messages).where(messages.c.campaign_id == self.campaign.id)
            return {row["email"]: row for row in await every(connection, found)}

    async def tally(self) -> Counter[str]:
        """How many rows there are in each state."""
        return Counter(row["state"] for row in (await self.ledger()).values())

    async def counts_add_up(self) -> bool:
        """Whether the sums over fan-out and batches tell what the ledger tells."""
        async with self.runtime.database.reading() as connection:
            position = await fan_outs.get(connection, self.tenant.id, self.campaign.id)
            found = await batches.counts(connection, self.tenant.id, [self.campaign.id])
        assert position is not None
        sums = dict(found.get(self.campaign.id, {}))
        ledger = await self.ledger()
        tally = Counter(row["state"] for row in ledger.values())
        done = {name: sums.get(name, 0) for name in batches.COUNTS if name != "possibly_repeated"}
        done["queued"] = position["queued_count"] - sum(done.values())
        done["skipped"] += position["skipped_count"]
        repeated = sum(row["possibly_repeated"] for row in ledger.values())
        return (
            {name: count for name, count in done.items() if count} == tally
            and position["audience_count"] == len(ledger)
            and sums.get("possibly_repeated", 0) == repeated
        )

    async def is_closed(self) -> bool:
        """Closes what it can of a canceled campaign; whether all of it is."""
        key = self.tenant.id, self.campaign.id
        while await finish.close_chunk(self.runtime, *key):
            pass
        return await finish.is_closed(self.runtime, *key)

    async def until(self, condition: Callable[[], Any], seconds: float = 10.0) -> None:
        """Waits until the (possibly async) condition holds."""
        async with asyncio.timeout(seconds):
            while True:
                found = condition()
                if await found if asyncio.iscoroutine(found) else found:
                    return
                await asyncio.sleep(0.01)

    async def until_state(self, state: str, seconds: float = 10.0) -> None:
        async def reached() -> bool:
            return await self.state() == state

        await self.until(reached, seconds)

    @asynccontextmanager
    async def working(self, pace: Pace = FAST) -> AsyncGenerator[asyncio.Event]:
        """A worker runs as long as the block, or until the event it gives is set."""
        stop = asyncio.Event()
        task = asyncio.create_task(worker.run(self.runtime, stop=stop, pace=pace))
        try:
            yield stop
        finally:
            stop.set()
            async with asyncio.timeout(10):
                await task


async def add_contacts(runtime: Runtime, tenant_id: int, list_id: int, count: int) -> None:
    """`p0@example.org`, `p1@example.org`, … on the list, subscribed."""
    rows = [
        {
            "tenant_id": tenant_id,
            "uuid": new_id(),
            "email": f"p{number}@example.org",
            "email_key": f"p{number}@example.org",
            "first_name": f"Person {number}",
        }
        for number in range(count)
    ]
    async with runtime.database.transaction() as connection:
        await connection.execute(insert(contacts), rows)
        await connection.execute(
            text(
                "INSERT INTO list_members (tenant_id, list_id, contact_id)"
                " SELECT tenant_id, :list_id, id FROM contacts WHERE tenant_id = :tenant_id"
                " ON CONFLICT DO NOTHING"
            ),
            {"list_id": list_id, "tenant_id": tenant_id},
        )


@asynccontextmanager
async def set_stage(
    runtime: Runtime, tenant: MadeTenant, caller: Caller, *, people: int, url: str = "", **more: Any
) -> AsyncGenerator[Stage]:
    """A ready campaign to `people` contacts; `url` adds parameters to the transport's."""
    async with SmtpSink() as sink:
        smtp_url = f"smtp://127.0.0.1:{sink.transport.port}{url}"
        values = {"smtp_url": SecretStr(smtp_url), **more}
        settings = runtime.settings.model_copy(update=values)
        runtime = replace(runtime, settings=settings)
        database = runtime.database
        sender = await make_sender(database, tenant.id, "news@example.com")
        made = await make_list(database, tenant.id)
        if people:
            await add_contacts(runtime, tenant.id, made.id, people)
        campaign = await make_campaign(
            database, tenant.id, sender_id=sender.id, list_id=made.id, from_name="News"
        )
        yield Stage(runtime, tenant, caller, sink, made.id, campaign)
