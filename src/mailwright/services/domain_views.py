"""A sending domain as its tenant sees it: what to publish, and what DNS says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.sending_domain import (
    REQUIRED,
    KeyState,
    RecordKind,
    RecordState,
    is_authenticated,
    is_valid,
    missing,
)
from mailwright.domain.spf import spf_records
from mailwright.services.domain_records import SendingHost, Wanted, sending_host, wanted_records
from mailwright.services.runtime import Runtime
from mailwright.store import domains as store
from mailwright.store.rows import Row


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record to publish and what DNS says. `mend`: what to do; `required`: none is sent without
    it where authenticated domains are required."""

    kind: str
    host: str
    type: str
    value: str
    required: bool
    state: str
    found: list[str]
    mend: str | None


@dataclass(frozen=True, slots=True)
class KeyView:
    """A DKIM key. A retired one signs no more; its record may be removed after a week."""

    uuid: UUID
    selector: str
    state: str
    public_key: str
    created_at: datetime
    activated_at: datetime | None
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class DomainView:
    """A sending domain.

    `authenticated`: SPF and DKIM hold. `ready`: its tracking host does, too; `missing` names the
    records without which it is not. `signing`: its mail is signed.
    """

    uuid: UUID
    name: str
    state: str
    authenticated: bool
    ready: bool
    signing: bool
    missing: list[str]
    tracking_host: str
    return_path_host: str
    records: list[RecordView]
    keys: list[KeyView]
    checked_at: datetime | None
    created_at: datetime
    updated_at: datetime


async def domain_view(runtime: Runtime, connection: AsyncConnection, row: Row) -> DomainView:
    """A row of `domains` with its records and keys."""
    keys = await store.keys_of(connection, row["tenant_id"], [row["id"]])
    sending = await sending_host(runtime, connection, row["tenant_id"])
    return shown_domain(runtime, row, keys, sending)


def shown_domain(
    runtime: Runtime, row: Row, keys: Sequence[Row], sending: SendingHost
) -> DomainView:
    """The same, from what was read already."""
    checks = row["checks"]
    found = spf_records(checks.get(RecordKind.SPF, {}).get("found", []))
    present = found[0] if len(found) == 1 else None
    wanted = wanted_records(runtime.settings, row, keys, sending, present)
    records = [_record_view(each, checks.get(each.kind, {})) for each in wanted]
    states = {record.state for record in records if record.required}
    return DomainView(
        uuid=row["uuid"],
        name=row["name"],
        state=next(
            (str(s) for s in (RecordState.FAILED, RecordState.PENDING) if s in states),
            str(RecordState.VALID),
        ),
        authenticated=is_authenticated(checks),
        ready=not missing(checks),
        signing=is_valid(checks, RecordKind.DKIM)
        and any(key["state"] == KeyState.ACTIVE for key in keys),
        missing=[str(kind) for kind in missing(checks)],
        tracking_host=row["tracking_host"],
        return_path_host=row["return_path_host"],
        records=records,
        keys=[_key_view(key) for key in keys],
        checked_at=row["checked_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _record_view(wanted: Wanted, check: dict[str, Any]) -> RecordView:
    if check.get("host") != wanted.host:
        check = {}
    is_valid_now = check.get("state") == RecordState.VALID
    return RecordView(
        kind=str(wanted.kind),
        host=wanted.host,
        type=wanted.type,
        # A record that holds stands as it is: an equal one in other words need not be published.
        value=check["found"][0]
        if is_valid_now and wanted.type == "TXT" and check["found"]
        else wanted.value,
        required=wanted.kind in REQUIRED,
        state=check.get("state", str(RecordState.PENDING)),
        found=list(check.get("found", [])),
        mend=check.get("mend") if check else "Publish it, then check.",
    )


def _key_view(key: Row) -> KeyView:
    return KeyView(
        uuid=key["uuid"],
        selector=key["selector"],
        state=key["state"],
        public_key=key["public_key"],
        created_at=key["created_at"],
        activated_at=key["activated_at"],
        retired_at=key["retired_at"],
    )
