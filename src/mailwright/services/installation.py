"""Facts of the whole installation: may it send, and where does its inbox listen."""

from __future__ import annotations

from mailwright.services.runtime import Runtime
from mailwright.store import installation as store

SENDING = "sending_enabled"
CAPTURE_ADDRESS = "capture_address"


async def sending_enabled(runtime: Runtime) -> bool:
    """False from a restore until `mailwright resume-sending`."""
    async with runtime.database.reading() as connection:
        return await store.get(connection, SENDING) is not False


async def enable_sending(runtime: Runtime) -> bool:
    """Sending is on from now; whether it was off."""
    async with runtime.database.transaction() as connection:
        was_off = await store.get(connection, SENDING) is False
        await store.put(connection, SENDING, value=True)
    return was_off


async def disable_sending(runtime: Runtime) -> None:
    """No mail leaves from now."""
    async with runtime.database.transaction() as connection:
        await store.put(connection, SENDING, value=False)


async def capture_address(runtime: Runtime) -> tuple[str, int] | None:
    """Host and port of the built-in inbox while `mailwright serve` runs, else None."""
    async with runtime.database.reading() as connection:
        found = await store.get(connection, CAPTURE_ADDRESS)
    if not isinstance(found, str):
        return None
    host, _, port = found.rpartition(":")
    return host, int(port)


async def publish_capture_address(runtime: Runtime, host: str, port: int) -> None:
    """Tells workers and commands where the inbox listens."""
    async with runtime.database.transaction() as connection:
        await store.put(connection, CAPTURE_ADDRESS, value=f"{host}:{port}")


async def withdraw_capture_address(runtime: Runtime, host: str, port: int) -> None:
    """Nobody listens there any more; another server's address stays."""
    async with runtime.database.transaction() as connection:
        if await store.get(connection, CAPTURE_ADDRESS) == f"{host}:{port}":
            await store.remove(connection, CAPTURE_ADDRESS)
