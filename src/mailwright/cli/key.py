"""`mailwright key`: API keys."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailwright.cli.output import JsonOption, TenantOption, emit, table
from mailwright.cli.process import with_runtime

if TYPE_CHECKING:
    from mailwright.services.api_keys import ApiKeyView
    from mailwright.services.runtime import Runtime

app = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)


@app.command("create")
def create(
    name: Annotated[str, typer.Option(help="What the key is for.")],
    scope: Annotated[
        list[str], typer.Option(help="A right, such as campaigns:read; * is all. Repeatable.")
    ],
    tenant: TenantOption = "default",
    test: Annotated[
        bool, typer.Option("--test", help="An mw_test_ key: all of its mail goes to the inbox.")
    ] = False,
    expires_in_days: Annotated[
        int | None,
        typer.Option(min=1, max=36_500, help="Days until it expires; never when absent."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key and print it, this once."""
    from mailwright.services import api_keys, tenants

    async def work(runtime: Runtime) -> tuple[ApiKeyView, str]:
        caller = await tenants.operator_of(runtime, tenant)
        expires_at = runtime.now() + timedelta(days=expires_in_days) if expires_in_days else None
        new = api_keys.NewApiKey(name, tuple(scope), test, expires_at)
        return await api_keys.create_api_key(runtime, caller, new)

    view, made = with_runtime(work)
    emit({**_row(view), "key": made}, as_json, lambda: [made])


@app.command("list")
def list_them(
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """List a tenant's keys, newest first."""

    async def work(runtime: Runtime) -> list[dict[str, Any]]:
        from mailwright.services import api_keys, tenants
        from mailwright.services.paging import Page

        caller = await tenants.operator_of(runtime, tenant)
        rows: list[dict[str, Any]] = []
        while True:
            page = await api_keys.page_api_keys(runtime, caller, Page(len(rows) // 100 + 1))
            rows += [_row(view) for view in page.items]
            if not page.items or len(rows) >= page.total:
                return rows

    rows = with_runtime(work)
    shown = ("id", "prefix", "name", "state", "last_used_at")
    emit(
        rows,
        as_json,
        lambda: table(
            [[row[column] or "-" for column in shown] for row in rows],
            ["ID", "PREFIX", "NAME", "STATE", "LAST USED"],
        ),
    )


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, as `key list` shows it.")],
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Revoke a key; within 5 seconds it opens nothing any more."""

    async def work(runtime: Runtime) -> ApiKeyView:
        from mailwright.domain.ids import parse_id
        from mailwright.services import api_keys, tenants

        caller = await tenants.operator_of(runtime, tenant)
        return await api_keys.revoke_api_key(runtime, caller, parse_id(key_id, "API key"))

    row = _row(with_runtime(work))
    emit(row, as_json, lambda: [f"{row['name']} ({row['prefix']}…) is revoked."])


def _row(key: ApiKeyView) -> dict[str, Any]:
    state = "revoked" if key.revoked_at else "live"
    return {
        "id": str(key.uuid),
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "sandbox": key.sandbox,
        "state": state,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    }
