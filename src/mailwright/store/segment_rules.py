"""Segment rules as conditions over `contacts`: every value a bound parameter (SEC-26).

Engagement and membership are correlated EXISTS, each one probe of an index per contact whatever
the size of the list. Attributes are compared by containment, so that the GIN index serves.
"""

from __future__ import annotations

import operator
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Numeric,
    Text,
    and_,
    case,
    cast,
    collate,
    exists,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from mailwright.domain.email_address import email_key_of
from mailwright.domain.segment_rule import (
    AttributeCondition,
    Condition,
    EngagementCondition,
    Group,
    InterestCondition,
    LinkCondition,
    ListCondition,
    Match,
    Negation,
    OptInCondition,
    PresenceCondition,
    ProjectCondition,
    Rule,
    Scalar,
    TagCondition,
    TextCondition,
    TimeCondition,
)
from mailwright.store.tables import (
    campaign_links,
    campaigns,
    contact_interests,
    contact_tags,
    contacts,
    interests,
    list_members,
    lists,
    message_clicks,
    messages,
    projects,
    tags,
)

_ORDER: Mapping[Match, Callable[[Any, Any], Any]] = {
    Match.GT: operator.gt,
    Match.GTE: operator.ge,
    Match.LT: operator.lt,
    Match.LTE: operator.le,
}
_WHEN = {
    "received": messages.c.sent_at,
    "opened": messages.c.opened_at,
    "clicked": messages.c.clicked_at,
}
_NUMBER = r"^-?\d{1,30}(\.\d{1,30})?$"


def condition(tenant_id: int, rule: Rule) -> ColumnElement[bool]:
    """Whom of the tenant's `contacts` the rule fits. Does not itself say whose contacts."""
    if isinstance(rule, Group):
        parts = [condition(tenant_id, part) for part in rule.rules]
        return and_(*parts) if rule.every else or_(*parts)
    if isinstance(rule, Negation):
        # What is unknown (NULL) does not fit the rule, so it does fit its negation.
        return condition(tenant_id, rule.rule).is_not(true())
    return _leaf(tenant_id, rule)


def _leaf(tenant_id: int, leaf: Condition) -> ColumnElement[bool]:
    match leaf:
        case TextCondition():
            return _text(leaf)
        case TimeCondition():
            return _ORDER[leaf.match](contacts.c[leaf.field], leaf.moment)
        case AttributeCondition():
            return _attribute(leaf)
        case PresenceCondition():
            return _presence(leaf)
        case OptInCondition():
            is_subscribed = contacts.c.consent == "subscribed"
            return is_subscribed if leaf.wanted else ~is_subscribed
        case _:
            return _elsewhere(tenant_id, leaf)


_Elsewhere: TypeAlias = (
    ListCondition
    | TagCondition
    | InterestCondition
    | LinkCondition
    | EngagementCondition
    | ProjectCondition
)


def _elsewhere(tenant_id: int, leaf: _Elsewhere) -> ColumnElement[bool]:
    """What other tables know about the contact."""
    match leaf:
        case ListCondition():
            return _on_lists(tenant_id, leaf.lists)
        case TagCondition():
            return _tagged(tenant_id, leaf.tags)
        case InterestCondition():
            return _interested(tenant_id, leaf.interests)
        case LinkCondition():
            return _clicked(tenant_id, leaf)
        case EngagementCondition():
            return _engaged(tenant_id, leaf)
        case ProjectCondition():
            return _in_projects(tenant_id, leaf.projects)


def _text(leaf: TextCondition) -> ColumnElement[bool]:
    if leaf.match is Match.IN:
        if leaf.field == "email":
            return contacts.c.email_key.in_([email_key_of(value) for value in leaf.values])
        if leaf.field in ("locale", "consent"):
            return contacts.c[leaf.field].in_(leaf.values)
        return func.lower(contacts.c[leaf.field]).in_([func.lower(value) for value in leaf.values])
    return _part(contacts.c[leaf.field], leaf.match, leaf.values[0])


def _part(column: ColumnElement[Any], match: Match, value: str) -> ColumnElement[bool]:
    if match is Match.CONTAINS:
        return column.icontains(value, autoescape=True)
    if match is Match.STARTS_WITH:
        return column.istartswith(value, autoescape=True)
    return column.iendswith(value, autoescape=True)


def _attribute(leaf: AttributeCondition) -> ColumnElement[bool]:
    words = contacts.c.attributes[leaf.key].astext
    value = leaf.values[0]
    if leaf.match is Match.IN:
        return or_(*(_holds(leaf.key, form) for value in leaf.values for form in _forms(value)))
    if leaf.match in _ORDER:
        if isinstance(value, str):
            return _ORDER[leaf.match](collate(words, "C"), value)
        return _ORDER[leaf.match](_number(words), literal(Decimal(str(value)), Numeric))
    part = _part(words, leaf.match, str(value))
    if leaf.match is Match.CONTAINS:
        return or_(part, *(_holds(leaf.key, [form]) for form in _forms(value)))
    return part


