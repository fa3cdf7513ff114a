"""`/imports`: contacts from CSV files, tried first, watched, undone."""

from __future__ import annotations

import io
from uuid import UUID

from starlette.responses import FileResponse, Response

from mailwright.errors import InvalidInput
from mailwright.services import imports as service
from mailwright.services import lists
from mailwright.services.imports import ImportView, NewImport
from mailwright.services.paging import Page
from mailwright.web.campaign_audiences import chosen_uuid
from mailwright.web.forms import Form
from mailwright.web.uploads import pieces_of
from mailwright.web.visits import Visit

LIVE = frozenset({"queued", "running", "undoing"})
MAPPING_LINES_MAX = 200


async def show_list(visit: Visit) -> Response:
    """Imports, newest first."""
    paged = await service.page_imports(visit.runtime, visit.caller, visit.page())
    return await visit.show("imports/list.html", paged=paged)


async def show_new(visit: Visit) -> Response:
    """An empty form."""
    visit.caller.require("imports:write")
    form = {"dry_run": "on", "list_uuid": visit.query("list_uuid")}
    return await _new(visit, form)


async def create(visit: Visit) -> Response:
    """The import, under way, or the form again with what is wrong."""
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
            mapping=_mapping(form.get("mapping", "")),
            dry_run="dry_run" in form,
        )
        pieces = pieces_of(visit.file)
        made = await service.receive_import(visit.runtime, visit.caller, new, pieces)
    except InvalidInput as error:
        return await _new(visit, form, error)
    return visit.go(f"/imports/{made.uuid}")


async def show(visit: Visit) -> Response:
    """An import: how far it is, what became of each column, what it did."""
    found = await service.get_import(visit.runtime, visit.caller, _uuid_of(visit))
    if visit.is_partial:
        if found.status not in LIVE:
            return Response(headers={"HX-Refresh": "true"})
        return visit.part("imports/progress.html", found=found, is_live=True)
    return await visit.show(
        "imports/one.html", found=found, is_live=found.status in LIVE, can_undo=_can_undo(found)
    )


async def undo(visit: Visit) -> Response:
    """Undone, as far as nothing was built on it."""
    import_uuid = _uuid_of(visit)
    await service.undo_import(visit.runtime, visit.caller, import_uuid)
    return visit.go(f"/imports/{import_uuid}", said="The import is being undone.")


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


def _mapping(text: str) -> dict[str, str] | None:
    """`Heading = field`, a line each. Raises InvalidInput for a line that is not."""
    found: dict[str, str] = {}
    for line in io.StringIO(text):
        if not line.strip():
            continue
        heading, equals, field = line.rpartition("=")
        if not equals or len(found) >= MAPPING_LINES_MAX:
            raise InvalidInput.field("mapping", "One column a line: Heading = field.")
        found[heading.strip()] = field.strip()
    return found or None
