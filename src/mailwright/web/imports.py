"""`/imports`: contacts from CSV files: looked into, tried, watched, undone."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import FileResponse, Response

from mailwright.domain.import_columns import ATTRIBUTE_PREFIX, SKIP
from mailwright.errors import InvalidInput
from mailwright.services import custom_fields, held_imports, lists
from mailwright.services import imports as service
from mailwright.services.imports import ImportView, NewImport
from mailwright.services.paging import Page
from mailwright.web.campaign_audiences import chosen_uuid
from mailwright.web.forms import Form, numbered
from mailwright.web.uploads import pieces_of
from mailwright.web.visits import Visit

PATH = "/imports"
WAITING = "waiting"
LIVE = frozenset({"queued", "running", "undoing"})

#: The choice whose name is typed beside it.
NEW_ATTRIBUTE = "attribute"
#: What a column can be, in words; all that domain/import_columns.py knows.
FIELD_WORDS = {
    "email": "Email address",
    "first_name": "First name",
    "last_name": "Last name",
    "full_name": "Whole name",
    "phone": "Phone",
    "language": "Language",
    "country_code": "Country",
    "external_id": "Id in your system",
}


async def show_list(visit: Visit) -> Response:
    """Imports, newest first."""
    paged = await service.page_imports(visit.runtime, visit.caller, visit.page())
    return await visit.show("imports/list.html", paged=paged)


async def show_new(visit: Visit) -> Response:
    """An empty form."""
    visit.caller.require("imports:write")
    return await _new(visit, {"list_uuid": visit.query("list_uuid")})


async def create(visit: Visit) -> Response:
    """The file, kept until somebody says what its columns are, or the form with what is wrong."""
    form = visit.form
    visit.caller.require("imports:write")
    try:
        if visit.file is None:
            raise InvalidInput.field("file", "Choose a CSV file.")
        chosen = chosen_uuid(form, "list_uuid")
        new = NewImport(
            file_name=(visit.file.filename or "upload.csv")[:255],
            list_uuid=chosen,
            list_name=None if chosen else form.get("list_name", "").strip()[:255] or None,
            consent_source=form.get("consent_source", "").strip()[:255] or "import",
            held=True,
        )
        pieces = pieces_of(visit.file)
        made = await service.receive_import(visit.runtime, visit.caller, new, pieces)
    except InvalidInput as error:
        return await _new(visit, form, error)
    return visit.go(f"{PATH}/{made.uuid}")


async def show(visit: Visit) -> Response:
    """An import: its columns while it waits, then how far it is and what it did."""
    found = await service.get_import(visit.runtime, visit.caller, _uuid_of(visit))
    is_live = found.status in LIVE
    if visit.is_partial:
        if not is_live:
            return Response(headers={"HX-Refresh": "true"})
        return visit.part("imports/progress.html", found=found, is_live=True)
    asks_columns = found.status == WAITING or (visit.query("columns") and found.held)
    if asks_columns and not is_live and visit.may("imports:write"):
        return await _columns(visit, found)
    return await visit.show(
        "imports/one.html", found=found, is_live=is_live, can_undo=_can_undo(found)
    )


async def start(visit: Visit) -> Response:
    """The import, tried or for good, with the columns of the form or as they were said before."""
    import_uuid = _uuid_of(visit)
    key = (visit.runtime, visit.caller, import_uuid)
    targets = targets_of(visit.form) if "row.0.target" in visit.form else None
    try:
        await held_imports.begin_import(*key, targets, dry_run="dry_run" in visit.form)
    except InvalidInput as error:
        return await _columns(visit, await service.get_import(*key), error)
    return visit.go(f"{PATH}/{import_uuid}")


async def discard(visit: Visit) -> Response:
    """The file is gone, before anything came of it."""
    await held_imports.discard_import(visit.runtime, visit.caller, _uuid_of(visit))
    return visit.go(PATH, said="The file was thrown away; nothing was changed.")


async def undo(visit: Visit) -> Response:
    """Undone, as far as nothing was built on it."""
    import_uuid = _uuid_of(visit)
    await service.undo_import(visit.runtime, visit.caller, import_uuid)
    return visit.go(f"{PATH}/{import_uuid}", said="The import is being undone.")


async def errors(visit: Visit) -> Response:
    """The rows that were rejected, each with its line and the reason."""
    path = await service.get_error_file(visit.runtime, visit.caller, _uuid_of(visit))
    return FileResponse(path, media_type="text/csv; charset=utf-8", filename="errors.csv")


def _uuid_of(visit: Visit) -> UUID:
    return visit.path_id("uuid", "import")


def _can_undo(found: ImportView) -> bool:
    return found.status == "done" and not found.dry_run and bool(found.created or found.updated)


async def _new(visit: Visit, form: Form, error: InvalidInput | None = None) -> Response:
    named = await lists.page_lists(visit.runtime, visit.caller, Page())
    return await visit.show(
        "imports/new.html",
        422 if error else 200,
        form=form,
        lists=[(one.uuid, one.name) for one in named.items],
        megabytes=visit.runtime.settings.upload_megabytes_max,
        **visit.faults(error),
    )


async def _columns(visit: Visit, found: ImportView, error: InvalidInput | None = None) -> Response:
    """The columns of the file, each with its first values and what it is to become."""
    key = (visit.runtime, visit.caller)
    columns = await held_imports.look_into_import(*key, found.uuid)
    fields = await custom_fields.page_custom_fields(*key, Page())
    known = [(f"{ATTRIBUTE_PREFIX}{field.field_key}", field.name) for field in fields.items]
    chosen = targets_of(visit.form) if error else [column.target for column in columns]
    return await visit.show(
        "imports/columns.html",
        422 if error else 200,
        found=found,
        columns=list(zip(columns, chosen, strict=False)),
        fields=list(FIELD_WORDS.items()),
        attributes=known,
        known_attributes={target for target, _ in known},
        new_attribute=NEW_ATTRIBUTE,
        skip=SKIP,
        **visit.faults(error),
    )


def targets_of(form: Form) -> list[str]:
    """What the form says each column is, in the order of the file."""
    rows = numbered(form, "row")
    return [_target(row.get("target", SKIP), row.get("key", "")) for row in rows]


def _target(chosen: str, key: str) -> str:
    return f"{ATTRIBUTE_PREFIX}{key.strip()}" if chosen == NEW_ATTRIBUTE else chosen
