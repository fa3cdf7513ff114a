"""From the cells of a row to a contact that can be stored, or the reason why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import orjson

from mailwright.domain.attributes import TEXT_MAX
from mailwright.domain.csv_rows import as_it_was
from mailwright.domain.custom_field import CustomField, FieldType
from mailwright.domain.email_address import EmailAddress
from mailwright.domain.import_columns import ATTRIBUTE_PREFIX, FULL_NAME, SKIP
from mailwright.domain.locales import parse_country, parse_locale
from mailwright.errors import InvalidInput

_LENGTHS = {"first_name": 255, "last_name": 255, FULL_NAME: 255, "phone": 32, "external_id": 255}


class ImportedContact(NamedTuple):
    """A row as the store takes it; None: the file says nothing, so what is known stays."""

    email: str
    email_key: str
    first_name: str | None
    last_name: str | None
    phone: str | None
    external_id: str | None
    locale: str | None
    country_code: str | None
    attributes: str  # JSON


_Field: TypeAlias = tuple[int, str, Callable[[str], str]]


class RowReader:
    """Reads the rows of one file; built once, called for each row."""

    def __init__(self, columns: Sequence[str], fields: Mapping[str, CustomField]) -> None:
        self.width = len(columns)
        self.email_column = columns.index("email")
        self._fields: list[_Field] = []
        self._attributes: list[tuple[int, str, CustomField | None]] = []
        for number, column in enumerate(columns):
            if column.startswith(ATTRIBUTE_PREFIX):
                key = column.removeprefix(ATTRIBUTE_PREFIX)
                self._attributes.append((number, key, fields.get(key)))
            elif column not in {"email", SKIP}:
                self._fields.append((number, column, _checker(column)))

    def read(self, cells: list[str]) -> ImportedContact:
        """The contact in `cells`. Raises InvalidInput that says what is wrong."""
        cells = self._fitted(cells)
        address = EmailAddress.parse(as_it_was(cells[self.email_column]))
        found: dict[str, str] = {}
        for number, name, check in self._fields:
            if text := cells[number].strip():
                found[name] = check(as_it_was(text))
        if FULL_NAME in found:
            first, _, last = found[FULL_NAME].partition(" ")
            found = {"first_name": first, **({"last_name": last.strip()} if last else {}), **found}
        known = found.get
        return ImportedContact(
            address.text,
            address.key,
            known("first_name"),
            known("last_name"),
            known("phone"),
            known("external_id"),
            known("language"),
            known("country_code"),
            self._attributes_of(cells) if self._attributes else "{}",
        )

    def _fitted(self, cells: list[str]) -> list[str]:
        missing = self.width - len(cells)
        if missing > 0:
            return cells + [""] * missing
        if missing < 0 and any(cell.strip() for cell in cells[self.width :]):
            raise InvalidInput(f"The row has {len(cells)} cells for {self.width} columns.")
        return cells

    def _attributes_of(self, cells: Sequence[str]) -> str:
        found: dict[str, Any] = {}
        for number, key, field in self._attributes:
            if text := cells[number].strip():
                text = as_it_was(text)
                if field is not None:
                    found[key] = _parsed(field, text)
                elif len(text) > TEXT_MAX:
                    raise InvalidInput.field(key, f"{key}: at most {TEXT_MAX} characters.")
                else:
                    found[key] = text
        return orjson.dumps(found).decode()


def _checker(column: str) -> Callable[[str], str]:
    if column == "language":
        return lru_cache(1000)(_locale)
    if column == "country_code":
        return lru_cache(1000)(_country)
    return _within(column, _LENGTHS[column])


def _within(name: str, length_max: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        if len(text) > length_max:
            raise InvalidInput.field(name, f"{name}: at most {length_max} characters.")
        return text

    return check


def _locale(text: str) -> str:
    return parse_locale(text)


def _country(text: str) -> str:
    return parse_country(text)


def _parsed(field: CustomField, text: str) -> Any:
    value = text.split(";") if field.type is FieldType.LIST else text
    try:
        return field.parse(value)
    except InvalidInput as error:
        raise InvalidInput.field(field.key, f"{field.key}: {error.message}") from None
