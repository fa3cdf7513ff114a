"""The forms of single parameters, by their native names: what a service leaves to its doors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic import StringConstraints as Text

from mailwright.domain.webhook_event import EventType
from mailwright.services.paging import PER_PAGE_MAX


class Form(BaseModel):
    """A group of parameters. A field nobody knows is refused by name."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class VariableForm(Form):
    """A name that a template asks for, beyond those of the contact."""

    name: str
    type: str = "string"
    fallback: str | None = None


def _local_moment(value: object) -> datetime:
    """A point in time, or local time, from ISO 8601 and nothing else."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or len(str(value)) < len("2027-05-01T18:00"):
        raise ValueError("Use ISO 8601, such as 2027-05-01T18:00:00+02:00.")
    return found


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    found = _local_moment(value)
    if found.tzinfo is None:
        raise ValueError("Give Z or an offset, such as 2027-05-01T18:00:00+02:00.")
    return found


def _as_dicts(found: list[VariableForm]) -> list[dict[str, Any]]:
    return [variable.model_dump() for variable in found]


Name = Annotated[str, Text(min_length=1, max_length=255)]
Search = Annotated[str | None, Text(max_length=255)]
Url = Annotated[str, Text(max_length=2083)]
#: Blanks at the start of Markdown mean something.
Body = Annotated[str | None, Text(strip_whitespace=False)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
MaybeMoment = Annotated[datetime | None, BeforeValidator(_moment)]
LocalMoment = Annotated[datetime, BeforeValidator(_local_moment)]
Variables = Annotated[list[VariableForm], AfterValidator(_as_dicts)]

#: The form of a parameter wherever it occurs; the others have the type of the service's.
FORMS: Mapping[str, Any] = {
    "content": Body,
    "description": Annotated[str | None, Text(max_length=1000)],
    "events": list[EventType],
    "html": Body,
    "max_delay_seconds": Annotated[int, Field(ge=0, le=30 * 86_400)],
    "name": Name,
    "per_page": Annotated[int, Field(ge=1, le=PER_PAGE_MAX)],
    "scheduled_at": LocalMoment,
    "search": Search,
    "slug": Annotated[str, Text(min_length=1, max_length=100)],
    "text": Body,
    "url": Url,
    "variables": Variables,
}

#: The form of a parameter of that type, unless its name has one.
FORMS_OF_TYPES: Mapping[Any, Any] = {datetime: Moment, datetime | None: MaybeMoment}

#: What may be sent, besides ids. What else a service takes is for other doors, or for our own.
_KNOWN = """
action attributes audience_filter clicked consent_source contact_lists contacts content
country_code cursor data default_locale description document email enabled event_type events
external_id first_name from_email from_identity from_name html is_public kind language last_name
link_parameters locale locale_group max_delay_seconds metadata name opened overwrite
per_page phone preheader reason reply_to require_locale_variant resubscribe rule scheduled_at scope
search secret since slug sort state status stream subject tag tags template text timezone to to_name
track_clicks track_opens track_text_clicks unsubscribe_footer until url variables
"""
KNOWN = frozenset(_KNOWN.split())

#: Parameters that the native API calls otherwise.
NATIVE = {"event_type": "type"}
