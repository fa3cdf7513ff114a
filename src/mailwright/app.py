"""Builds everything: the runtime of a process, and what each kind of process runs."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from mailwright.errors import ConfigurationError
from mailwright.services.inbox import capture
from mailwright.services.returned_mail import returned_mail_listener
from mailwright.services.runtime import Runtime
from mailwright.services.secrets import load_keys
from mailwright.services.set_up import FirstOwner, check_secret, set_up
from mailwright.settings import Settings
from mailwright.store.database import Database, database_url
from mailwright.store.embedded_postgres import embedded
from mailwright.store.schema import is_current, migrate
from mailwright.wire.smtp_listener import SmtpListener


def _tell_nobody(_news: object) -> None:
    """For processes whose people need not know."""


@asynccontextmanager
async def open_database(
    settings: Settings, *, revive: bool = False, pool_size: int = 8
) -> AsyncGenerator[Database]:
    """The database as it is: of `MAILWRIGHT_DATABASE_URL`, or the embedded one, started if need be.

    `revive` starts an embedded server again that died. Raises DatabaseUnreachable or
    ConfigurationError.
    """
    async with AsyncExitStack() as stack:
        if settings.database_url is not None:
            url = settings.database_url.get_secret_value()
        else:
            url = await stack.enter_async_context(embedded(settings.data_dir, revive=revive))
        database = Database(database_url(url), pool_size=pool_size)
        stack.push_async_callback(database.close)
        yield database


@asynccontextmanager
async def open_runtime(
    settings: Settings,
    *,
    prepare: bool = True,
    announce: Callable[[FirstOwner], None] = _tell_nobody,
    migrated: Callable[[list[str]], None] = _tell_nobody,
    revive: bool = False,
    pool_size: int = 8,
) -> AsyncGenerator[Runtime]:
    """The runtime, with the embedded PostgreSQL when no database is named.

    `prepare` migrates, telling `migrated` what was applied, and makes the first tenant, whose owner
    is told to `announce`; without it the database must be ready. The rest is as in
    `open_database`. Raises DatabaseUnreachable, or ConfigurationError for a wrong secret.
    """
    async with open_database(settings, revive=revive, pool_size=pool_size) as database:
        runtime = Runtime(settings, database, load_keys(settings))
        if prepare:
            migrated(await migrate(database))
            owner = await set_up(runtime)
            if owner is not None:
                announce(owner)
        elif not await is_current(database):
            raise ConfigurationError("The database needs `mailwright migrate`.")
        else:
            await check_secret(runtime)
        yield runtime


def create_web_app(runtime: Runtime) -> ASGIApp:
    """Everything on the HTTP port: what strangers reach first, then the API and its reference."""
    from mailwright.api.application import create_api
    from mailwright.dialects.cakemail.application import create_cakemail
    from mailwright.dialects.mailingcore.application import create_mailingcore
    from mailwright.mcp.http import McpDoor
    from mailwright.public.application import create_public
    from mailwright.public.operations import operation_routes
    from mailwright.web.application import create_web
    from mailwright.web.reference import reference_route

    api = create_api(runtime)
    mcp = McpDoor(runtime)
    routes: list[BaseRoute] = [
        *operation_routes(runtime),
        reference_route(api.openapi, root="/api/v1"),
        Mount("/api/v1", api),
        Mount("/cakemail", create_cakemail(runtime)),
        Mount("/mailingcore", create_mailingcore(runtime)),
        Route("/mcp", mcp),
        Route("/mcp/", mcp),
        Mount("/", create_web(runtime)),
    ]
    return create_public(runtime, Starlette(routes=routes, lifespan=mcp.lifespan))


async def run_worker(runtime: Runtime, *, stop: asyncio.Event) -> None:
    """Delivers mail and runs jobs until `stop`; then finishes the mail in hand."""
    from mailwright.delivery import worker
    from mailwright.jobs import runner

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.run(runtime, stop=stop))
        tasks.create_task(runner.run(runtime, stop=stop))


async def run_inbox(
    runtime: Runtime, where: socket.socket, *, ready: Callable[[], None], stop: asyncio.Event
) -> None:
    """Takes mail into the built-in inbox on a bound socket until `stop`."""
    await _listen(SmtpListener(partial(capture, runtime)), where, ready=ready, stop=stop)


async def run_returned_mail(
    runtime: Runtime, where: socket.socket, *, ready: Callable[[], None], stop: asyncio.Event
) -> None:
    """Takes bounces and complaints from mail servers on a bound socket until `stop`."""
    await _listen(returned_mail_listener(runtime), where, ready=ready, stop=stop)


async def _listen(
    listener: SmtpListener,
    where: socket.socket,
    *,
    ready: Callable[[], None],
    stop: asyncio.Event,
) -> None:
    await listener.start(where)
    ready()
    try:
        await stop.wait()
    finally:
        await listener.stop()
