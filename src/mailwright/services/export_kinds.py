"""What can be exported in the background: for each kind its columns, its rows, what it needs.

To add a kind: three functions and a line in `KINDS`. `rows` reads on after a position, which is a
number the rows grow by, so that a file of any length is written in short transactions and goes on
where a killed process left it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.services import (
    campaign_event_query,
    campaign_event_views,
    exports,
    reports,
    suppressions,
)
from mailwright.store import campaign_events as event_rows
from mailwright.store import exports as contact_rows
from mailwright.store import recipients
from mailwright.store import reports as report_rows
from mailwright.store import suppressions as suppression_rows
from mailwright.store.audiences import Audience

Parameters: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Position:
    """Where to read on: after a number, so many rows, below these columns."""

    header: Sequence[str]
    after: int
    limit: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows, and the position of the last of them."""

    rows: Sequence[Sequence[Any]]
    position: int


@dataclass(frozen=True, slots=True)
class ExportKind:
    """One thing that can be exported, of a tenant and with parameters.

    `scope`: what its reader must be allowed to see. `header`: the columns, looked up once. `count`:
    how many rows there will be, about, for showing progress. `rows`: the next ones; None: no more.
    """

    scope: str
    header: Callable[[AsyncConnection, int, Parameters], Awaitable[list[str]]]
    count: Callable[[AsyncConnection, int, Parameters], Awaitable[int]]
    rows: Callable[[AsyncConnection, int, Parameters, Position], Awaitable[Piece | None]]


async def _contact_header(connection: AsyncConnection, tenant_id: int, _: Parameters) -> list[str]:
    keys = await contact_rows.attribute_keys(connection, tenant_id)
    return exports.contact_header(keys, with_tags=True)


async def _contact_count(
    connection: AsyncConnection, tenant_id: int, parameters: Parameters
) -> int:
    audience, states = _audience(parameters), parameters.get("states")
    return await contact_rows.count_contacts(connection, tenant_id, audience, states=states)


async def _contacts(
    connection: AsyncConnection, tenant_id: int, parameters: Parameters, place: Position
) -> Piece | None:
    """Contacts of a list, of a rule or of both (`list_id`, `rule`, `states`), by their ids."""
    found = await contact_rows.page_of_contacts(
        connection,
        tenant_id,
        _audience(parameters),
        after_id=place.after,
        limit=place.limit,
        states=parameters.get("states"),
    )
    if not found:
        return None
    tags = await contact_rows.tags_of(connection, tenant_id, [row["id"] for row in found])
    rows = [exports.contact_cells(row, place.header, tags.get(row["id"], [])) for row in found]
    return Piece(rows, found[-1]["id"])


async def _recipient_header(
    _: AsyncConnection, _tenant_id: int, _parameters: Parameters
) -> list[str]:
    return list(exports.RECIPIENT_COLUMNS)


async def _recipient_count(
    connection: AsyncConnection, tenant_id: int, parameters: Parameters
) -> int:
    everybody = recipients.RecipientFilter()
    return await recipients.count(connection, tenant_id, parameters["campaign_id"], everybody)


async def _recipients(
    connection: AsyncConnection, tenant_id: int, parameters: Parameters, place: Position
) -> Piece | None:
    """The ledger of one campaign (`campaign_id`), in its own order."""
    found = await recipients.page(
        connection,
        tenant_id,
        parameters["campaign_id"],
        recipients.RecipientFilter(),
        limit=place.limit,
        after_id=place.after,
    )
    if not found:
        return None
    return Piece([[row[name] for name in place.header] for row in found], found[-1]["id"])


async def _event_header(_: AsyncConnection, _tenant_id: int, _parameters: Parameters) -> list[str]:
    return list(campaign_event_views.EXPORTED)


async def _event_count(connection: AsyncConnection, tenant_id: int, parameters: Parameters) -> int:
    wanted = campaign_event_query.kept(parameters)
    return await event_rows.count(connection, tenant_id, wanted) if wanted.campaign_ids else 0


async def _events(
    connection: AsyncConnection, tenant_id: int, parameters: Parameters, place: Position
) -> Piece | None:
    """A log (`campaign_events.stored`), as far as it went when the export was asked for."""
    wanted = campaign_event_query.kept(parameters)
    if not wanted.campaign_ids:
        return None
    found = await event_rows.page(
        connection, tenant_id, wanted, limit=place.limit, after_id=place.after
    )
    if not found:
        return None
    return Piece([campaign_event_views.cells(row) for row in found], found[-1]["id"])


async def _report_header(_: AsyncConnection, _tenant_id: int, _parameters: Parameters) -> list[str]:
    return list(reports.EXPORTED)


async def _report_count(connection: AsyncConnection, tenant_id: int, parameters: Parameters) -> int:
    return await report_rows.count_campaigns(connection, tenant_id, up_to=parameters["up_to"])


async def _reports(
    connection: AsyncConnection, tenant_id: int, parameters: Parameters, place: Position
) -> Piece | None:
    """The figures of every campaign there was then (`up_to`), one a line."""
    found = await report_rows.page_of_figures(
        connection, tenant_id, after_id=place.after, up_to=parameters["up_to"], limit=place.limit
    )
    if not found:
        return None
    return Piece([reports.cells(row) for row in found], found[-1]["id"])


async def _suppression_header(
    _: AsyncConnection, _tenant_id: int, _parameters: Parameters
) -> list[str]:
    return list(suppressions.EXPORTED)


async def _suppression_count(connection: AsyncConnection, tenant_id: int, _: Parameters) -> int:
    return await suppression_rows.count(connection, tenant_id)


async def _suppressions(
    connection: AsyncConnection, tenant_id: int, _: Parameters, place: Position
) -> Piece | None:
    """Everything that is suppressed, in the order in which it was."""
    found = await suppression_rows.after(
        connection, tenant_id, after_id=place.after, limit=place.limit
    )
    if not found:
        return None
    return Piece([suppressions.cells(row) for row in found], found[-1]["id"])


#: Every kind by the word that is stored.
KINDS: Mapping[str, ExportKind] = {
    "campaign-events": ExportKind("campaigns:read", _event_header, _event_count, _events),
    "campaign-reports": ExportKind("campaigns:read", _report_header, _report_count, _reports),
    "list-events": ExportKind("campaigns:read", _event_header, _event_count, _events),
    "contacts": ExportKind("contacts:read", _contact_header, _contact_count, _contacts),
    "suppressions": ExportKind(
        "suppressions:read", _suppression_header, _suppression_count, _suppressions
    ),
    "recipients": ExportKind("campaigns:read", _recipient_header, _recipient_count, _recipients),
}


def _audience(parameters: Parameters) -> Audience:
    return Audience(parameters.get("list_id"), parameters.get("rule"))
