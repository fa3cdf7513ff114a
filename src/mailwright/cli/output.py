"""What commands print: one JSON value or a few lines on standard output, errors in one sentence."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, cast

import typer

JsonOption = Annotated[
    bool, typer.Option("--json", help="One JSON value on standard output, logs on standard error.")
]
TenantOption = Annotated[
    str, typer.Option("--tenant", help="The tenant's slug or id, as `tenant list` shows them.")
]


def emit(value: Any, as_json: bool, lines: Callable[[], Sequence[str]]) -> None:
    """Prints `value` as JSON, or else the lines for people."""
    if as_json:
        import orjson

        typer.echo(orjson.dumps(value, default=_plain, option=orjson.OPT_UTC_Z).decode())
        return
    for line in lines():
        typer.echo(line)


def table(rows: Sequence[Sequence[object]], headings: Sequence[str]) -> list[str]:
    """Rows in columns as wide as they need."""
    cells = [[str(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headings))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def say_error(sentence: str) -> None:
    """The one sentence of a failure, on standard error."""
    red = sys.stderr.isatty()
    typer.echo(f"{typer.style('Error:', fg='red') if red else 'Error:'} {sentence}", err=True)


def note(sentence: str) -> None:
    """Something people should know, on standard error: out of the way of JSON."""
    typer.echo(sentence, err=True)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, frozenset | set):
        return sorted(cast("set[Any]", value))
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
