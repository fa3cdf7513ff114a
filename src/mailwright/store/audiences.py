"""Whom a campaign is for: list ∩ segment ∩ filter, and why some of them are not mailed.

Everybody the audience names gets a ledger row; who may not be mailed gets it as `skipped` with the
reason. So people who left the list are named too: the ledger says that they were left out, and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, null, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.audience_filter import parse_filter
from mailwright.domain.message_lifecycle import SkipReason
from mailwright.domain.segment_rule_reader import parse_rule
from mailwright.store import segments
from mailwright.store.rows import Row
from mailwright.store.segment_rules import condition
from mailwright.store.tables import contacts, list_members, suppressions


@dataclass(frozen=True)
class Audience:
    """Each part narrows it; with none it is the whole tenant. `audience_filter`: an inline rule."""

    list_id: int | None
    rule: Mapping[str, Any] | None
    audience_filter: Mapping[str, Any] | None = None


async def of_campaign(connection: AsyncConnection, tenant_id: int, campaign: Row) -> Audience:
    """The audience of a campaign's row as it stands now, with its segment's present rule."""
    rule = None
    if campaign["segment_id"] is not None:
        rule = await segments.rule_of(connection, tenant_id, campaign["segment_id"])
    return Audience(campaign["list_id"], rule, campaign["audience_filter"])


def named(tenant_id: int, audience: Audience) -> ColumnElement[bool]:
    """The condition over `contacts` that is true of everybody in the audience, mailable or not."""
    parts = [contacts.c.tenant_id == tenant_id]
    if audience.list_id is not None:
        parts.append(is_member(tenant_id, audience.list_id))
    rules = [
        parse_rule(audience.rule) if audience.rule else None,  # an empty rule is everybody
        parse_filter(audience.audience_filter) if audience.audience_filter else None,
    ]
    parts += [condition(tenant_id, rule) for rule in rules if rule is not None]
    return and_(*parts)


def skip_reason(tenant_id: int, audience: Audience) -> ColumnElement[Any]:
    """A SkipReason's word for who may not be mailed, or NULL: mail them."""
    reasons: list[tuple[ColumnElement[bool], SkipReason]] = [
        (contacts.c.consent == "unsubscribed", SkipReason.UNSUBSCRIBED),
        (contacts.c.consent == "unconfirmed", SkipReason.UNCONFIRMED),
        (is_suppressed(tenant_id), SkipReason.SUPPRESSED),
    ]
    if audience.list_id is not None:
        left = is_member(tenant_id, audience.list_id, state="unsubscribed")
        reasons.append((left, SkipReason.LIST_UNSUBSCRIBED))
        pending = is_member(tenant_id, audience.list_id, state="unconfirmed")
        reasons.append((pending, SkipReason.UNCONFIRMED))
    return case(*((when, reason.value) for when, reason in reasons), else_=null())


def is_off(tenant_id: int, list_id: int) -> ColumnElement[bool]:
    """Whether the contact left the list, or has not confirmed that it wants to be on it."""
    return or_(
        is_member(tenant_id, list_id, state="unsubscribed"),
        is_member(tenant_id, list_id, state="unconfirmed"),
    )


def is_suppressed(tenant_id: int) -> ColumnElement[bool]:
    """Whether the contact's address must not get marketing mail (scope `all` or `marketing`)."""
    own = suppressions.c.email_key == contacts.c.email_key
    return or_(_there_is(tenant_id, own), is_suppressed_by_pattern(tenant_id))


def is_suppressed_by_pattern(tenant_id: int) -> ColumnElement[bool]:
    """Whether `*@domain` or `name@*` stops it. Where a tenant has no pattern it costs one look."""
    every = suppressions.alias("patterns")
    has_any = exists(select(1).where(every.c.tenant_id == tenant_id, every.c.pattern))
    name = func.split_part(contacts.c.email_key, "@", 1)
    domain = func.split_part(contacts.c.email_key, "@", -1)
    fits = suppressions.c.email_key.in_([func.concat("*@", domain), func.concat(name, "@*")])
    return and_(has_any, _there_is(tenant_id, and_(suppressions.c.pattern, fits)))


def _there_is(tenant_id: int, fitting: ColumnElement[bool]) -> ColumnElement[bool]:
    found = select(1).where(suppressions.c.tenant_id == tenant_id, fitting)
    return exists(found.correlate(contacts))


def is_member(tenant_id: int, list_id: int, *, state: str | None = None) -> ColumnElement[bool]:
    """Whether the contact is on the list in `state`; None: in whatever."""
    wanted = [
        list_members.c.tenant_id == tenant_id,
        list_members.c.list_id == list_id,
        list_members.c.contact_id == contacts.c.id,
    ]
    if state is not None:
        wanted.append(list_members.c.state == state)
    return exists(select(1).where(*wanted).correlate(contacts))
