"""Writing an audience into the ledger, a chunk at a time, and remembering how far it got.

One chunk is one statement: the contacts after the last one by id, a message for each (queued, or
skipped with its reason, which is an event, too), a batch for every 500 queued ones, and the new
position. So whatever is
killed, position and ledger agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from sqlalchemy import (
    CTE,
    BigInteger,
    Delete,
    Integer,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    null,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.locale_routing import Routing
from mailwright.domain.message_lifecycle import MessageState, SkipReason
from mailwright.store.audiences import Audience, named, skip_reason
from mailwright.store.locale_routing import routed
from mailwright.store.rows import AnySelect, Row, maybe_one, only
from mailwright.store.tables import batches, contacts, events, fan_outs, messages

BATCH_SIZE = 500  # messages a worker takes at once


async def begin(
    connection: AsyncConnection,
    tenant_id: int,
    campaign_id: int,
    audience: Audience,
    routing: Routing | None = None,
) -> Row:
    """The position of this campaign's fan-out, made at its first call, locked until the commit."""
    values = {"audience": _as_json(audience), "routing": routing and routing.as_json()}
    await connection.execute(
        upsert(fan_outs)
        .values(tenant_id=tenant_id, campaign_id=campaign_id, **values)
        .on_conflict_do_nothing()
    )
    found = select(fan_outs).where(_is(tenant_id, campaign_id)).with_for_update()
    return await only(connection, found)


async def get(connection: AsyncConnection, tenant_id: int, campaign_id: int) -> Row | None:
    """The position, or None for a campaign that never began."""
    return await maybe_one(connection, select(fan_outs).where(_is(tenant_id, campaign_id)))


def is_for(position: Row, audience: Audience, routing: Routing | None = None) -> bool:
    """Whether the rows written so far are for this audience, and say who gets which variant."""
    routed_so = position["routing"] == (routing and routing.as_json())
    return routed_so and position["audience"] == _as_json(audience)


async def start_over(
    connection: AsyncConnection,
    tenant_id: int,
    campaign_id: int,
    audience: Audience,
    routing: Routing | None = None,
) -> Row:
    """The position at the beginning, for others, or other variants, than written down so far.

    Rows that were never tried go; whoever was mailed, or may have been, stays, and is not written
    down again.
    """
    untried = (await connection.execute(_untried(tenant_id, campaign_id))).rowcount
    await connection.execute(_untouched_batches(tenant_id, campaign_id))
    restarted = (
        update(fan_outs)
        .where(_is(tenant_id, campaign_id))
        .values(
            audience=_as_json(audience),
            routing=null() if routing is None else routing.as_json(),
            last_contact_id=0,
            finished_at=null(),
            audience_count=fan_outs.c.audience_count - untried,
            queued_count=fan_outs.c.queued_count - untried,
        )
        .returning(fan_outs)
    )
    return await only(connection, restarted)


async def write_chunk(
    connection: AsyncConnection, position: Row, size: int, *, quota_left: int | None = None
) -> Row:
    """The position after the next `size` contacts; `finished_at` is set when they were the last.

    Audience and routing are those the fan-out began with, whatever has become of its segment and
    template since. `quota_left`: who comes after that many is skipped; None: everybody counts.
    """
    audience = Audience(**position["audience"])
    stored = position["routing"]
    routing = None if stored is None else Routing.of_json(stored)
    key = position["tenant_id"], position["campaign_id"]
    limit = None
    if quota_left is not None:
        has_rows = await _has_rows_after(connection, *key, position["last_contact_id"])
        limit = _Limit(has_rows_already=has_rows)
    statement = _chunk(*key, audience, routing, limit)
    values = {
        "size": size,
        "last_contact_id": position["last_contact_id"],
        "next_number": position["next_batch_number"],
    }
    if quota_left is not None:
        values["quota_left"] = max(quota_left, 0)
    return cast("Row", (await connection.execute(statement, values)).mappings().one())


