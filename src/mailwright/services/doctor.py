"""Examines an installation: each check says what it found and, where it is not well, the mend."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from mailwright.errors import ConfigurationError, MailwrightError
from mailwright.services import audit, installation
from mailwright.services.domain_health import DomainHealth, domain_health
from mailwright.services.link_mails import system_email
from mailwright.services.runtime import Runtime, utc_now
from mailwright.services.secrets import FILE_NAME, load_keys
from mailwright.services.set_up import check_secret
from mailwright.settings import Settings
from mailwright.store import schema
from mailwright.store.database import Database
from mailwright.wire.dns import Dns, DnsSilent
from mailwright.wire.smtp_client import SmtpConnection
from mailwright.wire.smtp_url import Transport

DISK_BYTES_LOW = 5 * 1024**3
DISK_BYTES_MIN = 500 * 1024**2
SKEW_MAX = timedelta(seconds=2)  # schedules and leases are kept by the database's clock
ANSWER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `warning`: it works, but look; `failed`: it does not."""

    name: str
    status: Literal["ok", "warning", "failed"]
    finding: str
    mend: str | None = None


OpenDatabase = Callable[[], AbstractAsyncContextManager[Database]]


async def examine(settings: Settings, open_database: OpenDatabase) -> list[Check]:
    """Every check, in the order in which one depends on the other. Raises nothing."""
    checks = [check async for check in _about_database(settings, open_database)]
    checks.append(await _transport(settings))
    checks.append(_own_mail(settings))
    checks.append(await _dns(settings))
    checks.append(await asyncio.to_thread(_disk, settings.data_dir))
    return checks


async def _about_database(settings: Settings, open_it: OpenDatabase) -> AsyncGenerator[Check]:
    where = "embedded" if settings.database_url is None else "of MAILWRIGHT_DATABASE_URL"
    try:
        async with open_it() as database:
            async with database.raw() as connection:
                version = await connection.fetchval("SHOW server_version")
                now = await connection.fetchval("SELECT now()")
            yield Check("database", "ok", f"PostgreSQL {version}, {where}, answers")
            skew = abs(now - utc_now())
            yield _clock(skew)
            if not await schema.is_current(database):
                yield Check(
                    "schema", "failed", "migrations are missing", "Run `mailwright migrate`."
                )
                return
            yield Check("schema", "ok", "up to date")
            yield await _secret(settings, database)
            yield await _sending(settings, database)
            yield await _audit_log(settings, database)
            for check in await _domains(settings, database):
                yield check
    except MailwrightError as error:
        yield Check(
            "database",
            "failed",
            error.message,
            "Check MAILWRIGHT_DATABASE_URL, or unset it to use the embedded one.",
        )


def _clock(skew: timedelta) -> Check:
    finding = f"differs from the database's by {skew.total_seconds():.1f} s"
    if skew > SKEW_MAX:
        return Check("clock", "failed", finding, "Let NTP keep the time on both machines.")
    return Check("clock", "ok", finding)


async def _secret(settings: Settings, database: Database) -> Check:
    try:
        runtime = Runtime(settings, database, load_keys(settings))
        await check_secret(runtime)
    except MailwrightError as error:
        return Check("secret", "failed", error.message)
    path = settings.data_dir / FILE_NAME
    if settings.secret_key is None and path.stat().st_mode & 0o077:
        return Check(
            "secret", "warning", f"{path} is readable by others", f"Run `chmod 600 {path}`."
        )
    origin = path if settings.secret_key is None else "MAILWRIGHT_SECRET_KEY"
    return Check("secret", "ok", f"from {origin}, it opens this database")


async def _sending(settings: Settings, database: Database) -> Check:
    runtime = Runtime(settings, database, load_keys(settings))
    if await installation.sending_enabled(runtime):
        return Check("sending", "ok", "on")
    return Check(
        "sending",
        "warning",
        "off since a restore",
        "When no other copy sends any more, run `mailwright resume-sending`.",
    )


