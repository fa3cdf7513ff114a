"""The transports a worker uses: one route each, for campaigns and single mails together."""

from __future__ import annotations

from mailwright.delivery.route import Route
from mailwright.services import transports
from mailwright.services.runtime import Runtime
from mailwright.store.batches import Lease
from mailwright.wire.smtp_url import Transport


class Routes:
    """Routes by lane, opened when first asked for. `close()` them at the end."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._known: dict[str, tuple[Transport, Route]] = {}

    async def of(self, lease: Lease) -> Route:
        """The lane's route; a new one when its transport was changed. Raises OperatorError."""
        async with self._runtime.database.reading() as connection:
            found = await transports.resolve(
                self._runtime, connection, lease.tenant_id, lease.project_id, sandbox=lease.sandbox
            )
        known = self._known.get(lease.lane)
        if known is not None and known[0] == found.transport:
            return known[1]
        if known is not None:
            await known[1].close()
        route = Route(found.transport, transports.helo_name(self._runtime.settings))
        self._known[lease.lane] = found.transport, route
        return route

    async def close(self) -> None:
        """Says goodbye on all idle connections."""
        for _, route in self._known.values():
            await route.close()
