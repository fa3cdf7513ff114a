"""The way to PostgreSQL: one pool per process, transactions, plain asyncpg on hot paths."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

import asyncpg
import orjson
from sqlalchemy import URL, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util.concurrency import greenlet_spawn

from mailwright.errors import ConfigurationError, DatabaseUnreachable

Acquired = TypeVar("Acquired")

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

DRIVER = "postgresql+asyncpg"
TURN_TIMEOUT_SECONDS = 10.0
SPARE_CONNECTIONS = 4  # opened beyond the pool's usual size when need be, and kept

#: What statements on a raw connection raise and what passes: PostgreSQL restarts, the connection
#: breaks, two statements meet. (InternalClientError: asyncpg in the moment between the server's
#: last words and the end of the connection.)
DATABASE_TROUBLE = (
    OSError,
    DatabaseUnreachable,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
)


def database_url(text: str) -> URL:
    """The URL for our driver. Raises ConfigurationError when it is not one of PostgreSQL's."""
    try:
        url = make_url(text)
    except ArgumentError:
        url = None
    if url is None or url.get_backend_name() not in {"postgresql", "postgres"}:
        raise ConfigurationError(
            "MAILWRIGHT_DATABASE_URL must look like postgresql://user:password@host:port/name."
        )
    return url.set(drivername=DRIVER)


class Database:
    """A pool of connections to one PostgreSQL. `close()` it when done."""

    def __init__(self, url: URL, *, pool_size: int = 8) -> None:
        self.url = url
        most = pool_size + SPARE_CONNECTIONS
        # The pool gives a freed connection to whoever asks next, however long others have waited:
        # at 64 callers one in a hundred waited half a second. A semaphore keeps them in line.
        self._turns = asyncio.Semaphore(most)
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=most,
            max_overflow=0,  # opening a connection costs more than waiting for one
            json_serializer=_to_json,
            json_deserializer=orjson.loads,
            connect_args={"server_settings": {"timezone": "UTC", "application_name": "mailwright"}},
        )
        self._autocommit = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        event.listen(self.engine.sync_engine, "checkout", _refuse_closed)
        self._errands: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncConnection]:
        """One transaction: all of it or nothing. Services open it; the store never commits."""
        async with self._turn(), _acquired(self.engine.begin()) as connection:
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncConnection]:
        """A connection for reading, each statement its own: two trips (BEGIN, COMMIT) saved."""
        async with self._turn(), _acquired(self._autocommit.connect()) as connection:
            yield connection

    @asynccontextmanager
    async def raw(self) -> AsyncGenerator[Connection]:
        """A plain asyncpg connection of the same pool, for COPY and the hottest statements.

        Straight from the pool: SQLAlchemy's own connection around it costs 50 µs of CPU.
        """
        async with self._turn(), _acquired(_pooled(self.engine)) as pooled:
            yield cast("Connection", pooled.driver_connection)

    def run_errand(self, errand: Coroutine[Any, Any, None]) -> None:
        """Does something short beside the caller; `close()` waits for it."""
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def close(self) -> None:
        await asyncio.gather(*self._errands, return_exceptions=True)
        await self.engine.dispose()

    async def _wait_for_turn(self) -> None:
        try:
            async with asyncio.timeout(TURN_TIMEOUT_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise DatabaseUnreachable("Every connection to the database is in use.") from None

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None]:
        """First come, first served."""
        if self._turns.locked():
            await self._wait_for_turn()
        else:
            await self._turns.acquire()
        try:
            yield
        finally:
            self._turns.release()


async def driver_connection(connection: AsyncConnection) -> Connection:
    """The asyncpg connection inside.

    SQLAlchemy begins its transaction with its own first statement: what is sent here before that
    commits by itself. `raw()` with asyncpg's `transaction()` has no such trap.
    """
    pooled = await connection.get_raw_connection()
    return cast("Connection", pooled.driver_connection)


@asynccontextmanager
async def _pooled(engine: AsyncEngine) -> AsyncGenerator[PoolProxiedConnection]:
    pooled = await engine.raw_connection()
    try:
        yield pooled
    finally:
        await greenlet_spawn(pooled.close)


@asynccontextmanager
async def _acquired(
    source: AbstractAsyncContextManager[Acquired],
) -> AsyncGenerator[Acquired]:
    """The connection of `source`, with one clear error where the database cannot be reached."""
    try:
        connection = await source.__aenter__()
    except (OSError, TimeoutError, DBAPIError, asyncpg.PostgresError) as error:
        raise DatabaseUnreachable(f"The database does not answer: {error}.") from error
    try:
        yield connection
    except BaseException as error:
        await source.__aexit__(type(error), error, error.__traceback__)
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise DatabaseUnreachable("The connection to the database was lost.") from error
        raise
    await source.__aexit__(None, None, None)


def _refuse_closed(pooled: PoolProxiedConnection, *_: object) -> None:
    """Makes the pool replace a connection that PostgreSQL has closed, without asking it."""
    driver = cast("Connection | None", pooled.driver_connection)
    if driver is None or driver.is_closed():
        raise DisconnectionError


def _to_json(value: object) -> str:
    return orjson.dumps(value).decode()


def sqlstate(error: DBAPIError) -> str | None:
    """PostgreSQL's five-character code of what went wrong, such as 55P03 (lock not available)."""
    return getattr(error.orig, "sqlstate", None)
