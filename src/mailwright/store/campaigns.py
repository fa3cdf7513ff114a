"""Campaigns: their rows, their rows as people see them, and the lock every change takes."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.database import Connection
from mailwright.store.prepared import Prepared
from mailwright.store.rows import AnySelect, Row, maybe_one, only
from mailwright.store.tables import (
    campaign_bodies,
    campaigns,
    domains,
    fan_outs,
    lists,
    projects,
    segments,
    senders,
    template_versions,
    templates,
)

#: What people may sort by, with the column behind each word.
SORT_COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "created_at": campaigns.c.created_at,
    "updated_at": campaigns.c.updated_at,
    "name": campaigns.c.name,
    "scheduled_at": campaigns.c.scheduled_at,
    "schedule_set_at": campaigns.c.schedule_set_at,
}


def _joined(table: Any, column: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(table.c.tenant_id == campaigns.c.tenant_id, table.c.id == column)


def _of_campaign(table: Any) -> ColumnElement[bool]:
    return and_(table.c.tenant_id == campaigns.c.tenant_id, table.c.campaign_id == campaigns.c.id)


def _carries(table: Any) -> ColumnElement[bool]:
    """The campaign's project, or the tenant's default one."""
    own = campaigns.c.project_id
    return and_(
        table.c.tenant_id == campaigns.c.tenant_id,
        case((own.is_(None), table.c.is_default), else_=table.c.id == own),
    )


_RECIPIENTS_COUNT = func.coalesce(fan_outs.c.queued_count, 0).label("recipients_count")

#: A campaign with everything a single answer shows, in one statement.
_SEEN: AnySelect = (
    select(
        *campaigns.c,
        senders.c.uuid.label("sender_uuid"),
        senders.c.email.label("sender_email"),
        and_(senders.c.enabled, senders.c.confirmed_at.is_not(None)).label("has_sender"),
        lists.c.uuid.label("list_uuid"),
        lists.c.state.label("list_state"),
        segments.c.uuid.label("segment_uuid"),
        projects.c.uuid.label("project_uuid"),
        projects.c.outage_since,
        projects.c.outage_reason,
        projects.c.smtp_url_sealed,
        domains.c.checks.label("domain_checks"),
        campaign_bodies.c.kind.label("body_kind"),
        campaign_bodies.c.markdown,
        templates.c.uuid.label("template_uuid"),
        template_versions.c.uuid.label("version_uuid"),
        template_versions.c.state.label("version_state"),
        template_versions.c.subject.label("version_subject"),
        template_versions.c.kind.label("version_kind"),
        _RECIPIENTS_COUNT,
    )
    .select_from(campaigns)
    .outerjoin(senders, _joined(senders, campaigns.c.sender_id))
    .outerjoin(
        domains,
        and_(
            domains.c.tenant_id == senders.c.tenant_id,
            domains.c.name == func.split_part(senders.c.email_key, "@", -1),
        ),
    )
    .outerjoin(lists, _joined(lists, campaigns.c.list_id))
    .outerjoin(segments, _joined(segments, campaigns.c.segment_id))
    .outerjoin(projects, _carries(projects))
    .outerjoin(campaign_bodies, _of_campaign(campaign_bodies))
    .outerjoin(fan_outs, _of_campaign(fan_outs))
    .outerjoin(template_versions, _joined(template_versions, campaigns.c.template_version_id))
    .outerjoin(
        templates,
        and_(
            templates.c.tenant_id == template_versions.c.tenant_id,
            templates.c.id == template_versions.c.template_id,
        ),
    )
)


def _is(tenant_id: int, campaign_id: int) -> ColumnElement[bool]:
    return and_(campaigns.c.tenant_id == tenant_id, campaigns.c.id == campaign_id)


async def add(connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]) -> int:
    """The id of the new campaign, a draft. Ids of another tenant raise IntegrityError."""
    statement = insert(campaigns).values(tenant_id=tenant_id, **values).returning(campaigns.c.id)
    return (await connection.execute(statement)).scalar_one()


async def id_of(
    connection: AsyncConnection, tenant_id: int, campaign_uuid: uuid.UUID
) -> int | None:
    """The id of one of the tenant's campaigns."""
    return await connection.scalar(
        select(campaigns.c.id).where(
            campaigns.c.tenant_id == tenant_id, campaigns.c.uuid == campaign_uuid
        )
    )


async def get(connection: AsyncConnection, tenant_id: int, campaign_id: int) -> Row | None:
    """The row of one campaign."""
    return await maybe_one(connection, select(campaigns).where(_is(tenant_id, campaign_id)))


async def seen(connection: AsyncConnection, tenant_id: int, campaign_id: int) -> Row:
    """One campaign with everything a single answer shows."""
    return await only(connection, _SEEN.where(_is(tenant_id, campaign_id)))


_SEEN_BY_UUID = Prepared(
    _SEEN.where(
        campaigns.c.tenant_id == bindparam("tenant_id"), campaigns.c.uuid == bindparam("uuid")
    )
)


async def seen_by_uuid(
    connection: Connection, tenant_id: int, campaign_uuid: uuid.UUID
) -> Row | None:
    """One campaign with everything a single answer shows, or None. The hottest read of the API."""
    return await _SEEN_BY_UUID.one(connection, tenant_id=tenant_id, uuid=campaign_uuid)


