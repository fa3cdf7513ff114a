"""Whether a campaign may name a template version, for doors that take published ones only."""

from __future__ import annotations

from uuid import UUID

from mailwright.domain.template_version import VersionState
from mailwright.errors import InvalidInput
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store import template_versions

_FIELD = "template_version_uuid"


async def require_published(runtime: Runtime, caller: Caller, version_uuid: UUID) -> None:
    """Nothing, for a published version of the caller's. Raises InvalidInput naming the field."""
    async with runtime.database.reading() as connection:
        row = await template_versions.get(connection, caller.tenant_id, version_uuid)
    if row is None:
        raise InvalidInput.field(_FIELD, "There is no such template version in this account.")
    if row["state"] != VersionState.PUBLISHED:
        raise InvalidInput.field(_FIELD, "This version is not published; publish it first.")