def _holds(key: str, value: object) -> ColumnElement[bool]:
    return contacts.c.attributes.contains(literal({key: value}, JSONB))


def _forms(value: Scalar) -> list[Scalar]:
    """The value as it may have been stored: files know only text, the API also numbers."""
    if isinstance(value, bool):
        return [value, str(value).lower()]
    if isinstance(value, int | float):
        return [value, str(value)]
    if value in {"true", "false"}:
        return [value, value == "true"]
    if value.isascii() and value.isdigit() and len(value) <= 18 and str(int(value)) == value:
        return [value, int(value)]
    return [value]


def _number(words: ColumnElement[Any]) -> ColumnElement[Any]:
    """Text as a number; NULL when it is none (CASE keeps the cast from ever seeing it)."""
    return case((words.regexp_match(_NUMBER), cast(words, Numeric)))


def _presence(leaf: PresenceCondition) -> ColumnElement[bool]:
    if leaf.field is None:
        return contacts.c.attributes.has_key(literal(leaf.key, Text))
    return contacts.c[leaf.field].is_not(None)


def _on_lists(tenant_id: int, list_uuids: tuple[uuid.UUID, ...]) -> ColumnElement[bool]:
    wanted = select(lists.c.id).where(lists.c.tenant_id == tenant_id, lists.c.uuid.in_(list_uuids))
    return exists(
        select(1)
        .where(
            list_members.c.tenant_id == tenant_id,
            list_members.c.list_id.in_(wanted),
            list_members.c.contact_id == contacts.c.id,
            list_members.c.state == "subscribed",
        )
        .correlate(contacts)
    )


def _tagged(tenant_id: int, names: tuple[str, ...]) -> ColumnElement[bool]:
    found = [
        contact_tags.c.tenant_id == tenant_id,
        contact_tags.c.contact_id == contacts.c.id,
    ]
    if names:
        wanted = select(tags.c.id).where(tags.c.tenant_id == tenant_id, tags.c.name.in_(names))
        found.append(contact_tags.c.tag_id.in_(wanted))
    return exists(select(1).where(*found).correlate(contacts))


def _interested(tenant_id: int, interest_uuids: tuple[uuid.UUID, ...]) -> ColumnElement[bool]:
    wanted = select(interests.c.id).where(
        interests.c.tenant_id == tenant_id, interests.c.uuid.in_(interest_uuids)
    )
    return exists(
        select(1)
        .where(
            contact_interests.c.tenant_id == tenant_id,
            contact_interests.c.contact_id == contacts.c.id,
            contact_interests.c.interest_id.in_(wanted),
        )
        .correlate(contacts)
    )


def _clicked(tenant_id: int, leaf: LinkCondition) -> ColumnElement[bool]:
    found = [
        campaign_links.c.tenant_id == tenant_id,
        campaign_links.c.uuid.in_(leaf.links),
        messages.c.tenant_id == tenant_id,
        messages.c.campaign_id == campaign_links.c.campaign_id,
        messages.c.contact_id == contacts.c.id,
        message_clicks.c.tenant_id == tenant_id,
        message_clicks.c.message_id == messages.c.id,
        message_clicks.c.link_number == campaign_links.c.number,
    ]
    if leaf.within_days is not None:
        found.append(message_clicks.c.first_at >= func.now() - timedelta(days=leaf.within_days))
    return exists(select(1).where(*found).correlate(contacts))


def _in_projects(tenant_id: int, project_uuids: tuple[uuid.UUID, ...]) -> ColumnElement[bool]:
    wanted = select(projects.c.id).where(
        projects.c.tenant_id == tenant_id, projects.c.uuid.in_(project_uuids)
    )
    return contacts.c.project_id.in_(wanted)


def _engaged(tenant_id: int, leaf: EngagementCondition) -> ColumnElement[bool]:
    moment = _WHEN[leaf.event]
    wanted = [
        messages.c.tenant_id == tenant_id,
        messages.c.contact_id == contacts.c.id,
        moment.is_not(None),
    ]
    if leaf.event == "received":
        wanted.append(messages.c.bounced_at.is_(None))
    if leaf.campaigns:
        mine = select(campaigns.c.id).where(
            campaigns.c.tenant_id == tenant_id, campaigns.c.uuid.in_(leaf.campaigns)
        )
        wanted.append(messages.c.campaign_id.in_(mine))
    if leaf.within_days is not None:
        wanted.append(moment >= func.now() - timedelta(days=leaf.within_days))
    if leaf.since is not None:
        wanted.append(moment >= leaf.since)
    return exists(select(1).where(*wanted).correlate(contacts))
