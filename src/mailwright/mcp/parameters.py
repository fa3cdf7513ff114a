"""What an operation takes, read from the signature of its service.

A service says `(runtime, caller, campaign_uuid, changes: CampaignChanges)`; the assistant sends
`{"campaign_id": …, "subject": …}`. So the names are the native ones, a page is `page` and
`per_page`, a set of changes is its fields, and any id may be called `…_id` or `…_uuid`. What a
service learns to take, its operation takes once its name stands in `fields.KNOWN`.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, get_origin, get_type_hints, is_typeddict

from pydantic import AliasChoices, Field, ValidationError, create_model

from mailwright.domain.storable import is_storable
from mailwright.errors import InvalidInput
from mailwright.mcp.fields import FORMS, FORMS_OF_TYPES, KNOWN, NATIVE, Form
from mailwright.mcp.operations import Operation
from mailwright.services.paging import PER_PAGE_MAX, Page

PER_PAGE = 20  # what an assistant reads at once; it may ask for 100
_PAGE_FIELDS: Mapping[str, Any] = {
    "page": (Annotated[int, Field(ge=1, le=1_000_000)], 1),
    "per_page": (Annotated[int, Field(ge=1, le=PER_PAGE_MAX)], PER_PAGE),
}
_ABSENT: Any = inspect.Parameter.empty


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of one operation.

    `plain` are the service's own; `changes` the fields of its set of changes, which is the argument
    `changes_of`; `paged` the name of its page.
    """

    form: type[Form]
    plain: tuple[str, ...]
    changes: tuple[str, ...]
    changes_of: str | None
    paged: str | None

    @property
    def required(self) -> list[str]:
        """The names that must be sent."""
        fields = self.form.model_fields.items()
        return [shown(name) for name, field in fields if field.is_required()]

    @property
    def optional(self) -> list[str]:
        """The names that may be sent, without those of the changes."""
        fields = self.form.model_fields.items()
        names = [name for name, field in fields if not field.is_required()]
        return [shown(name) for name in names if name not in self.changes]

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The service's arguments. Raises InvalidInput naming every field that is wrong."""
        if not is_storable(dict(given)):
            raise InvalidInput("NUL characters and lone surrogates cannot be stored.")
        try:
            form = self.form.model_validate(given)
        except ValidationError as error:
            raise self._refusal(error) from None
        sent = form.model_fields_set
        arguments: dict[str, Any] = {
            name: getattr(form, name) for name in self.plain if name in sent
        }
        if self.changes_of is not None:
            changes = {name: getattr(form, name) for name in self.changes if name in sent}
            arguments[self.changes_of] = changes
        if self.paged is not None:
            values = form.model_dump(include={"page", "per_page"})
            arguments[self.paged] = Page(values["page"], values["per_page"])
        return arguments

    def _refusal(self, error: ValidationError) -> InvalidInput:
        found = by_field(error)
        first = next(iter(found))
        known = [shown(name) for name in self.form.model_fields]
        takes = f" It takes: {', '.join(known)}." if known else " It takes none."
        return InvalidInput(f"{first}: {found[first][0].rstrip('.')}.{takes}", details=found)


_SENTENCES = {
    "extra_forbidden": "There is no such field.",
    "missing": "This field is required.",
}


def by_field(error: ValidationError) -> dict[str, list[str]]:
    """What is wrong, as sentences by field."""
    found: dict[str, list[str]] = {}
    for one in error.errors():
        field = ".".join(str(part) for part in one["loc"]) or "params"
        sentence = _SENTENCES.get(one["type"]) or one["msg"].removeprefix("Value error, ")
        found.setdefault(field, []).append(sentence)
    return found


def changes_form(changes: type, **more: Any) -> type[Form]:
    """The form of a set of changes by itself, with `more` fields beside its own."""
    fields = {name: _field(name, kind, None) for name, kind in get_type_hints(changes).items()}
    return create_model("Row", __base__=Form, **fields, **more)


def shown(name: str) -> str:
    """The parameter as an assistant is told of it: `campaign_id` for `campaign_uuid`."""
    if name.endswith("_uuid"):
        return f"{name.removesuffix('_uuid')}_id"
    return NATIVE.get(name, name)


@cache
def parameters_of(operation: Operation) -> Parameters:
    """The parameters of an operation."""
    hints = get_type_hints(operation.service, include_extras=True)
    signature = list(inspect.signature(operation.service).parameters.values())[2:]
    fields: dict[str, Any] = {}
    plain: list[str] = []
    changes: list[str] = []
    changes_of = paged = None
    for parameter in signature:
        hint = hints[parameter.name]
        if hint is Page:
            paged = parameter.name
        elif is_typeddict(hint):
            changes_of = parameter.name
            for name, kind in get_type_hints(hint).items():
                if not _is_taken(name):
                    continue
                default = _ABSENT if name in operation.required else None
                fields[name] = _field(name, kind, default)
                changes.append(name)
        elif _is_taken(parameter.name):
            fields[parameter.name] = _field(parameter.name, hint, parameter.default)
            plain.append(parameter.name)
    if paged is not None:
        fields |= _PAGE_FIELDS
    form = create_model("Params", __base__=Form, **fields)
    return Parameters(form, tuple(plain), tuple(changes), changes_of, paged)


def _is_taken(name: str) -> bool:
    return name in KNOWN or name.endswith("_uuid")


def _field(name: str, hint: Any, default: Any) -> tuple[Any, Any]:
    settings: dict[str, Any] = {} if default is _ABSENT else {"default": default}
    if shown(name) != name:
        settings["validation_alias"] = AliasChoices(shown(name), name)
    form = FORMS.get(name) or FORMS_OF_TYPES.get(hint, hint)
    return hint if get_origin(hint) is Annotated else form, Field(**settings)
