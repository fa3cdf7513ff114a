"""`mailwright tenant`: accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailwright.cli.output import JsonOption, emit, table
from mailwright.cli.process import with_runtime

if TYPE_CHECKING:
    from mailwright.services.tenants import TenantView

app = typer.Typer(help="Make and list tenants.", no_args_is_help=True)


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the tenant is called.")],
    slug: Annotated[
        str | None, typer.Option(help="Short name for commands; made from NAME when absent.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a tenant with its default project."""
    from mailwright.services import tenants

    made = with_runtime(lambda runtime: tenants.create_tenant(runtime, name, slug))
    emit(_row(made), as_json, lambda: [f"{made.slug}  {made.id}"])


@app.command("list")
def list_them(as_json: JsonOption = False) -> None:
    """List the tenants, oldest first."""
    from mailwright.services import tenants

    rows = [_row(found) for found in with_runtime(tenants.list_tenants)]
    emit(rows, as_json, lambda: table([list(row.values()) for row in rows], ["ID", "SLUG", "NAME"]))


def _row(tenant: TenantView) -> dict[str, Any]:
    return {"id": str(tenant.id), "slug": tenant.slug, "name": tenant.name}
