"""The job of members: links for those who forgot their password."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mailwright.domain.doors import Door
from mailwright.services import forgotten_passwords
from mailwright.services.runtime import Runtime


async def mail_links(
    runtime: Runtime,
    payload: Mapping[str, Any],
    *,
    stop: asyncio.Event,  # noqa: ARG001  # every handler takes it; a mail is over in seconds
) -> None:
    """Looks an address up, and mails whoever there is."""
    await forgotten_passwords.mail_links(
        runtime,
        payload["email_key"],
        Door(payload["door"]),
        tenant_id=payload["tenant_id"],
        language=payload["language"],
        asked_at=datetime.fromisoformat(payload["asked_at"]),
    )
