"""How the installation is: ready or not, and its numbers. For operators, not for tenants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailwright.errors import DatabaseUnreachable
from mailwright.services.runtime import Runtime
from mailwright.store import metrics, schema


@dataclass(frozen=True, slots=True)
class Numbers:
    """What `/metrics` tells. Counts are rows, `outcomes` since the beginning."""

    campaigns: Mapping[str, int]
    outcomes: Mapping[str, int]
    queued: int
    leased_batches: int
    retries: int
    single_mails: int
    outages: int


async def trouble(runtime: Runtime) -> str | None:
    """One sentence that says why requests cannot be served, or None when they can."""
    try:
        current = await schema.is_current(runtime.database)
    except DatabaseUnreachable as error:
        return error.message
    return None if current else "The database needs `mailwright migrate`."


async def numbers(runtime: Runtime) -> Numbers:
    """The installation's numbers now."""
    async with runtime.database.reading() as connection:
        waiting = await metrics.waiting(connection)
        return Numbers(
            campaigns=await metrics.campaigns_by_state(connection),
            outcomes={name: int(n) for name, n in (await metrics.outcomes(connection)).items()},
            queued=int(waiting["queued"]),
            leased_batches=waiting["leased_batches"],
            retries=waiting["retries"],
            single_mails=waiting["single_mails"],
            outages=await metrics.outages(connection),
        )
