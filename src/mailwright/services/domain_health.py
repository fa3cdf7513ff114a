"""How every sending domain of the installation stands, for its operator (E42)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from mailwright.domain.sending_domain import REQUIRED, RecordKind, is_valid
from mailwright.services.outgoing import must_be_authenticated
from mailwright.services.runtime import Runtime
from mailwright.store import domains as store


@dataclass(frozen=True, slots=True)
class DomainHealth:
    """One domain: the records that do not hold, and whether mail is refused because of them."""

    uuid: UUID
    tenant: str
    name: str
    lacks: Sequence[str]
    is_needed: bool


async def domain_health(runtime: Runtime) -> list[DomainHealth]:
    """All domains by name, as they were found when last looked at."""
    async with runtime.database.reading() as connection:
        rows = await store.every_tenants(connection)
    return [
        DomainHealth(
            uuid=row["uuid"],
            tenant=row["tenant_slug"],
            name=row["name"],
            lacks=(
                lacks := [
                    str(kind)
                    for kind in (*REQUIRED, RecordKind.DMARC)
                    if not is_valid(row["checks"], kind)
                ]
            ),
            is_needed=must_be_authenticated(runtime, row["smtp_url_sealed"])
            and any(kind in REQUIRED for kind in lacks),
        )
        for row in rows
    ]
