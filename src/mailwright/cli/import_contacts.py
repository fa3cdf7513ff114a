"""`mailwright import`: contacts from a CSV file, with a progress bar."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailwright.cli.output import JsonOption, TenantOption, emit
from mailwright.cli.process import with_runtime

if TYPE_CHECKING:
    from mailwright.services.caller import Caller
    from mailwright.services.imports import ImportView, NewImport
    from mailwright.services.runtime import Runtime


def import_contacts(
    file: Annotated[Path, typer.Argument(help="A CSV file with a heading row.")],
    list_name: Annotated[
        str | None, typer.Option("--list", help="The list they join; made when absent.")
    ] = None,
    consent: Annotated[
        str, typer.Option(help='How we know they agreed, such as "webinar 2026-05".')
    ] = "import",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Import contacts. Unsubscribed people stay unsubscribed; rejected rows go to an error file."""

    async def work(runtime: Runtime) -> dict[str, Any]:
        from mailwright.services import imports, tenants

        caller = await tenants.operator_of(runtime, tenant)
        new = imports.NewImport(file.name[:255], list_name=list_name, consent_source=consent)
        view = await _run(runtime, caller, new, file)
        path = imports.error_path(runtime, view.error_file)
        return {
            "created": view.created,
            "updated": view.updated,
            "rejected": view.rejected,
            "error_file": str(path.resolve()) if path else None,
        }

    result = with_runtime(work)
    emit(result, as_json, lambda: _lines(result))


async def _run(runtime: Runtime, caller: Caller, new: NewImport, file: Path) -> ImportView:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from mailwright.errors import InvalidInput
    from mailwright.services import imports

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        shown = progress.add_task("Importing", total=None, rows=0, rate=0.0)
        try:
            view = await imports.start_import(runtime, caller, new, file, in_background=False)
        except OSError as error:
            raise InvalidInput(f"{file} cannot be read: {error.strerror or error}.") from None
        while view.status in {"queued", "running"}:
            view = await imports.run_import_here(runtime, caller, view.uuid)
            elapsed = progress.tasks[0].elapsed or 1.0
            progress.update(
                shown,
                total=view.file_bytes,
                completed=view.bytes_read,
                rows=view.rows_read,
                rate=view.rows_read / elapsed,
            )
    if view.error is not None:
        raise InvalidInput(view.error)
    return view


def _lines(result: dict[str, Any]) -> list[str]:
    told = [
        f"{result['created']} new, {result['updated']} known, {result['rejected']} rejected.",
    ]
    if result["error_file"]:
        told.append(f"Why they were rejected: {result['error_file']}")
    return told