async def _audit_log(settings: Settings, database: Database) -> Check:
    broken = await audit.broken_logs(Runtime(settings, database, load_keys(settings)))
    if broken:
        return Check(
            "audit log",
            "failed",
            f"not as it was written: {', '.join(broken)}",
            "Somebody changed it in the database; compare it with a backup.",
        )
    return Check("audit log", "ok", "every entry is as it was written")


async def _transport(settings: Settings) -> Check:
    try:
        transport = Transport.parse(settings.smtp_url.get_secret_value())
    except MailwrightError as error:
        return Check("transport", "failed", error.message, "Mend MAILWRIGHT_SMTP_URL.")
    if transport.is_capture:
        return Check(
            "transport",
            "warning",
            "capture: NO MAIL LEAVES THIS MACHINE, all of it goes to the built-in inbox",
            "Set MAILWRIGHT_SMTP_URL to send for real.",
        )
    try:
        connection = await SmtpConnection.open(
            transport, helo="localhost", timeout_seconds=ANSWER_SECONDS
        )
    except MailwrightError as error:
        return Check(
            "transport",
            "failed",
            f"{transport.redacted()}: {error.message}",
            "Check host, port, tls and password in MAILWRIGHT_SMTP_URL.",
        )
    tls = connection.tls_version or "not encrypted"
    await connection.quit()
    return Check("transport", "ok", f"{transport.redacted()} takes us, {tls}")


def _own_mail(settings: Settings) -> Check:
    """From whom invitations and password links are, which nobody can be signed in without."""
    email = system_email(settings)
    if email.endswith("@localhost") and settings.smtp_url.get_secret_value() != "capture:":
        return Check(
            "own mail",
            "warning",
            f"invitations and password links are from {email}, which few servers take",
            "Set MAILWRIGHT_SYSTEM_EMAIL to an address of yours.",
        )
    return Check("own mail", "ok", f"invitations and password links are from {email}")


async def _dns(settings: Settings) -> Check:
    """Whether anything answers; which servers is `MAILWRIGHT_DNS_SERVERS`' matter."""
    try:
        await Dns(settings.dns_servers).name_servers(".")
    except ConfigurationError as error:
        return Check("dns", "failed", error.message, "Mend MAILWRIGHT_DNS_SERVERS.")
    except DnsSilent as silence:
        return Check(
            "dns",
            "warning",
            f"no answer: {silence}",
            "Domains cannot be checked; set MAILWRIGHT_DNS_SERVERS to resolvers that answer.",
        )
    return Check("dns", "ok", f"answered by {settings.dns_servers or 'the system'}")


async def _domains(settings: Settings, database: Database) -> list[Check]:
    """The sending domains of all tenants, as they were found when last looked at."""
    runtime = Runtime(settings, database, load_keys(settings))
    return [_domain(health) for health in await domain_health(runtime)]


def _domain(health: DomainHealth) -> Check:
    name = f"domain {health.name} of {health.tenant}"
    if not health.lacks:
        return Check(name, "ok", "every record holds")
    return Check(
        name,
        "failed" if health.is_needed else "warning",
        f"not valid: {', '.join(health.lacks)}",
        f"See its records in the dashboard, or GET /api/v1/domains/{health.uuid}.",
    )


def _disk(data_dir: Path) -> Check:
    folder = next(path for path in (data_dir, *data_dir.absolute().parents) if path.exists())
    free = shutil.disk_usage(folder).free
    finding = f"{free / 1024**3:.1f} GB free for {data_dir}"
    if free < DISK_BYTES_MIN:
        return Check("disk", "failed", finding, "Free some; PostgreSQL stops when it is full.")
    if free < DISK_BYTES_LOW:
        return Check("disk", "warning", finding, "Free some before sending a large campaign.")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Check("disk", "failed", f"{folder} cannot be written", "Give this user the folder.")
    return Check("disk", "ok", finding)
