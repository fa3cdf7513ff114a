"""Forgotten passwords: whoever gives an address is mailed a link, if there is somebody to mail.

Whether there is shows nowhere: the answer to a known and an unknown address is the same, and so is
what is done for it, which is to write down a job. The job looks the address up.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from mailwright.domain.doors import Door
from mailwright.errors import MailwrightError
from mailwright.services import audit, password_links
from mailwright.services.caller import Caller
from mailwright.services.members import member_address, subject
from mailwright.services.runtime import Runtime
from mailwright.store import members as store
from mailwright.store.job_queue import Job, enqueue

log = structlog.get_logger()


async def ask_for_links(
    runtime: Runtime,
    email: str,
    address: str,
    door: Door,
    *,
    tenant_id: int | None = None,
    language: str | None = None,
) -> None:
    """Has a link mailed for every membership of `email`, or for the one in `tenant_id`.

    `address`: of the network, where the question comes from. Raises InvalidInput for what is no
    address, RateLimited after three mails to one address or twenty for one network address in an
    hour.
    """
    now, key = runtime.now(), member_address(email).key
    runtime.links_asked_from.count(address, now)
    runtime.links_asked_for.count(key, now)
    payload = {
        "email_key": key,
        "tenant_id": tenant_id,
        "language": language,
        "door": str(door),
        "asked_at": now.isoformat(),
    }
    async with runtime.database.transaction() as connection:
        await enqueue(connection, Job.MAIL_LINKS, payload)


async def mail_links(
    runtime: Runtime,
    email_key: str,
    door: Door,
    *,
    tenant_id: int | None,
    language: str | None,
    asked_at: datetime,
) -> None:
    """Mails them; one that does not leave is not tried again, as its reader would ask again."""
    if runtime.now() - asked_at > timedelta(hours=password_links.RESET_HOURS):
        return  # nobody waits for it any more
    async with runtime.database.reading() as connection:
        rows = await store.by_email(connection, email_key)
    for row in rows:
        if row["suspended_at"] is not None or tenant_id not in (None, row["tenant_id"]):
            continue
        try:
            await password_links.mail_link(runtime, row, language=language)
        except MailwrightError as error:
            log.warning("password_link_not_sent", member_id=row["id"], why=error.code)
            continue
        visitor = Caller(row["tenant_id"], "visitor", door, frozenset())
        async with runtime.database.transaction() as connection:
            await audit.record(connection, visitor, "member.forgot-password", subject(row))
