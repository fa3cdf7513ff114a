"""Which column of a file is what: by its heading, or as the caller says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mailwright.domain.attributes import KEY_MAX
from mailwright.domain.email_address import is_address
from mailwright.errors import InvalidInput

COLUMNS_MAX = 200
SKIP = "skip"
FULL_NAME = "full_name"
FIELDS = (
    "email",
    "first_name",
    "last_name",
    FULL_NAME,
    "phone",
    "external_id",
    "language",
    "country_code",
)
ATTRIBUTE_PREFIX = "attributes."

_TARGETS = f"A column is one of: {', '.join(FIELDS)}, attributes.KEY, {SKIP}."

_HEADINGS: Mapping[str, str] = {
    heading: field
    for field, headings in {
        "email": "email e_mail mail email_address e_mail_address emailaddress correo "
        "correo_electronico adresse_email courriel e_mail_adresse adres_email",
        "first_name": "first_name firstname first given_name forename fname nombre prenom "
        "prénom vorname imie imię",
        "last_name": "last_name lastname last surname family_name lname apellido apellidos nom "
        "nachname nazwisko",
        FULL_NAME: "name full_name fullname nombre_completo",
        "phone": "phone phone_number telephone mobile tel telefono teléfono telefon",
        "external_id": "external_id externalid customer_id",
        "language": "language locale lang idioma langue sprache jezyk język",
        "country_code": "country_code country_iso",
        # What our own export tells beyond the contact itself; consent never comes from a file.
        SKIP: "contact_uuid subscription_status consent_source opted_in_at unsubscribed_at "
        "contact_created_at contact_tags",
    }.items()
    for heading in headings.split()
}


def columns_from(header: Sequence[str], mapping: Mapping[str, str] | None = None) -> list[str]:
    """What each column is: a field, `attributes.KEY` or `skip`.

    `mapping` decides by heading; other headings are looked up, and what nobody knows becomes an
    attribute. Raises InvalidInput when no column holds addresses, or the mapping does not fit.
    """
    if len(header) > COLUMNS_MAX:
        raise InvalidInput.field("file", f"A file has at most {COLUMNS_MAX} columns.")
    given = dict(mapping or {})
    for heading, target in given.items():
        _check_target(heading, target, header)
    columns: list[str] = []
    for number, heading in enumerate(header, 1):
        target = given.get(heading.strip()) or _recognised(
            heading, taken={*columns, *given.values()}
        )
        if target != SKIP and target in columns:
            target = f"{ATTRIBUTE_PREFIX}{_slug(heading) or 'column'}_{number}"
        columns.append(target)
    if "email" not in columns:
        raise InvalidInput.field("file", "No column of the file is called email.")
    return columns


def columns_chosen(header: Sequence[str], targets: Sequence[str]) -> list[str]:
    """The targets, one for each column in its place.

    Raises InvalidInput for `column.N`, counted from 0, or for `columns` as a whole.
    """
    if len(targets) != len(header):
        raise InvalidInput.field("columns", "Say of each column what it is.")
    faults: dict[str, list[str]] = {}
    for number, target in enumerate(targets):
        if not _is_target(target):
            faults[f"column.{number}"] = [_TARGETS]
        elif target != SKIP and target in targets[:number]:
            faults[f"column.{number}"] = ["Another column is this already."]
    if "email" not in targets:
        faults["columns"] = ["Say which column holds the addresses."]
    if faults:
        raise InvalidInput.fields(faults)
    return list(targets)


def columns_without_header(first_row: Sequence[str]) -> list[str] | None:
    """The columns of a file that begins with a contact; None when the first row is a header."""
    addresses = [number for number, cell in enumerate(first_row) if is_address(cell)]
    if not addresses or len(first_row) > COLUMNS_MAX:
        return None
    return [
        "email" if number == addresses[0] else f"{ATTRIBUTE_PREFIX}column_{number + 1}"
        for number in range(len(first_row))
    ]


def _recognised(heading: str, *, taken: set[str]) -> str:
    slug = _slug(heading)
    if not slug:
        return SKIP
    target = _HEADINGS.get(slug)
    if target is not None and (target == SKIP or target not in taken):
        return target
    return f"{ATTRIBUTE_PREFIX}{slug}"


def _slug(heading: str) -> str:
    words = re.sub(r"\W+", "_", heading.strip().lower().removeprefix("attributes.")).strip("_")
    return words[: KEY_MAX - 8]


def _check_target(heading: str, target: str, header: Sequence[str]) -> None:
    if heading not in {found.strip() for found in header}:
        raise InvalidInput.field("mapping", f"The file has no column called {heading[:100]}.")
    if not _is_target(target):
        raise InvalidInput.field("mapping", _TARGETS)


def _is_target(target: str) -> bool:
    key = target.removeprefix(ATTRIBUTE_PREFIX)
    is_attribute = target.startswith(ATTRIBUTE_PREFIX) and 0 < len(key) <= KEY_MAX
    return target in FIELDS or target == SKIP or is_attribute
