"""The program `mailwright`: every command, and what becomes of their errors.

Commands import what they need when they run, so that `--help` is quick.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mailwright import __version__
from mailwright.cli import (
    backup,
    campaign,
    database,
    demo,
    doctor,
    export,
    import_contacts,
    inbound,
    key,
    mcp,
    serve,
    tenant,
    user,
)
from mailwright.cli.errors import explain
from mailwright.cli.process import keep_private

app = typer.Typer(
    name="mailwright",
    help="The sender that can prove what it sent.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # an error is a sentence, not a box
)
app.command("serve")(serve.serve)
app.command("worker")(serve.worker)
app.command("mcp")(mcp.mcp)
app.command("migrate")(database.migrate)
app.command("doctor")(doctor.doctor)
app.command("demo")(demo.demo)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("resume-sending")(backup.resume_sending)
app.command("import")(import_contacts.import_contacts)
app.command("inbound")(inbound.inbound)
app.add_typer(export.app, name="export")
app.add_typer(tenant.app, name="tenant")
app.add_typer(user.app, name="user")
app.add_typer(key.app, name="key")
app.add_typer(campaign.app, name="campaign")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool,
        typer.Option("--version", help="Print it.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """The sender that can prove what it sent."""


def run() -> None:
    """The entry point: an error is one sentence on standard error and a status of its own."""
    keep_private()
    try:
        app()
    except Exception as error:  # the last place that can turn one into a sentence
        sys.exit(explain(error))


if __name__ == "__main__":
    run()