async def analyze(connection: AsyncConnection) -> None:
    """Tells the planner about the first rows, or it takes an empty ledger for granted."""
    await connection.execute(text("ANALYZE messages, batches"))


def _chunk(
    tenant_id: int,
    campaign_id: int,
    audience: Audience,
    routing: Routing | None,
    limit: _Limit | None,
) -> Update:
    found = _found(tenant_id, audience, routing)
    if limit is not None:
        found = _within_quota(found, tenant_id, campaign_id, limit)
    written = _written(tenant_id, campaign_id, found)
    batched = _batched(tenant_id, campaign_id, written)
    noted = _noted(tenant_id, campaign_id, written)
    total, queued, skipped = (
        select(func.count()).select_from(written).scalar_subquery(),
        _count_of(written, MessageState.QUEUED),
        _count_of(written, MessageState.SKIPPED),
    )
    seen = select(func.count()).select_from(found).scalar_subquery()
    last = select(func.max(found.c.id)).scalar_subquery()
    more = select(func.count()).select_from(batched).scalar_subquery()
    return (
        update(fan_outs)
        .where(_is(tenant_id, campaign_id))
        .values(
            last_contact_id=func.coalesce(last, fan_outs.c.last_contact_id),
            next_batch_number=fan_outs.c.next_batch_number + more,
            audience_count=fan_outs.c.audience_count + total,
            queued_count=fan_outs.c.queued_count + queued,
            skipped_count=fan_outs.c.skipped_count + skipped,
            finished_at=case((seen < bindparam("size", type_=Integer), func.now())),
        )
        .returning(fan_outs)
        .add_cte(noted)
    )


def _found(tenant_id: int, audience: Audience, routing: Routing | None) -> CTE:
    """The next contacts, which variant they get, and why one of them is not mailed."""
    way = routed(routing)
    reason = skip_reason(tenant_id, audience)
    if routing is not None and routing.requires_variant:
        uncovered = case((~way.is_covered, SkipReason.NO_LOCALE_VARIANT.value))
        reason = func.coalesce(reason, uncovered)
    return (
        select(
            contacts.c.id,
            contacts.c.email,
            way.locale.label("locale"),
            way.variant_id.label("variant_id"),
            reason.label("reason"),
        )
        .where(named(tenant_id, audience), contacts.c.id > bindparam("last_contact_id"))
        .order_by(contacts.c.id)
        .limit(bindparam("size", type_=Integer))
        .cte("found")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )


@dataclass(frozen=True, slots=True)
class _Limit:
    """There is a quota. `has_rows_already`: the fan-out started over, and some were mailed."""

    has_rows_already: bool


async def _has_rows_after(
    connection: AsyncConnection, tenant_id: int, campaign_id: int, contact_id: int
) -> bool:
    """Whether somebody further on has a row: only where the fan-out started over."""
    ahead = exists(
        select(1).where(
            messages.c.tenant_id == tenant_id,
            messages.c.campaign_id == campaign_id,
            messages.c.contact_id > contact_id,
        )
    )
    return bool(await connection.scalar(select(ahead)))


def _within_quota(found: CTE, tenant_id: int, campaign_id: int, limit: _Limit) -> CTE:
    """The same contacts; from the moment when the month's quota is used up they are skipped.

    Who has a row already does not count again.
    """
    is_wanted = found.c.reason.is_(None)
    if limit.has_rows_already:
        has_row = exists(
            select(1).where(
                messages.c.tenant_id == tenant_id,
                messages.c.campaign_id == campaign_id,
                messages.c.contact_id == found.c.id,
            )
        )
        is_wanted = and_(is_wanted, ~has_row)
    place = func.row_number().over(partition_by=is_wanted, order_by=found.c.id)
    beyond = and_(is_wanted, place > bindparam("quota_left", type_=BigInteger))
    return select(
        found.c.id,
        found.c.email,
        found.c.locale,
        found.c.variant_id,
        case((beyond, SkipReason.QUOTA.value), else_=found.c.reason).label("reason"),
    ).cte("allowed")


