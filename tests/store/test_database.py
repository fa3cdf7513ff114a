"""The pool: everybody gets a turn, in order."""

from __future__ import annotations

import asyncio
import time

import pytest

from mailwright.errors import DatabaseUnreachable
from mailwright.store import database as module
from mailwright.store.database import Database, database_url


async def test_who_waits_longest_gets_the_next_connection(fresh_database_url: str) -> None:
    database = Database(database_url(fresh_database_url), pool_size=1)
    waits: list[float] = []

    async def caller() -> None:
        for _ in range(20):
            asked = time.perf_counter()
            async with database.raw() as connection:
                await connection.fetchval("SELECT 1")
            waits.append(time.perf_counter() - asked)

    try:
        await asyncio.gather(*(caller() for _ in range(50)))
    finally:
        await database.close()
    waits.sort()
    assert waits[-1] < 20 * waits[len(waits) // 2], "nobody is passed over again and again"


async def test_a_pool_without_a_free_connection_is_told_apart_from_a_hang(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TURN_TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr(module, "SPARE_CONNECTIONS", 0)
    database = Database(database_url(fresh_database_url), pool_size=1)
    try:
        async with database.raw():
            with pytest.raises(DatabaseUnreachable, match="in use"):
                async with database.reading():
                    pass
        async with database.transaction():
            pass
    finally:
        await database.close()
