"""The fields of a campaign that people set, checked and turned into columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypedDict, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.audience_filter import parse_filter
from mailwright.domain.email_address import EmailAddress
from mailwright.domain.locales import parse_locale
from mailwright.domain.wall_clock import parse_zone
from mailwright.errors import InvalidInput
from mailwright.mail import merge
from mailwright.services import rule_references
from mailwright.store import campaign_references as references

NAME_LENGTH_MAX = 255  # characters; design section 6, "Limits of length"
SUBJECT_LENGTH_MAX = 998

#: RFC 3986 section 3.4, without merge tags: they are the same for everybody.
_PARAMETERS = re.compile(r"[A-Za-z0-9._~!$'()*+,;:@/?%-]+=[A-Za-z0-9._~!$'()*+,;=:@/?%&-]*")


class CampaignChanges(TypedDict, total=False):
    """The fields a call sets; absent ones stay, None clears.

    `audience_filter`: see domain/audience_filter.py; `{}` is everybody. `timezone`: an IANA name.
    The body is one of `content` (Markdown), `document` (the block tree) or `html` with its `text`,
    and with the `design` that an editor of your own keeps beside it; `overwrite` lets it replace
    one that would lose its styling or layout. `track_text_clicks`: links of the text part, too;
    `link_parameters`: added to tracked links, such as `utm_source=news`; `unsubscribe_footer`: even
    where the body has a way out of its own.
    """

    name: str
    subject: str | None
    preheader: str | None
    from_name: str | None
    reply_to: str | None
    from_identity: UUID | None
    list_uuid: UUID | None
    segment_uuid: UUID | None
    project_uuid: UUID | None
    template_version_uuid: UUID | None
    require_locale_variant: bool
    audience_filter: dict[str, Any] | None
    timezone: str | None
    language: str
    track_opens: bool
    track_clicks: bool
    track_text_clicks: bool
    link_parameters: str | None
    unsubscribe_footer: bool
    max_delay_seconds: int
    content: str | None
    document: dict[str, Any] | None
    html: str | None
    text: str | None
    design_kind: str | None
    design: dict[str, Any] | None
    overwrite: bool


def _name(text: str, field: str) -> str:
    found = _line(text, field, NAME_LENGTH_MAX)
    if found is None:
        raise InvalidInput.field(field, "Give it a name.")
    return found


def _from_name(text: str | None, field: str) -> str | None:
    return _line(text, field, NAME_LENGTH_MAX)


def template_line(text: str | None, field: str) -> str | None:
    """A subject or preheader, None for nothing. Raises InvalidInput for `field`."""
    return _line(text, field, SUBJECT_LENGTH_MAX)


def parse_reply_to(text: str | None, field: str) -> str | None:
    if not text:
        return None
    try:
        return EmailAddress.parse(text).text
    except InvalidInput as error:
        raise InvalidInput.field(field, *error.details["email"]) from None


def _parameters(text: str | None, field: str) -> str | None:
    """`utm_source=news&utm_medium=email`, without the question mark."""
    found = (_line(text, field, SUBJECT_LENGTH_MAX) or "").lstrip("?&")
    if not found:
        return None
    if not _PARAMETERS.fullmatch(found):
        raise InvalidInput.field(field, "Names and values of a query: utm_source=news&utm_term=x.")
    return found


def _language(text: str, field: str) -> str:
    return parse_locale(text, field=field)


#: How each text becomes its column, which has the same name.
_TEXTS: Mapping[str, Callable[[Any, str], str | None]] = {
    "name": _name,
    "subject": template_line,
    "preheader": template_line,
    "from_name": _from_name,
    "reply_to": parse_reply_to,
    "language": _language,
    "link_parameters": _parameters,
}

_TEMPLATES = ("subject", "preheader")  # merge tags may stand in them
_BODIES = ("content", "document", "html")
_PLAIN = (
    "track_opens",
    "track_clicks",
    "track_text_clicks",
    "unsubscribe_footer",
    "max_delay_seconds",
    "require_locale_variant",
)

#: Fields that name a row of the tenant's: field → (column, noun).
_REFERENCES: Mapping[str, tuple[str, str]] = {
    "from_identity": ("sender_id", "sender"),
    "list_uuid": ("list_id", "list"),
    "segment_uuid": ("segment_id", "segment"),
    "project_uuid": ("project_id", "project"),
    "template_version_uuid": ("template_version_id", "template version"),
}


def columns(fields: CampaignChanges, *, strict: bool) -> dict[str, object]:
    """The columns behind the texts and switches. Raises InvalidInput naming the field.

    `strict`: a bare unknown merge tag is a mistake (the door decides).
    """
    given = cast("Mapping[str, Any]", fields)
    values: dict[str, object] = {
        name: clean(given[name], name) for name, clean in _TEXTS.items() if name in given
    }
    for name in _TEMPLATES:
        merge.check(str(values.get(name) or ""), where=name, strict=strict)
    values.update({name: given[name] for name in _PLAIN if name in given})
    if "timezone" in given:
        values["timezone"] = parse_zone(given["timezone"]) if given["timezone"] else None
    values.update(_content_columns(given))
    return values


def _content_columns(given: Mapping[str, Any]) -> dict[str, object]:
    """A body of its own takes the place of a template, the last word counts."""
    bodies = [name for name in _BODIES if given.get(name) not in (None, "")]
    if not bodies:
        return {}
    if given.get("template_version_uuid") is not None:
        raise InvalidInput.field(bodies[0], "Give a body or a template version, not both.")
    return {"template_version_id": None}


async def filter_columns(
    connection: AsyncConnection, tenant_id: int, fields: CampaignChanges
) -> dict[str, object]:
    """The inline filter, checked, as given. Raises InvalidInput naming the place in it."""
    if "audience_filter" not in fields:
        return {}
    given = fields["audience_filter"]
    rule = None if given is None else parse_filter(given)
    if rule is not None:
        await rule_references.require_own(connection, tenant_id, rule, field="audience_filter")
    return {"audience_filter": given}


async def reference_columns(
    connection: AsyncConnection, tenant_id: int, fields: CampaignChanges
) -> dict[str, object]:
    """The ids behind the uuids. Raises InvalidInput naming every one that is not the tenant's."""
    given = cast("Mapping[str, UUID | None]", fields)
    values: dict[str, object] = {}
    foreign: dict[str, list[str]] = {}
    for field, (column, noun) in _REFERENCES.items():
        if field not in given:
            continue
        wanted = given[field]
        found = wanted and await references.id_of(connection, tenant_id, noun, wanted)
        if wanted and found is None:
            foreign[field] = [f"There is no such {noun} in this account."]
        values[column] = found
    if foreign:
        raise InvalidInput.fields(foreign)
    return values


def _line(text: str | None, field: str, length_max: int) -> str | None:
    """One line of text for a header, or None for nothing."""
    found = (text or "").strip()
    if len(found) > length_max:
        raise InvalidInput.field(field, f"At most {length_max} characters.")
    if any(char < " " or char == "\x7f" for char in found):
        raise InvalidInput.field(field, "One line, without control characters.")
    return found or None