def _written(tenant_id: int, campaign_id: int, found: CTE) -> CTE:
    """Their rows. Who has one already keeps it: nobody is written down twice."""
    rows: AnySelect = select(
        literal(tenant_id),
        literal(campaign_id),
        found.c.id,
        found.c.email,
        found.c.locale,
        found.c.variant_id,
        case(
            (found.c.reason.is_(None), MessageState.QUEUED.value),
            else_=MessageState.SKIPPED.value,
        ),
        found.c.reason,
    ).order_by(found.c.id)
    into = "tenant_id campaign_id contact_id email locale variant_id state reason"
    return (
        upsert(messages)
        .from_select(into.split(), rows)
        .on_conflict_do_nothing(index_elements=["tenant_id", "campaign_id", "contact_id"])
        .returning(messages.c.id, messages.c.state, messages.c.contact_id, messages.c.reason)
        .cte("written")
    )


def _noted(tenant_id: int, campaign_id: int, written: CTE) -> CTE:
    """Who is left out is a fact for the log."""
    rows: AnySelect = select(
        literal(tenant_id),
        func.now(),
        written.c.state,
        written.c.id,
        literal(campaign_id),
        written.c.contact_id,
        func.jsonb_build_object("reason", written.c.reason),
    ).where(written.c.state == MessageState.SKIPPED)
    into = "tenant_id at kind message_id campaign_id contact_id data"
    return insert(events).from_select(into.split(), rows).cte("noted")


def _batched(tenant_id: int, campaign_id: int, written: CTE) -> CTE:
    """One batch for every `BATCH_SIZE` queued rows, by id, so that ranges never overlap."""
    part = (func.row_number().over(order_by=written.c.id) - 1) // BATCH_SIZE
    numbered = (
        select(written.c.id, part.label("part"))
        .where(written.c.state == MessageState.QUEUED)
        .cte("numbered")
    )
    rows: AnySelect = select(
        literal(tenant_id),
        literal(campaign_id),
        bindparam("next_number", type_=Integer) + numbered.c.part,
        func.min(numbered.c.id),
        func.max(numbered.c.id),
        func.count(),
    ).group_by(numbered.c.part)
    columns = [
        "tenant_id",
        "campaign_id",
        "number",
        "first_message_id",
        "last_message_id",
        "message_count",
    ]
    return insert(batches).from_select(columns, rows).returning(batches.c.number).cte("batched")


def _untried(tenant_id: int, campaign_id: int) -> Delete:
    """Deletes queued rows whose mail certainly never left."""
    in_flight = (
        select(func.unnest(batches.c.in_flight))
        .where(batches.c.tenant_id == tenant_id, batches.c.campaign_id == campaign_id)
        .where(batches.c.state != "done")
    )
    return delete(messages).where(
        messages.c.tenant_id == tenant_id,
        messages.c.campaign_id == campaign_id,
        messages.c.state == MessageState.QUEUED,
        messages.c.possibly_repeated.is_(False),
        messages.c.id.not_in(in_flight),
    )


def _untouched_batches(tenant_id: int, campaign_id: int) -> Delete:
    """Deletes batches none of whose rows has had an outcome; the others end by themselves."""
    counts = (
        batches.c.sent,
        batches.c.deferred,
        batches.c.bounced,
        batches.c.failed,
        batches.c.skipped,
        batches.c.canceled,
    )
    return delete(batches).where(
        batches.c.tenant_id == tenant_id,
        batches.c.campaign_id == campaign_id,
        batches.c.state == "open",
        func.cardinality(batches.c.in_flight) == 0,
        batches.c.message_ids.is_(None),
        *(count == 0 for count in counts),
    )


def _count_of(written: CTE, state: MessageState) -> Any:
    return (
        select(func.count()).select_from(written).where(written.c.state == state).scalar_subquery()
    )


def _is(tenant_id: int, campaign_id: int) -> Any:
    return and_(fan_outs.c.tenant_id == tenant_id, fan_outs.c.campaign_id == campaign_id)


def _as_json(audience: Audience) -> Mapping[str, Any]:
    return asdict(audience)
