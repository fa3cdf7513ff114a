"""`mailwright demo`: the main job, told from a CSV file to a report that is proved."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from mailwright.cli.output import JsonOption, emit


def demo(
    examples: Annotated[
        Path, typer.Option(help="Folder with contacts.csv and newsletter.md.")
    ] = Path("examples"),
    as_json: JsonOption = False,
) -> None:
    """Do the main job: import, write, test, send, read, report, and prove it."""
    from rich.console import Console

    from mailwright.cli.demo_story import run_demo
    from mailwright.settings import load_settings

    console = Console(stderr=as_json)
    result = asyncio.run(run_demo(load_settings(), examples, console))
    if as_json:
        emit(result, as_json, list)
