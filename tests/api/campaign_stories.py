"""Campaigns brought to where a test begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx2
from sqlalchemy import update

from mailwright.store.database import Database
from mailwright.store.tables import campaigns
from tests.builders import Made, MadeTenant, make_contact, make_list, make_sender

STATES = ("draft", "scheduled", "queued", "sending", "paused", "sent", "failed", "canceled")

#: Seed 003, "Campaign object".
FULL_FIELDS = frozenset(
    [
        "uuid",
        "name",
        "status",
        "subject",
        "preheader",
        "from_name",
        "reply_to",
        "from_identity",
        "from_email",
        "content",
        "content_editable_via_api",
        "content_overwrite_required",
        "audience",
        "readiness",
        "created_at",
        "updated_at",
        "last_updated_at",
    ]
)

RICH_DOCUMENT: dict[str, Any] = {
    "type": "doc",
    "content": [
        {"type": "paragraph", "content": [{"type": "text", "text": "Hello from the harbour."}]},
        {"type": "button", "attrs": {"text": "Read on", "href": "https://harbour.example/"}},
    ],
}


def layout(*nodes: dict[str, Any]) -> dict[str, Any]:
    """A document with a paragraph before `nodes`."""
    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": "Before."}]}
    return {"type": "doc", "content": [paragraph, *nodes]}


@dataclass(frozen=True, slots=True)
class Ready:
    """A campaign that can be sent, and what it refers to."""

    uuid: str
    sender: Made
    list: Made
    contact: Made

    @property
    def path(self) -> str:
        """Where it is."""
        return f"/campaigns/{self.uuid}"


async def create(api: httpx2.AsyncClient, **fields: Any) -> dict[str, Any]:
    """The `data` of a new campaign."""
    answer = await api.post("/campaigns", json={"name": "May newsletter"} | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


async def read(api: httpx2.AsyncClient, uuid: str) -> dict[str, Any]:
    """The campaign as it is now."""
    answer = await api.get(f"/campaigns/{uuid}")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def ready(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, **fields: Any
) -> Ready:
    """A campaign that can be sent, to one contact."""
    sender = await make_sender(database, tenant.id)
    audience = await make_list(database, tenant.id)
    contact = await make_contact(database, tenant.id, list_id=audience.id)
    made = await create(
        api,
        **{
            "subject": "News",
            "from_name": "Ada",
            "from_identity": str(sender.uuid),
            "list_uuid": str(audience.uuid),
            "content": "Hello there.",
        }
        | fields,
    )
    assert made["readiness"]["can_send"], made["readiness"]
    return Ready(made["uuid"], sender, audience, contact)


async def put_in(database: Database, uuid: str, state: str, **columns: Any) -> None:
    """Puts a campaign into a state, however it may have come there."""
    async with database.transaction() as connection:
        await connection.execute(
            update(campaigns).where(campaigns.c.uuid == uuid).values(state=state, **columns)
        )


def code(answer: httpx2.Response) -> str:
    """The error's stable code."""
    return answer.json()["error"]["code"]


def details(answer: httpx2.Response) -> dict[str, Any]:
    """The error's details."""
    return answer.json()["error"]["details"]
