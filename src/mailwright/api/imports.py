"""`/imports`: contacts from CSV files."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field, Json, StringConstraints, ValidationError
from starlette.responses import FileResponse, Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, many, nothing, one
from mailwright.api.fields import Body, Name, example
from mailwright.api.problems import errors as problems
from mailwright.api.uploads import upload_of
from mailwright.domain.import_columns import COLUMNS_MAX
from mailwright.errors import InvalidInput
from mailwright.services import held_imports
from mailwright.services import imports as service
from mailwright.services.held_imports import HeldColumn
from mailwright.services.imports import ImportView, NewImport

router = APIRouter(prefix="/imports", tags=["imports"])

Target = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class ImportFields(Body):
    """What a form or the query says about the file."""

    list_name: Name | None = None
    list_uuid: UUID | None = None
    consent_source: Name = "import"
    project_uuid: UUID | None = Field(None, description="Whose audience these people are.")
    dry_run: bool = Field(
        default=False, description="Count, and write the error file; change nothing."
    )
    held: bool = Field(default=False, description="Keep the file for a week and wait: see `start`.")
    mapping: Json[dict[str, Target]] | None = Field(
        None, description="By heading: a field, `attributes.KEY` or `skip`, as a JSON object."
    )


_FILE = {"type": "string", "format": "binary"}
_FORM = {**ImportFields.model_json_schema()["properties"], "file": _FILE}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["file"], "properties": _FORM}
            },
            "text/csv": {"schema": _FILE},
        },
    },
}


@router.post("", status_code=202, responses={202: {"model": Data[ImportView]}}, openapi_extra=_BODY)
async def create(runtime: RuntimeOf, caller: CallerOf, request: Request) -> Response:
    """Import a CSV file in the background: a form with `file`, or `text/csv` with the fields in
    the query. The list is made when it is absent; existing unsubscribes stay."""
    caller.require("imports:write")
    bytes_max = runtime.settings.upload_megabytes_max * 1024**2
    async with upload_of(request, bytes_max=bytes_max) as upload:
        fields = _fields(upload.fields)
        new = NewImport(
            file_name=upload.file_name[:255],
            list_name=fields.list_name,
            list_uuid=fields.list_uuid,
            consent_source=fields.consent_source,
            mapping=fields.mapping,
            project_uuid=fields.project_uuid,
            dry_run=fields.dry_run,
            held=fields.held,
        )
        view = await service.receive_import(runtime, caller, new, upload.pieces)
    return one(view, 202)


@router.get("", responses={200: {"model": DataPage[ImportView]}})
async def page(runtime: RuntimeOf, caller: CallerOf, page: PageOf) -> Response:
    """Imports, newest first."""
    return many(await service.page_imports(runtime, caller, page))


@router.get("/{import_uuid}", responses={200: {"model": Data[ImportView]}})
async def get(runtime: RuntimeOf, caller: CallerOf, import_uuid: UUID) -> Response:
    """One import and how far it is."""
    return one(await service.get_import(runtime, caller, import_uuid))


@router.get(
    "/{import_uuid}/columns",
    responses={200: {"model": Data[list[HeldColumn]]}, **problems("IMPORT_NOT_HELD")},
)
async def columns(runtime: RuntimeOf, caller: CallerOf, import_uuid: UUID) -> Response:
    """The columns of a file that is held, each with what it seems to be and its first values."""
    return one(await held_imports.look_into_import(runtime, caller, import_uuid))


class ImportStart(Body):
    """How to begin. `columns`: what each is, in the order of the file; absent: as it was said."""

    columns: Annotated[list[Target], Field(max_length=COLUMNS_MAX)] | None = None
    dry_run: bool = Field(default=False, description="Try it; it is held and can be begun again.")

    model_config = example({"columns": ["email", "first_name", "attributes.plan", "skip"]})


@router.post(
    "/{import_uuid}/start",
    status_code=202,
    responses={202: {"model": Data[ImportView]}, **problems("IMPORT_NOT_HELD")},
)
async def start(
    runtime: RuntimeOf, caller: CallerOf, import_uuid: UUID, body: ImportStart
) -> Response:
    """Begin an import that is held: try it, as often as one likes, or import it for good."""
    key = (runtime, caller, import_uuid)
    return one(await held_imports.begin_import(*key, body.columns, dry_run=body.dry_run), 202)


@router.delete("/{import_uuid}", status_code=204, responses=problems("IMPORT_NOT_HELD"))
async def discard(runtime: RuntimeOf, caller: CallerOf, import_uuid: UUID) -> Response:
    """Throw away an import that is held, with its file."""
    await held_imports.discard_import(runtime, caller, import_uuid)
    return nothing()


@router.post(
    "/{import_uuid}/undo",
    responses={200: {"model": Data[ImportView]}, **problems("IMPORT_NOT_UNDOABLE")},
)
async def undo(runtime: RuntimeOf, caller: CallerOf, import_uuid: UUID) -> Response:
    """Undo an import: contacts it made, untouched since, and memberships it made are removed."""
    return one(await service.undo_import(runtime, caller, import_uuid))


@router.get(
    "/{import_uuid}/errors.csv",
    response_class=FileResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def errors(runtime: RuntimeOf, caller: CallerOf, import_uuid: UUID) -> Response:
    """The rows that were rejected, each with its line and the reason. 404 when there are none."""
    path = await service.get_error_file(runtime, caller, import_uuid)
    return FileResponse(path, media_type="text/csv; charset=utf-8", filename="errors.csv")


def _fields(given: dict[str, str]) -> ImportFields:
    try:
        return ImportFields.model_validate(given)
    except ValidationError as error:
        messages: dict[str, list[str]] = {}
        for found in error.errors():
            name = ".".join(str(part) for part in found["loc"]) or "form"
            unknown = found["type"] == "extra_forbidden"
            messages[name] = ["There is no such field." if unknown else found["msg"]]
        raise InvalidInput.fields(messages) from None
