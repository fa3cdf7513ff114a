"""Somebody in front of the dashboard."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from mailwright.domain.scopes import Role
from mailwright.services.runtime import Runtime
from tests.builders import MadeTenant
from tests.web.browsing import Browser, browser, make_member


@pytest.fixture
async def owner(runtime: Runtime, tenant: MadeTenant) -> AsyncGenerator[Browser]:
    """The owner of `tenant`, signed in."""
    async with _signed_in(runtime, tenant, "owner@example.com", Role.OWNER) as made:
        yield made


@pytest.fixture
async def viewer(runtime: Runtime, tenant: MadeTenant) -> AsyncGenerator[Browser]:
    """Somebody who may read in `tenant` and nothing else, signed in."""
    async with _signed_in(runtime, tenant, "viewer@example.com", Role.VIEWER) as made:
        yield made


@asynccontextmanager
async def _signed_in(
    runtime: Runtime, tenant: MadeTenant, email: str, role: Role
) -> AsyncGenerator[Browser]:
    await make_member(runtime, tenant, email, role)
    async with browser(runtime) as made:
        await made.sign_in(email)
        yield made