@dataclass(frozen=True, slots=True)
class CampaignFilter:
    """Which campaigns, in which order; empty or None: whatever. `sort`: of SORT_COLUMNS."""

    search: str | None = None
    states: Collection[str] = ()
    sort: str = "created_at"
    descending: bool = True
    archived: bool | None = None
    name: str | None = None
    list_uuid: uuid.UUID | None = None


async def page(
    connection: Connection,
    tenant_id: int,
    wanted: CampaignFilter,
    *,
    limit: int,
    offset: int,
    in_full: bool = False,
) -> tuple[Sequence[Row], int]:
    """Condensed campaigns, or as `seen` shows them, and how many there are in all."""
    values: dict[str, object] = {"tenant_id": tenant_id}
    if wanted.search:
        values["pattern"] = _within(wanted.search)
    if wanted.states:
        values["states"] = list(wanted.states)
    for name in ("archived", "name", "list_uuid"):
        if getattr(wanted, name) is not None:
            values[name] = getattr(wanted, name)
    shape = (frozenset(values), wanted.sort, wanted.descending, in_full)
    found = await _page(*shape).every(connection, **values, limit=limit, offset=offset)
    if found or not offset:
        return found, found[0]["total"] if found else 0
    first = await _page(*shape).one(connection, **values, limit=1, offset=0)
    return [], first["total"] if first else 0


#: What each value asks of a campaign.
_ASKED: Mapping[str, ColumnElement[bool]] = {
    "tenant_id": campaigns.c.tenant_id == bindparam("tenant_id"),
    "pattern": campaigns.c.name.ilike(bindparam("pattern"), escape="/"),
    "states": campaigns.c.state == func.any(bindparam("states", type_=ARRAY(Text))),
    "archived": campaigns.c.archived == bindparam("archived"),
    "name": campaigns.c.name == bindparam("name"),
    "list_uuid": campaigns.c.list_id
    == select(lists.c.id)
    .where(lists.c.tenant_id == campaigns.c.tenant_id, lists.c.uuid == bindparam("list_uuid"))
    .correlate(campaigns)
    .scalar_subquery(),
}


_CONDENSED: AnySelect = (
    select(
        campaigns.c.uuid,
        campaigns.c.name,
        campaigns.c.state,
        campaigns.c.subject,
        campaigns.c.from_name,
        campaigns.c.language,
        campaigns.c.scheduled_at,
        campaigns.c.timezone,
        campaigns.c.created_at,
        campaigns.c.updated_at,
        _RECIPIENTS_COUNT,
    )
    .select_from(campaigns)
    .outerjoin(fan_outs, _of_campaign(fan_outs))
)


@lru_cache
def _page(asked: frozenset[str], sort: str, descending: bool, in_full: bool) -> Prepared:
    """The statement for filters of this shape; a few hundred are possible, few occur."""
    mine = [condition for name, condition in _ASKED.items() if name in asked]
    order = (SORT_COLUMNS[sort], campaigns.c.id)
    total = select(func.count()).select_from(campaigns).where(*mine).correlate(None)
    return Prepared(
        (_SEEN if in_full else _CONDENSED)
        .add_columns(total.scalar_subquery().label("total"))
        .where(*mine)
        .order_by(*(column.desc() if descending else column for column in order))
        .limit(bindparam("limit"))
        .offset(bindparam("offset"))
    )


def _within(search: str | None) -> str:
    """The pattern of texts that hold `search`, whose own % and _ mean themselves."""
    return "%" + re.sub(r"([/%_])", r"/\1", search or "") + "%"


async def lock(
    connection: AsyncConnection, tenant_id: int, campaign_id: int, *, wait_seconds: float
) -> Row | None:
    """The row, held for the rest of the transaction against every other change; None: no such.

    When somebody else holds it for longer than `wait_seconds` (0: at all), raises DBAPIError with
    SQLSTATE 55P03. NO KEY: a plain FOR UPDATE would collide with foreign-key checks.
    """
    statement = select(campaigns).where(_is(tenant_id, campaign_id))
    if not wait_seconds:
        return await maybe_one(connection, statement.with_for_update(key_share=True, nowait=True))
    await _set_lock_timeout(connection, f"{round(wait_seconds * 1000)}ms")
    row = await maybe_one(connection, statement.with_for_update(key_share=True))
    await _set_lock_timeout(connection, "0")
    return row


async def save_if_state(
    connection: AsyncConnection,
    tenant_id: int,
    campaign_id: int,
    state: str,
    values: Mapping[str, object],
) -> Row | None:
    """The row with `values` set, or None when it is no longer in `state`: compare-and-set."""
    statement = (
        update(campaigns)
        .where(_is(tenant_id, campaign_id), campaigns.c.state == state)
        .values(**values)
        .returning(campaigns)
    )
    return await maybe_one(connection, statement)


async def change(
    connection: AsyncConnection, tenant_id: int, campaign_id: int, values: Mapping[str, object]
) -> None:
    """Sets `values`. Ids of another tenant raise IntegrityError."""
    await connection.execute(update(campaigns).where(_is(tenant_id, campaign_id)).values(**values))


async def remove(connection: AsyncConnection, tenant_id: int, campaign_id: int) -> None:
    """Deletes the campaign with its body and history. The ledger keeps what was sent."""
    await connection.execute(delete(campaigns).where(_is(tenant_id, campaign_id)))


async def _set_lock_timeout(connection: AsyncConnection, value: str) -> None:
    await connection.execute(
        text("SELECT set_config('lock_timeout', :value, true)"), {"value": value}
    )
