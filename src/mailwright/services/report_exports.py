"""Logs and reports as files, written in the background (export_tasks.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from mailwright.services import campaign_events, export_tasks
from mailwright.services.caller import Caller
from mailwright.services.campaign_events import EventQuery
from mailwright.services.export_tasks import ExportView, NewExport
from mailwright.services.runtime import Runtime
from mailwright.store import reports as store


async def export_campaign_log(
    runtime: Runtime,
    caller: Caller,
    campaign_uuid: UUID,
    query: EventQuery,
    *,
    description: str | None = None,
    origin: Mapping[str, Any] | None = None,
) -> ExportView:
    """A file of the campaign's log as it is now. Raises NotFound, InvalidInput."""
    log = await campaign_events.log_of_campaign(runtime, caller, campaign_uuid, query)
    parameters = {**log, "campaign_uuid": str(campaign_uuid)}
    new = NewExport("campaign-events", parameters, description, origin=origin)
    return await export_tasks.start_export(runtime, caller, new)


async def export_list_log(
    runtime: Runtime,
    caller: Caller,
    list_uuid: UUID,
    query: EventQuery,
    *,
    description: str | None = None,
    origin: Mapping[str, Any] | None = None,
) -> ExportView:
    """A file of the log of all campaigns to a list, as it is now."""
    log = await campaign_events.log_of_list(runtime, caller, list_uuid, query)
    parameters = {**log, "list_uuid": str(list_uuid)}
    new = NewExport("list-events", parameters, description, origin=origin)
    return await export_tasks.start_export(runtime, caller, new)


async def export_reports(
    runtime: Runtime,
    caller: Caller,
    *,
    description: str | None = None,
    origin: Mapping[str, Any] | None = None,
) -> ExportView:
    """A file with the figures of every campaign there is now."""
    async with runtime.database.reading() as connection:
        up_to = await store.last_campaign(connection, caller.tenant_id)
    new = NewExport("campaign-reports", {"up_to": up_to}, description, origin=origin)
    return await export_tasks.start_export(runtime, caller, new)
