"""Cakemail's custom attributes of a contact: its own fields here, and whatever else is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from mailwright.dialects.cakemail.fields import moment
from mailwright.domain.custom_field import FieldType
from mailwright.errors import InvalidInput
from mailwright.services.contact_views import ContactRow
from mailwright.services.contact_writing import ContactChanges
from mailwright.services.custom_fields import DeclaredField

#: Fields of every contact here, which Cakemail's clients know as attributes.
FIELD_NAMES = ("first_name", "last_name", "phone", "external_id", "language", "country_code")

TYPES: Mapping[str, FieldType] = {
    "text": FieldType.TEXT,
    "mediumtext": FieldType.TEXT,
    "integer": FieldType.NUMBER,
    "timestamp": FieldType.DATETIME,
    "datetime": FieldType.DATETIME,
}
_WORDS: Mapping[FieldType, str] = {
    FieldType.NUMBER: "integer",
    FieldType.DATE: "datetime",
    FieldType.DATETIME: "datetime",
}


def type_word(field: DeclaredField) -> str:
    """What Cakemail calls the type of a field."""
    if field.type_word is not None and field.type_word in TYPES:
        return field.type_word
    return _WORDS.get(field.type, "text")


def changes_of(
    given: Mapping[str, Any], fields: Mapping[str, DeclaredField], *, strict: bool = False
) -> ContactChanges:
    """The fields and attributes that `given` sets. `strict`: attributes must be declared.

    Raises InvalidInput naming the attribute.
    """
    changes: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    for name, value in given.items():
        if name in FIELD_NAMES:
            changes[name] = value
        elif strict and name not in fields:
            raise InvalidInput.field("custom_attributes", f"There is no attribute {name}.")
        else:
            attributes[name] = _value(name, value, fields.get(name))
    if attributes:
        changes["attributes"] = attributes
    return cast("ContactChanges", changes)


def attributes_of(contact: ContactRow) -> list[dict[str, str]]:
    """What the contact has, as `{name, value}` with texts, in the order of the names."""
    known = {name: getattr(contact, name) for name in FIELD_NAMES}
    everything = {**contact.attributes, **known}
    return [
        {"name": name, "value": _text(value)}
        for name, value in sorted(everything.items())
        if value is not None
    ]


def _value(name: str, value: Any, field: DeclaredField | None) -> Any:
    """A time may come in Unix seconds, as everywhere in this dialect."""
    if field is None or field.type != FieldType.DATETIME or value in (None, ""):
        return value
    try:
        return moment(value).isoformat()
    except ValueError as error:
        raise InvalidInput.field("custom_attributes", f"{name}: {error}") from None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ";".join(map(_text, cast("list[Any]", value)))
    return str(value)
