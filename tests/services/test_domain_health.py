"""What the operator is told of all tenants' domains."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from mailwright.services import doctor, domains
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from tests.domains import authenticated_domain, resolving


@pytest.mark.checklist("E42")
async def test_the_doctor_tells_of_every_domain_and_which_records_do_not_hold(
    runtime: Runtime, caller: Caller, database: Database
) -> None:
    @asynccontextmanager
    async def opened() -> AsyncGenerator[Database]:
        yield database

    async with resolving(runtime, require_authenticated_domains="on") as (dns, asking):
        await authenticated_domain(asking, caller, dns, "harbour.example")
        await domains.create_domain(asking, caller, "news.example")
        checks = {check.name: check for check in await doctor.examine(asking.settings, opened)}
    assert checks["dns"].status == "ok"
    assert checks["domain harbour.example of acme"].status == "ok"
    failed = checks["domain news.example of acme"]
    assert (failed.status, failed.finding) == ("failed", "not valid: spf, dkim, tracking, dmarc")
    assert failed.mend
    assert "/api/v1/domains/" in failed.mend
