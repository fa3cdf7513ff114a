"""Who sends a campaign when nobody said so: its project's sender, else the tenant's first one.

For doors whose campaigns name no sender (design section 6, "Sender of a MailingCore campaign").
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.campaign_lifecycle import CampaignState
from mailwright.services import campaign_transitions, campaigns
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store import campaigns as store
from mailwright.store import projects, senders
from mailwright.store.rows import Row


async def give_sender(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> None:
    """A draft without a sender has one from now on, and its name; others stay as they are.

    Called before a test, so that what is sent later comes from whom the test came from. Where
    there is no sender to give, readiness says so. Raises NotFound.
    """
    caller.require("campaigns:write")
    async with runtime.database.transaction() as connection:
        campaign_id = await campaigns.id_of(connection, caller, campaign_uuid)
        row = await campaign_transitions.take(connection, caller, campaign_id)
        if row["state"] != CampaignState.DRAFT:
            return
        sender = await _sender_of(connection, row)
        if sender is None:
            return
        values = {"sender_id": sender["id"], "from_name": row["from_name"] or sender["name"]}
        if any(row[name] != value for name, value in values.items()):
            await store.change(connection, caller.tenant_id, campaign_id, values)


async def name_of(runtime: Runtime, caller: Caller, sender_uuid: UUID) -> str | None:
    """How one of the tenant's senders calls itself, for doors that name only the sender."""
    caller.require("campaigns:write")
    async with runtime.database.reading() as connection:
        row = await senders.get(connection, caller.tenant_id, sender_uuid)
    return row["name"] if row else None


async def _sender_of(connection: AsyncConnection, campaign: Row) -> Row | None:
    """Its own, else its project's, even one that was disabled: nobody else speaks for a brand."""
    tenant_id = campaign["tenant_id"]
    if campaign["sender_id"] is not None:
        return await senders.by_id(connection, tenant_id, campaign["sender_id"])
    if campaign["project_id"] is not None:
        project = await projects.get(connection, tenant_id, campaign["project_id"])
    else:
        project = await projects.default(connection, tenant_id)
    if project is not None and project["sender_id"] is not None:
        return await senders.by_id(connection, tenant_id, project["sender_id"])
    return await senders.first_enabled(connection, tenant_id)
