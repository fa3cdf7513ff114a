"""The fields of templates and their versions that people set, checked and turned into columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict, cast
from uuid import UUID

from mailwright.domain.locales import parse_locale
from mailwright.errors import InvalidInput
from mailwright.mail import merge
from mailwright.mail.merge import Known
from mailwright.mail.merge_variables import variables_in
from mailwright.services.bodies import COLUMNS, compile_change, design_columns, refuse_design
from mailwright.services.campaign_fields import NAME_LENGTH_MAX, template_line
from mailwright.store.rows import Row

SLUG_LENGTH_MAX = 100
DESCRIPTION_LENGTH_MAX = 2_000
TAGS_MAX = 50
TAG_LENGTH_MAX = 64
VARIABLES_MAX = 200
FALLBACK_LENGTH_MAX = 1_000
DEFAULT_LANGUAGE = "en"

VARIABLE_TYPES = ("string", "number", "boolean", "url", "email", "image", "color")
_SLUG = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")


class Variable(TypedDict):
    """A name the text asks for. `type`: one of VARIABLE_TYPES; `fallback`: where it is empty.

    `declared`: by the author; the others were found in the text.
    """

    name: str
    type: NotRequired[str]
    fallback: NotRequired[str | None]
    declared: NotRequired[bool]


class VersionChanges(TypedDict, total=False):
    """The fields a call sets on a draft; absent ones stay, None clears.

    The body is one of `content`, `document`, `html` and `mjml`, the last two with a `text` if you
    like; `design`: what an editor of yours keeps beside its page.
    `locale_group`: of another version of the template: makes this one its variant.
    """

    locale: str | None
    locale_group: UUID
    subject: str | None
    preheader: str | None
    content: str | None
    document: dict[str, Any] | None
    html: str | None
    mjml: str | None
    text: str | None
    design_kind: str | None
    design: dict[str, Any] | None
    variables: Sequence[Variable]


class TemplateChanges(TypedDict, total=False):
    """The fields of a template itself."""

    name: str
    slug: str
    description: str | None
    tags: Sequence[str]
    default_locale: str | None


class NewTemplate(TemplateChanges, VersionChanges, total=False):
    """A template with its first draft."""


def template_columns(fields: Mapping[str, Any]) -> dict[str, object]:
    """The columns of the template itself. Raises InvalidInput naming the field."""
    values: dict[str, object] = {}
    if "name" in fields:
        values["name"] = _name(fields["name"])
    if "slug" in fields:
        values["slug"] = _slug(fields["slug"])
    if "description" in fields:
        values["description"] = _description(fields["description"])
    if "tags" in fields:
        values["tags"] = _tags(fields["tags"])
    if "default_locale" in fields:
        values["default_locale"] = _locale(fields["default_locale"], "default_locale")
    return values


def slug_of(name: str) -> str:
    """`Order shipped!` is `order-shipped`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:SLUG_LENGTH_MAX].strip("-") or "template"


async def version_columns(
    fields: VersionChanges, *, before: Row | None, language: str | None, strict: bool
) -> dict[str, object]:
    """The columns of a version. Raises InvalidInput naming the field.

    `before`: the row as it is. `language`: of a version without a locale. `strict`: a bare unknown
    merge tag that is no declared variable is a mistake.
    """
    given = cast("Mapping[str, Any]", fields)
    old = before or cast("Row", {})
    values: dict[str, Any] = {}
    if "locale" in given:
        values["locale"] = _locale(given["locale"], "locale")
    stored: list[Variable] = old.get("variables") or []
    declared = [each for each in stored if each.get("declared")]
    if "variables" in given:
        declared = _declared(given["variables"])
    known = Known(extra=frozenset(variable["name"] for variable in declared))
    for name in ("subject", "preheader"):
        if name in given:
            values[name] = template_line(given[name], name)
            merge.check(values[name] or "", where=name, known=known, strict=strict)
    spoken = values.get("locale", old.get("locale")) or language or DEFAULT_LANGUAGE
    body = await compile_change(given, language=spoken, strict=strict, known=known)
    if body is not None:
        values |= body.values or dict.fromkeys(COLUMNS)
    elif old.get("kind") == "html":
        values |= design_columns(given)
    else:
        refuse_design(given)
    values["variables"] = _with_found(declared, {**old, **values})
    return values


_TEXTS = ("html", "plain_text")


def _with_found(declared: Sequence[Variable], version: Mapping[str, Any]) -> list[Variable]:
    """The variables as declared, then the others that the text asks for."""
    texts = (version.get("subject"), version.get("preheader"), *map(version.get, _TEXTS))
    wanted = variables_in(*texts)
    names = {variable["name"] for variable in declared}
    found = [
        Variable(name=name, type="string", fallback=None, declared=False)
        for name in wanted
        if name not in names
    ]
    return [*declared, *found]


def _declared(given: Sequence[Variable]) -> list[Variable]:
    if len(given) > VARIABLES_MAX:
        raise InvalidInput.field("variables", f"At most {VARIABLES_MAX}.")
    return [_variable(each, f"variables[{number}]") for number, each in enumerate(given)]


def _variable(given: Variable, path: str) -> Variable:
    name, kind, fallback = given["name"], given.get("type", "string"), given.get("fallback")
    if not all(map(_VARIABLE.fullmatch, name.split("."))):
        raise InvalidInput.field(f"{path}.name", "Letters, digits, _ and -, such as order_number.")
    if kind not in VARIABLE_TYPES:
        raise InvalidInput.field(f"{path}.type", f"One of {', '.join(VARIABLE_TYPES)}.")
    if fallback is not None and len(fallback) > FALLBACK_LENGTH_MAX:
        raise InvalidInput.field(f"{path}.fallback", f"At most {FALLBACK_LENGTH_MAX} characters.")
    return Variable(name=name, type=kind, fallback=fallback, declared=True)


def _locale(text: str | None, field: str) -> str | None:
    return parse_locale(text, field=field) if text else None


def _name(text: str) -> str:
    found = text.strip()
    if not 1 <= len(found) <= NAME_LENGTH_MAX:
        raise InvalidInput.field("name", f"A name has 1 to {NAME_LENGTH_MAX} characters.")
    return found


def _description(text: str | None) -> str | None:
    found = (text or "").strip()
    if len(found) > DESCRIPTION_LENGTH_MAX:
        raise InvalidInput.field("description", f"At most {DESCRIPTION_LENGTH_MAX} characters.")
    return found or None


def _tags(given: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(tag.strip() for tag in given))
    if len(found) > TAGS_MAX or not all(1 <= len(tag) <= TAG_LENGTH_MAX for tag in found):
        message = f"At most {TAGS_MAX} tags of 1 to {TAG_LENGTH_MAX} characters."
        raise InvalidInput.field("tags", message)
    return found


def _slug(text: str) -> str:
    if len(text) > SLUG_LENGTH_MAX or not _SLUG.fullmatch(text):
        raise InvalidInput.field("slug", "Small letters and digits, with - between: order-shipped.")
    return text
