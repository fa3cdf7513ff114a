"""`mailwright mcp`: the MCP server on standard input and output."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from mailwright.cli.process import with_runtime

if TYPE_CHECKING:
    from mailwright.services.caller import Caller
    from mailwright.services.runtime import Runtime

API_KEY = "MAILWRIGHT_API_KEY"


def mcp(
    tenant: Annotated[
        str | None,
        typer.Option(
            help=f"Act for this tenant with every right, instead of with the key in {API_KEY}."
        ),
    ] = None,
) -> None:
    """Serve an assistant on standard input and output (MCP), with the key in MAILWRIGHT_API_KEY.

    Logs go to standard error. Ends with standard input.
    """
    from mailwright.errors import ConfigurationError

    key = os.environ.get(API_KEY)
    if tenant is None and not key:
        raise ConfigurationError(f"Set {API_KEY} to an API key, or name a --tenant.")

    async def work(runtime: Runtime) -> None:
        from mailwright.domain.doors import Door
        from mailwright.mcp.stdio import serve_stdio
        from mailwright.services import bearers, tenants

        async def caller_of() -> Caller:
            if tenant is not None:
                return await tenants.operator_of(runtime, tenant, Door.MCP)
            return await bearers.authenticate(runtime, key or "", Door.MCP)

        await caller_of()  # a wrong key or tenant ends it at once, with a sentence
        await serve_stdio(runtime, caller_of)

    with_runtime(work)
