"""Whom a campaign is for, in its form: a list, a segment, and a filter of a few fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

import orjson
from starlette.responses import Response

from mailwright.domain.audience_filter import TREE_WORDS
from mailwright.errors import InvalidInput
from mailwright.services import audience_counts
from mailwright.services.audience_counts import ChosenAudience
from mailwright.services.campaign_views import CampaignView
from mailwright.web.forms import Form, numbered
from mailwright.web.visits import Visit

ATTRIBUTE_ROWS = 2
_OPT_IN = {"yes": True, "no": False}


async def count(visit: Visit) -> Response:
    """How many people the audience in the query holds, as a sentence."""
    form = {name: value.replace("\0", "") for name, value in visit.request.query_params.items()}
    try:
        chosen = audience_of(form)
        found = await audience_counts.count_audience(visit.runtime, visit.caller, chosen)
    except InvalidInput as error:
        return visit.part("campaigns/audience_count.html", problem=error.message)
    named = chosen.names_somebody
    return visit.part("campaigns/audience_count.html", problem="", count=found, named=named)


def audience_of(form: Form) -> ChosenAudience:
    """What the form chooses. Raises InvalidInput."""
    return ChosenAudience(
        chosen_uuid(form, "list_uuid"), chosen_uuid(form, "segment_uuid"), filter_of(form)
    )


def filter_of(form: Form) -> dict[str, Any] | None:
    """The filter of the form's fields, or the rule written as JSON; None: there is none."""
    if text := form.get("filter_rule", "").strip():
        return _rule(text)
    found: dict[str, Any] = {}
    if locale := form.get("filter_locale", "").strip():
        found["locale"] = locale
    if (opt_in := _OPT_IN.get(form.get("filter_opt_in", ""))) is not None:
        found["opt_in"] = opt_in
    if project := form.get("filter_project", ""):
        found["project_uuid"] = project
    rows = numbered(form, "filter")
    attributes = {row["key"].strip(): row.get("value", "") for row in rows if row.get("key")}
    if attributes:
        found["attributes"] = attributes
    return found if found or "everybody" in form else None


def filter_values(campaign: CampaignView) -> dict[str, str]:
    """The filter as the form shows it: in its fields where they can say it, else as JSON."""
    given = campaign.audience_filter
    if given is None:
        return {}
    if any(word in given for word in TREE_WORDS):
        return {"filter_rule": orjson.dumps(given, option=orjson.OPT_INDENT_2).decode()}
    opt_in = {True: "yes", False: "no"}.get(cast("bool", given.get("opt_in")), "")
    values = {
        "filter_locale": str(given.get("locale", "")),
        "filter_opt_in": opt_in,
        "filter_project": str(given.get("project_uuid", "")),
    }
    attributes = cast("Mapping[str, Any]", given.get("attributes", {}))
    for number, (key, wanted) in enumerate(attributes.items()):
        values |= {f"filter.{number}.key": key, f"filter.{number}.value": _text(wanted)}
    return values if given else values | {"everybody": "on"}


def attribute_rows(form: Form) -> list[Mapping[str, str]]:
    """The attributes of the filter in the form, and a row for one more."""
    filled = [row for row in numbered(form, "filter") if row.get("key")]
    blank = max(1, ATTRIBUTE_ROWS - len(filled))
    return [*filled, *([{"key": "", "value": ""}] * blank)]


def chosen_uuid(form: Form, field: str) -> UUID | None:
    """What a select says, None for its empty choice. Raises InvalidInput."""
    text = form.get(field, "")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidInput.field(field, "Choose one of the list.") from None


def _text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _rule(text: str) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InvalidInput.field("audience_filter", "This rule is not JSON.") from None
    if not isinstance(found, dict):
        raise InvalidInput.field("audience_filter", "A filter is an object; {} is everybody.")
    return cast("dict[str, Any]", found)
