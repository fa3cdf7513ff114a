"""Reading whom a call is about: `filter`, and one of `query`, `fiql`, `json` and `conditions`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson

from mailwright.dialects.cakemail.contact_shapes import FILTERS, STANDING
from mailwright.dialects.cakemail.paging import read_filter
from mailwright.dialects.cakemail.segment_query import Known, Term, actions
from mailwright.dialects.cakemail.segment_query_fiql import read_fiql
from mailwright.dialects.cakemail.segment_query_json import read_conditions, read_json
from mailwright.dialects.cakemail.segment_query_rule import rule_of
from mailwright.dialects.cakemail.segment_query_sql import read_sql
from mailwright.domain.custom_field import FieldType
from mailwright.errors import InvalidInput
from mailwright.services import custom_fields, interests
from mailwright.services.caller import Caller
from mailwright.services.list_contacts import MemberFilter
from mailwright.services.numbers import uuids_of
from mailwright.services.runtime import Runtime

_READERS = {
    "query": read_sql,
    "fiql": read_fiql,
    "json": read_json,
    "conditions": read_conditions,
}


@dataclass(frozen=True, slots=True)
class Written:
    """A rule as its author wrote it: in which form, and the words."""

    form: str
    given: Any

    def origin(self) -> dict[str, Any]:
        """As it is kept beside the rule."""
        return {"door": "cakemail", "form": self.form, "given": self.given}


def written(
    *,
    query: str | None = None,
    fiql: str | None = None,
    json: object = None,
    conditions: object = None,
) -> Written | None:
    """The one of the forms that was given; None: none. Raises InvalidInput for two at once."""
    given = {"query": query, "fiql": fiql, "json": _object(json), "conditions": conditions}
    found = [Written(form, value) for form, value in given.items() if value not in (None, "")]
    if len(found) > 1:
        raise InvalidInput.field(found[1].form, "Give only one of query, fiql and json.")
    return found[0] if found else None


async def rule_for(
    runtime: Runtime, caller: Caller, list_uuid: UUID, what: Written
) -> dict[str, Any]:
    """What was written as a rule of ours. Raises InvalidInput under the name of its form."""
    try:
        term: Term = _READERS[what.form](what.given)
        return rule_of(term, await _known(runtime, caller, list_uuid, term))
    except InvalidInput as error:
        raise InvalidInput.field(what.form, error.message) from None


async def members(
    runtime: Runtime,
    caller: Caller,
    list_uuid: UUID,
    *,
    filter_: str | None = None,
    what: Written | None = None,
    segment_uuid: UUID | None = None,
) -> MemberFilter:
    """Which members of the list a call is about. Raises InvalidInput."""
    wanted = read_filter(filter_, FILTERS)
    status = wanted.get("status")
    if status is not None and status not in STANDING:
        raise InvalidInput.field("filter", f"A status is one of: {', '.join(STANDING)}.")
    found = MemberFilter(
        standing=STANDING[status] if status else None,
        email=wanted.get("email"),
        tags=_names(wanted.get("tags")),
        interests=_names(wanted.get("interests")),
        segment_uuid=segment_uuid,
    )
    if what is None:
        return found
    return replace(found, rule=await rule_for(runtime, caller, list_uuid, what))


async def _known(runtime: Runtime, caller: Caller, list_uuid: UUID, term: Term) -> Known:
    """What the names and numbers of the tree are in this account."""
    wanted: dict[str, set[int]] = {"mailing": set(), "link": set()}
    for action in actions(term):
        wanted[action.noun].add(action.number)
    fields = await custom_fields.declared_fields(runtime, caller)
    return Known(
        list_uuid=list_uuid,
        campaigns=await uuids_of(runtime, caller, "campaign", wanted["mailing"]),
        links=await uuids_of(runtime, caller, "link", wanted["link"]),
        interests=await interests.uuids_of(runtime, caller, list_uuid),
        numbers=frozenset(key for key, one in fields.items() if one.type is FieldType.NUMBER),
    )


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name for part in (text or "").split(",") if (name := part.strip()))


def _object(given: object) -> object:
    """JSON in a query is a text."""
    if not isinstance(given, str) or not given:
        return given
    try:
        found: Mapping[str, Any] = orjson.loads(given)
    except orjson.JSONDecodeError:
        raise InvalidInput.field("json", "This is not valid JSON.") from None
    return found
