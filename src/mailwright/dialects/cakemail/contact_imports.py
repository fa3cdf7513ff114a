"""`/lists/{list_id}/import-contacts`: up to a thousand people a call, wrong rows told."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field, ValidationError
from starlette.responses import Response

from mailwright.dialects.cakemail.contact_attributes import changes_of
from mailwright.dialects.cakemail.contact_shapes import ContactCreate, ContactShape, contact_shape
from mailwright.dialects.cakemail.contacts import RESUBSCRIBED, AskOf
from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import Body, NumberInPath, example
from mailwright.dialects.cakemail.shapes import Shape, answer, plain
from mailwright.domain.ids import new_id
from mailwright.errors import InvalidInput
from mailwright.services import custom_fields
from mailwright.services import list_imports as service
from mailwright.services.contact_bulk import BULK_MAX
from mailwright.services.custom_fields import DeclaredField
from mailwright.services.list_imports import HowToImport, ImportTo, ListRow, RowError
from mailwright.services.numbers import numbers_of, uuid_of

router = APIRouter(prefix="/lists/{list_id}/import-contacts", tags=["contacts"])

#: The document's codes of errors in a row, with their usual words.
NOT_FOUND, INVALID_ATTRIBUTE, UNKNOWN = 8001, 8014, 8015


class ImportBody(Body):
    """Who is imported, and to what. Tags and interests that a row leaves out are taken off."""

    contacts: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=BULK_MAX)]
    import_to: Literal["active", "unsubscribed", "deleted"] = "active"
    resubscribe: bool = False
    remove_tags: bool = True
    remove_interests: bool = True

    model_config = example({"contacts": [{"email": "ada@example.com"}], "import_to": "active"})


class ImportedShape(Shape):
    """Who was imported, in the order of the rows, and which rows were not."""

    import_id: str
    id: list[int]
    object: str
    imported: bool
    data: list[ContactShape]
    errors: list[dict[str, Any]]


@router.post("", status_code=201, responses={201: {"model": ImportedShape}})
async def import_contacts(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_id: NumberInPath,
    body: ImportBody,
    ask: AskOf,
) -> Response:
    """Import contacts: those that are right, all at once; the others are told with their row."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    fields = await custom_fields.declared_fields(runtime, caller)
    rows, places, refused = _rows(body.contacts, fields)
    how = HowToImport(
        to=ImportTo(body.import_to),
        resubscribe=body.resubscribe,
        source=RESUBSCRIBED if body.resubscribe else None,
        replace_tags=body.remove_tags,
        replace_interests=body.remove_interests,
        ask=ask,
    )
    done = await service.import_to_list(runtime, caller, list_uuid, rows, how, room=len(refused))
    uuids = [view.contact.uuid for view in done.contacts]
    numbers = await numbers_of(runtime, caller, "contact", uuids)
    shapes = [contact_shape(view, numbers[view.contact.uuid]) for view in done.contacts]
    errors = [*refused, *((places[error.index], error) for error in done.errors)]
    told = [
        _told(place, error, fields) for place, error in sorted(errors, key=lambda each: each[0])
    ]
    return answer(
        {
            "import_id": str(new_id()),
            "id": [shape.id for shape in shapes] or done.removed_ids,
            "object": "contact",
            "imported": True,
            "data": [plain(shape) for shape in shapes],
            "errors": told,
        },
        201,
    )


def _rows(
    given: list[dict[str, Any]], fields: dict[str, DeclaredField]
) -> tuple[list[ListRow], list[int], list[tuple[int, RowError]]]:
    """The rows that can be read, where each stood, and those that cannot."""
    rows: list[ListRow] = []
    places: list[int] = []
    refused: list[tuple[int, RowError]] = []
    for place, each in enumerate(given):
        try:
            row = ContactCreate.model_validate(each)
            changes = changes_of(row.attributes(), fields, strict=True)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"]) or "contact"
            words = str(first["msg"]).removeprefix("Value error, ")
            refused.append((place, RowError(place, field, words)))
        except InvalidInput as error:
            refused.append((place, RowError(place, "custom_attributes", error.message)))
        else:
            rows.append(ListRow(row.email, changes, row.tags, row.interests))
            places.append(place)
    return rows, places, refused


def _told(place: int, error: RowError, fields: Collection[str]) -> dict[str, Any]:
    is_attribute = (
        error.field.startswith(("custom_attributes", "attributes")) or error.field in fields
    )
    code = NOT_FOUND if error.is_unknown else INVALID_ATTRIBUTE if is_attribute else UNKNOWN
    loc = ["body", "contacts", str(place), *error.field.split(".")]
    return {"loc": loc, "msg": error.message, "code": code}
