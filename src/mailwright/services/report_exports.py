"""Logs and reports as files, written in the background (export_tasks.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from mailwright.errors import NotFound
from mailwright.services import campaign_events, export_tasks
from mailwright.services.caller import Caller
from mailwright.services.campaign_event_query import EventQuery
from mailwright.services.export_tasks import ExportFilter, ExportView, NewExport
from mailwright.services.numbers import number_of
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import reports as store

#: The kinds of exports made here (export_kinds.py).
CAMPAIGN_LOG = "campaign-events"
LIST_LOG = "list-events"
REPORTS = "campaign-reports"


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
    new = NewExport(CAMPAIGN_LOG, parameters, description, origin=origin)
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
    list_id = await number_of(runtime, caller, "list", list_uuid)
    new = NewExport(LIST_LOG, parameters, description, list_id=list_id, origin=origin)
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
    new = NewExport(REPORTS, {"up_to": up_to}, description, origin=origin)
    return await export_tasks.start_export(runtime, caller, new)


async def page_of(
    runtime: Runtime, caller: Caller, page: Page, kind: str, about: Mapping[str, str]
) -> Paged[ExportView]:
    """Exports of a kind, the newest first. `about`: `campaign_uuid` or `list_uuid` of logs."""
    wanted = ExportFilter(kinds=[kind], parameters=about or None)
    return await export_tasks.page_exports(runtime, caller, page, wanted)


async def get_of(
    runtime: Runtime, caller: Caller, export_uuid: UUID, kind: str, about: Mapping[str, str]
) -> ExportView:
    """One of them. Raises NotFound."""
    view = await export_tasks.get_export(runtime, caller, export_uuid)
    fits = all(view.parameters.get(name) == value for name, value in about.items())
    if view.kind != kind or not fits:
        raise NotFound("There is no such export.")
    return view
