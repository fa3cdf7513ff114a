"""`mailwright export`: contacts and recipients as CSV files."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from mailwright.cli.output import JsonOption, TenantOption, emit
from mailwright.cli.process import with_runtime

if TYPE_CHECKING:
    from mailwright.services.caller import Caller
    from mailwright.services.runtime import Runtime

app = typer.Typer(help="Write contacts or recipients to a CSV file.", no_args_is_help=True)

FileArgument = Annotated[Path, typer.Argument(help="Where to write; - is standard output.")]
RawOption = Annotated[
    bool, typer.Option("--raw", help="Cells as they are, also what a spreadsheet would compute.")
]

_STANDARD_OUTPUT = Path("-")


@app.command("contacts")
def contacts(
    file: FileArgument,
    list_uuid: Annotated[str | None, typer.Option("--list", help="Only of the list: uuid.")] = None,
    segment_uuid: Annotated[
        str | None, typer.Option("--segment", help="Only of the segment: uuid.")
    ] = None,
    tenant: TenantOption = "default",
    raw: RawOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write contacts with their attributes, oldest first."""
    from mailwright.domain.ids import parse_id
    from mailwright.services import exports

    async def pieces(runtime: Runtime, caller: Caller) -> AsyncIterator[bytes]:
        return await exports.export_contacts(
            runtime,
            caller,
            list_uuid=parse_id(list_uuid, "list") if list_uuid else None,
            segment_uuid=parse_id(segment_uuid, "segment") if segment_uuid else None,
            raw=raw,
        )

    _write(file, tenant, pieces, as_json=as_json)


@app.command("recipients")
def recipients(
    campaign: Annotated[str, typer.Argument(help="The campaign's uuid.")],
    file: FileArgument,
    tenant: TenantOption = "default",
    raw: RawOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write whom a campaign was sent to, and what became of each mail."""
    from mailwright.domain.ids import parse_id
    from mailwright.services import exports

    async def pieces(runtime: Runtime, caller: Caller) -> AsyncIterator[bytes]:
        campaign_uuid = parse_id(campaign, "campaign")
        return await exports.export_recipients(runtime, caller, campaign_uuid, raw=raw)

    _write(file, tenant, pieces, as_json=as_json)


def _write(
    file: Path,
    tenant: str,
    pieces: Callable[[Runtime, Caller], Awaitable[AsyncIterator[bytes]]],
    *,
    as_json: bool,
) -> None:
    async def work(runtime: Runtime) -> int:
        from mailwright.services import tenants

        caller = await tenants.operator_of(runtime, tenant)
        found = await pieces(runtime, caller)
        if file == _STANDARD_OUTPUT:
            return await _copy(found, sys.stdout.buffer)
        with _opened(file) as target:
            return await _copy(found, target)

    written = with_runtime(work)
    if file != _STANDARD_OUTPUT:
        result = {"file": str(file.resolve()), "bytes": written}
        emit(result, as_json, lambda: [f"Wrote {file}, {written:,} bytes."])


async def _copy(pieces: AsyncIterator[bytes], target: BinaryIO) -> int:
    written = 0
    async for piece in pieces:
        written += target.write(piece)
    return written


def _opened(file: Path) -> BinaryIO:
    from mailwright.errors import InvalidInput

    try:
        return file.open("wb")
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror or error}.") from None
