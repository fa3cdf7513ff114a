"""The people on a list, or some of them, as a file that is written in the background."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from mailwright.errors import InvalidInput, NotFound
from mailwright.services import export_tasks, list_contacts
from mailwright.services.caller import Caller
from mailwright.services.export_tasks import STATUSES, ExportFilter, ExportView, NewExport
from mailwright.services.interests import list_id_of
from mailwright.services.list_contacts import STANDINGS, MemberFilter
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime

KIND = "contacts"


async def start(
    runtime: Runtime,
    caller: Caller,
    list_uuid: UUID,
    wanted: MemberFilter,
    *,
    description: str | None = None,
    origin: Mapping[str, Any] | None = None,
) -> ExportView:
    """The export of those members; without a standing, of all of them, those who left too.

    The rule is fixed now: a segment that changes later changes no file. Raises NotFound,
    InvalidInput.
    """
    caller.require("contacts:read")
    async with runtime.database.reading() as connection:
        list_id = await list_id_of(connection, caller, list_uuid)
        rule = await list_contacts.whole_rule(connection, caller, list_id, wanted)
    if wanted.email is not None:
        only = {"field": "email", "op": "eq", "value": wanted.email}
        rule = {"all": [only, rule]} if rule else only
    standings = STANDINGS if wanted.standing is None else (wanted.standing,)
    parameters: dict[str, Any] = {"list_id": list_id, "states": list(standings)}
    if rule:
        parameters["rule"] = rule
    new = NewExport(KIND, parameters, description, list_id=list_id, origin=origin)
    return await export_tasks.start_export(runtime, caller, new)


async def page_of_list(
    runtime: Runtime,
    caller: Caller,
    list_uuid: UUID,
    page: Page,
    *,
    status: str | None = None,
    order: str = "created_at",
    descending: bool = True,
) -> Paged[ExportView]:
    """The list's exports of contacts. Raises NotFound, or InvalidInput for an unknown status."""
    caller.require("exports:read")
    if status is not None and status not in STATUSES:
        raise InvalidInput.field("filter", f"A status is one of: {', '.join(STATUSES)}.")
    async with runtime.database.reading() as connection:
        list_id = await list_id_of(connection, caller, list_uuid)
    wanted = ExportFilter(kinds=[KIND], status=status, list_id=list_id)
    return await export_tasks.page_exports(
        runtime, caller, page, wanted, order=order, descending=descending
    )


async def get_of_list(
    runtime: Runtime, caller: Caller, list_uuid: UUID, export_uuid: UUID
) -> ExportView:
    """One of them. Raises NotFound."""
    view = await export_tasks.get_export(runtime, caller, export_uuid)
    async with runtime.database.reading() as connection:
        list_id = await list_id_of(connection, caller, list_uuid)
    if view.kind != KIND or view.parameters.get("list_id") != list_id:
        raise NotFound("There is no such export.")
    return view
