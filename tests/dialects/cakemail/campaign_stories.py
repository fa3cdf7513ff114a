"""Campaigns brought to where a test begins, in Cakemail's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx2
from sqlalchemy import update

from mailwright.store.database import Database
from mailwright.store.tables import campaigns
from tests.builders import Made, MadeTenant, make_contact, make_list, make_sender

#: How each state of ours is told.
WORDS = {
    "draft": "draft",
    "scheduled": "scheduled",
    "queued": "delivering",
    "sending": "delivering",
    "paused": "delivering",
    "sent": "delivered",
    "failed": "failed",
    "canceled": "canceled",
}

HTML = "<html><body><h1>Hello!</h1><p>Welcome to our newsletter.</p></body></html>"


@dataclass(frozen=True, slots=True)
class Ready:
    """A campaign that can be sent, and what it refers to."""

    id: int
    sender: Made
    list: Made
    contact: Made

    @property
    def path(self) -> str:
        """Where it is."""
        return f"/campaigns/{self.id}"


async def create(client: httpx2.AsyncClient, **fields: Any) -> dict[str, Any]:
    """The answer to a new campaign."""
    answer = await client.post("/campaigns", json={"name": "April Newsletter"} | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def read(client: httpx2.AsyncClient, number: int) -> dict[str, Any]:
    """The campaign as it is now."""
    answer = await client.get(f"/campaigns/{number}")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def ready(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant, **fields: Any
) -> Ready:
    """A campaign that can be sent, to one contact."""
    sender = await make_sender(database, tenant.id, "ada@example.com")
    audience = await make_list(database, tenant.id)
    contact = await make_contact(database, tenant.id, list_id=audience.id)
    told = await create(
        client,
        **{
            "sender": {"sender_id": sender.id},
            "audience": {"list_id": audience.id},
            "content": {"subject": "Our April Newsletter", "html": HTML},
        }
        | fields,
    )
    return Ready(told["id"], sender, audience, contact)


async def put_in(database: Database, number: int, state: str, **columns: Any) -> None:
    """Puts a campaign into a state, however it may have come there."""
    async with database.transaction() as connection:
        await connection.execute(
            update(campaigns).where(campaigns.c.id == number).values(state=state, **columns)
        )
