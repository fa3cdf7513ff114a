"""`mailwright backup`, `restore` and `resume-sending`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailwright.cli.output import JsonOption, emit
from mailwright.cli.process import run_async, settings_of_process, with_runtime

if TYPE_CHECKING:
    from mailwright.services.backup import Manifest

File = Annotated[Path, typer.Argument(metavar="FILE", help="The archive.")]


def backup(
    file: File,
    force: Annotated[bool, typer.Option("--force", help="Write over FILE.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write database, secret and uploads to one file. The server may keep running.

    Whoever has the file has everything: it is readable by its owner only.
    """
    from mailwright.services.backup import back_up

    size = with_runtime(lambda runtime: back_up(runtime, file, overwrite=force))
    row = {"file": str(file), "bytes": size}
    emit(row, as_json, lambda: [f"Wrote {file}, {size / 1024**2:.1f} MB. Keep it secret."])


def restore(file: File, as_json: JsonOption = False) -> None:
    """Fill an empty installation from a backup. Sending stays off until `resume-sending`."""
    settings = settings_of_process()

    async def work() -> Manifest:
        from mailwright.app import open_database
        from mailwright.services.backup import restore

        async with open_database(settings) as database:
            return await restore(settings, database, file)

    manifest = run_async(work())
    row = {"file": str(file), "made_at": manifest.made_at, "version": manifest.version}
    lines = [
        f"Restored the backup of {manifest.made_at} (Mailwright {manifest.version}).",
        "Sending is off. When no other copy of it sends any more: `mailwright resume-sending`.",
    ]
    emit(row, as_json, lambda: lines)


def resume_sending(as_json: JsonOption = False) -> None:
    """Let a restored installation send again."""
    from mailwright.services.installation import enable_sending

    was_off = with_runtime(enable_sending)
    sentence = "Sending is on." if was_off else "Sending was on already."
    emit({"sending_enabled": True, "was_off": was_off}, as_json, lambda: [sentence])
