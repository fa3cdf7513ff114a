"""One's own password and one-time codes as pages."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from pyotp.totp import TOTP

from mailwright.services import authenticators
from mailwright.services.runtime import Runtime
from tests.builders import MadeTenant
from tests.clock import Clock
from tests.web.browsing import PASSWORD, Browser, browser, make_member

EMAIL = "owner@example.com"
PATH = "/settings/security"


@pytest.fixture
async def owner(runtime: Runtime, tenant: MadeTenant) -> AsyncGenerator[Browser]:
    await make_member(runtime, tenant, EMAIL)
    async with browser(runtime) as made:
        await made.sign_in(EMAIL)
        yield made


def _shown(page: Browser, selector: str) -> str:
    found = page.page.css_first(selector)
    assert found is not None
    return found.text()


async def _switch_on(owner: Browser, clock: Clock) -> tuple[TOTP, list[str]]:
    """The phone and the recovery codes."""
    await owner.open(PATH)
    await owner.submit(f"{PATH}/begin")
    phone = TOTP(_shown(owner, "#key"))
    picture = owner.page.css_first(".card img")
    assert picture is not None
    assert (picture.attributes["src"] or "").startswith("data:image/svg+xml")
    await owner.submit(f"{PATH}/activate", {"code": phone.at(clock.time)})
    return phone, _shown(owner, "#codes").split()


@pytest.mark.checklist("SEC-13")
async def test_with_codes_on_a_password_alone_opens_nothing_and_other_sessions_end(
    owner: Browser, runtime: Runtime, clock: Clock
) -> None:
    async with browser(runtime) as other:
        await other.sign_in(EMAIL)
        phone, recovery = await _switch_on(owner, clock)
        assert len(recovery) == 10
        await owner.open(PATH)
        assert "One-time codes are on" in owner.text
        assert recovery[0] not in owner.text
        assert (await other.open("/contacts")).url.path == "/login"
        clock.advance(seconds=60)
        await other.sign_in(EMAIL)
        assert (await other.client.get("/contacts")).status_code == 303
        await other.submit("/login/code", {"code": "000000"})
        assert "That code does not fit." in other.text
        assert other.answer.status_code == 401
        await other.submit("/login/code", {"code": phone.at(clock.time)})
        assert (await other.client.get("/contacts")).status_code == 200
    async with browser(runtime) as third:
        await third.sign_in(EMAIL)
        await third.submit("/login/code", {"code": recovery[0]})
        assert (await third.client.get("/contacts")).status_code == 200


async def test_switching_codes_off_needs_a_code(owner: Browser, clock: Clock) -> None:
    phone, _ = await _switch_on(owner, clock)
    await owner.open(PATH)
    form = owner.page.css_first("form[action$=remove]")
    assert form is not None
    remove = form.attributes["action"] or ""
    await owner.submit(remove, {"code": "123"})
    assert owner.answer.status_code == 422
    assert "That code does not fit." in owner.text
    clock.advance(seconds=30)
    await owner.submit(remove, {"code": phone.at(clock.time)})
    assert "One-time codes are off" in owner.text


async def test_a_wrong_code_switches_nothing_on(owner: Browser, runtime: Runtime) -> None:
    await owner.open(PATH)
    await owner.submit(f"{PATH}/begin")
    await owner.submit(f"{PATH}/activate", {"code": "000000"})
    assert "does not fit" in owner.text
    assert "One-time codes are off" in owner.text


async def test_new_recovery_codes_need_a_code_and_end_the_old_ones(
    owner: Browser, runtime: Runtime, clock: Clock
) -> None:
    phone, old = await _switch_on(owner, clock)
    clock.advance(seconds=30)
    await owner.open(PATH)
    csrf = owner.page.css_first("input[name=csrf]")
    assert csrf is not None
    form = {"csrf": csrf.attributes["value"], "code": "000000"}
    wrong = await owner.client.post(f"{PATH}/recovery-codes", data=form)
    assert wrong.status_code == 422
    form["code"] = phone.at(clock.time)
    owner.answer = await owner.client.post(f"{PATH}/recovery-codes", data=form)
    assert set(_shown(owner, "#codes").split()).isdisjoint(old)


@pytest.mark.checklist("SEC-13")
async def test_ones_own_password_is_changed_with_the_present_one(
    owner: Browser, runtime: Runtime
) -> None:
    await owner.open(PATH)
    new = {"password": "a new pass phrase"}
    await owner.submit(f"{PATH}/password", {"current": "wrong", **new})
    assert "That is not your present password." in owner.text
    await owner.submit(f"{PATH}/password", {"current": PASSWORD, "password": "short"})
    assert "8 to 1024 characters" in owner.text
    await owner.submit(f"{PATH}/password", {"current": PASSWORD, **new})
    assert owner.answer.url.path == "/login"
    assert (await owner.client.get("/contacts")).status_code == 303
    await owner.sign_in(EMAIL, new["password"])
    assert (await owner.client.get("/contacts")).status_code == 200


async def test_the_operators_reset_ends_codes_and_sessions(
    owner: Browser, runtime: Runtime, clock: Clock
) -> None:
    await _switch_on(owner, clock)
    await authenticators.reset_authenticators(runtime, EMAIL)
    assert (await owner.client.get("/contacts")).status_code == 303
    await owner.sign_in(EMAIL)
    assert (await owner.client.get("/contacts")).status_code == 200
