"""`mailwright doctor`: what is right and wrong with this installation, with the mend beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailwright.cli.output import JsonOption, emit
from mailwright.cli.process import run_async, settings_of_process

if TYPE_CHECKING:
    from mailwright.services.doctor import Check

_COLOURS = {"ok": "green", "warning": "yellow", "failed": "red"}
_MARKS = {"ok": "✓", "warning": "!", "failed": "✗"}


def doctor(
    settings: Annotated[
        bool, typer.Option("--settings", help="Print every setting with its unit and default.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check database, transport, DNS, secret, clock and disk. Fails when something is red."""
    if settings:
        rows = _settings()
        emit(rows, as_json, lambda: [line for row in rows for line in _manual(row)])
        return
    checks = run_async(_check())
    emit(checks, as_json, lambda: [line for check in checks for line in _lines(check)])
    if any(check.status == "failed" for check in checks):
        raise typer.Exit(1)


async def _check() -> list[Check]:
    from mailwright.app import open_database
    from mailwright.services.doctor import examine

    found = settings_of_process()
    return await examine(found, lambda: open_database(found, pool_size=1))


def _lines(check: Check) -> list[str]:
    mark = typer.style(f"{_MARKS[check.status]} {check.name}", fg=_COLOURS[check.status])
    mend = [f"    {check.mend}"] if check.mend else []
    return [f"{mark}: {check.finding}", *mend]


def _settings() -> list[dict[str, Any]]:
    """Name, default and help of every variable, from where they are declared."""
    from pydantic import SecretStr

    from mailwright.settings import Settings

    rows: list[dict[str, Any]] = []
    for name, field in Settings.model_fields.items():
        default: object = field.default
        if isinstance(default, SecretStr):
            default = default.get_secret_value()
        rows.append(
            {
                "name": f"MAILWRIGHT_{name.upper()}",
                "default": default if default is None or isinstance(default, int) else str(default),
                "help": field.description,
            }
        )
    return rows


def _manual(row: dict[str, Any]) -> list[str]:
    default = "unset" if row["default"] in {None, ""} else row["default"]
    return [f"{row['name']}  (default: {default})", f"    {row['help']}"]
