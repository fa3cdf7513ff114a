"""The forms of logs, and what one may ask of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from mailwright.dialects.cakemail.fields import Moment
from mailwright.dialects.cakemail.log_words import happening, type_of
from mailwright.dialects.cakemail.paging import read_filter
from mailwright.dialects.cakemail.shapes import Shape, Unix
from mailwright.domain.user_agent import read_user_agent
from mailwright.errors import InvalidInput, NotFound
from mailwright.services.caller import Caller
from mailwright.services.campaign_event_query import EventQuery
from mailwright.services.campaign_event_views import EventView
from mailwright.services.campaign_events import EventTotal
from mailwright.services.numbers import Noun, uuid_of
from mailwright.services.runtime import Runtime

#: The terms of `filter`. `additional_info` asks for what every row has anyway.
CAMPAIGN_FILTERS = (
    "additional_info",
    "link_id",
    "contact_id",
    "email",
    "uniques",
    "group_by_contact",
    "log_id",
    "totals",
    "type",
)
LIST_FILTERS = (*CAMPAIGN_FILTERS, "track_id", "start_id", "end_id")

#: The log is in the order of its ids, which is that of time.
SORTS = {"time": "id", "log_id": "id"}

MomentOf = Annotated[Moment | None, Query(description="Unix seconds, or ISO 8601.")]


@dataclass(frozen=True, slots=True)
class Times:
    """From when, and before when; None: from the beginning, and until now."""

    since: datetime | None
    until: datetime | None


ALWAYS = Times(None, None)


async def _times(start_time: MomentOf = None, end_time: MomentOf = None) -> Times:
    return Times(start_time, end_time + timedelta(seconds=1) if end_time else None)


#: `start_time` and `end_time` of a route; the last second counts, too.
TimesOf = Annotated[Times, Depends(_times)]

_TRUE = frozenset({"true", "1", "yes"})
_NOBODY = UUID(int=0)
_MOST = 2**62


class SystemShape(Shape):
    """A system or a program."""

    family: str
    version: str


class DeviceShape(Shape):
    """What somebody read with."""

    family: str | None
    brand: str


class UserInfo(Shape):
    """Who or what opened or clicked, as far as it says so."""

    os: SystemShape
    browser: SystemShape
    device: DeviceShape
    is_bot: bool
    raw: str


class LogRow(Shape):
    """Something that happened to one recipient."""

    id: int
    contact_id: int
    email: str | None
    type: str
    timestamp: Unix | None
    occurrences: int
    campaign_id: int | None = None
    clickthru_url: str | None = None
    dsn_message: str | None = None
    reason: str | None = None
    user_agent: UserInfo | None = None


@dataclass(frozen=True, slots=True)
class LogQuery:
    """A filter in our words. `totals`: counts instead of rows; `nothing`: no row can fit."""

    query: EventQuery
    totals: bool = False
    nothing: bool = False


async def read_query(
    runtime: Runtime,
    caller: Caller,
    text: str | None,
    allowed: Collection[str],
    times: Times = ALWAYS,
) -> LogQuery:
    """What `filter` and the times ask for. Raises InvalidInput. Unknown ids fit no row."""
    wanted = read_filter(text, allowed)
    happened = happening(wanted["type"]) if "type" in wanted else None
    found_nothing = happened is not None and not (happened.kinds or happened.bounces)
    query = EventQuery(
        kinds=happened.kinds if happened else (),
        bounces=happened.bounces if happened else (),
        contact_uuid=await _uuid(runtime, caller, "contact", wanted, "contact_id"),
        email=wanted.get("email"),
        link_uuid=await _uuid(runtime, caller, "link", wanted, "link_id", "track_id"),
        since=times.since,
        until=times.until,
        firsts=_is_true(wanted, "uniques"),
        by_person=_is_true(wanted, "group_by_contact"),
        event_id=number_in(wanted, "log_id"),
        first_id=number_in(wanted, "start_id"),
        last_id=number_in(wanted, "end_id"),
    )
    return LogQuery(query, _is_true(wanted, "totals"), found_nothing)


def number_in(wanted: Mapping[str, str], *terms: str) -> int | None:
    """The number that a filter asks for by the first of these terms it has. Raises InvalidInput."""
    for term in terms:
        text = wanted.get(term)
        if text is None:
            continue
        if not (text.isascii() and text.isdigit()):
            raise InvalidInput.field("filter", f"{term} is a number.")
        return min(int(text), _MOST)
    return None


def row(view: EventView, *, with_campaign: bool = False) -> LogRow:
    """The form of a row."""
    return LogRow(
        id=view.id,
        contact_id=view.contact_id,
        email=view.email,
        type=type_of(view.kind, view.bounce),
        timestamp=view.at,
        occurrences=view.occurrences,
        campaign_id=view.campaign_id if with_campaign else None,
        clickthru_url=view.url,
        dsn_message=view.reply if view.bounce else None,
        reason=view.reason,
        user_agent=None if view.agent is None else user_info(view.agent, is_bot=view.is_machine),
    )


def total(view: EventTotal) -> LogRow:
    """The form of a count: a row of nobody."""
    return LogRow(
        id=0,
        contact_id=0,
        email=None,
        type=type_of(view.kind, view.bounce),
        timestamp=None,
        occurrences=view.occurrences,
    )


def user_info(text: str, *, is_bot: bool) -> UserInfo:
    """What a browser or mail program says about itself."""
    read = read_user_agent(text)
    return UserInfo(
        os=SystemShape(family=read.system, version=read.system_version),
        browser=SystemShape(family=read.program, version=read.program_version),
        device=DeviceShape(family=read.device or None, brand=read.brand),
        is_bot=is_bot,
        raw=text,
    )


def _is_true(wanted: dict[str, str], term: str) -> bool:
    return wanted.get(term, "").lower() in _TRUE


async def _uuid(
    runtime: Runtime, caller: Caller, noun: Noun, wanted: dict[str, str], *terms: str
) -> UUID | None:
    number = number_in(wanted, *terms)
    if number is None:
        return None
    try:
        return await uuid_of(runtime, caller, noun, number)
    except NotFound:
        return _NOBODY
