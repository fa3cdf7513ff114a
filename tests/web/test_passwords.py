"""Forgotten passwords and invitations as pages."""

from __future__ import annotations

import pytest
from pyotp.totp import TOTP

from mailwright.domain.doors import Door
from mailwright.domain.scopes import Role
from mailwright.services import authenticators, invitations, sessions
from mailwright.services.caller import Caller
from mailwright.services.members import NewMember
from mailwright.services.runtime import Runtime
from tests.builders import MadeTenant, make_tenant
from tests.clock import Clock
from tests.password_mails import last_link, mail_what_was_asked_for, mailing
from tests.web.browsing import PASSWORD, browser, make_member

OWNER = "owner@example.com"
NEW = "another fine pass phrase"
FORGOT = "/forgot-password"


@pytest.mark.checklist("SEC-09", "SEC-13")
async def test_somebody_who_forgot_their_password_sets_a_new_one(
    runtime: Runtime, tenant: MadeTenant
) -> None:
    await make_member(runtime, tenant, OWNER)
    async with mailing(runtime) as (sink, runtime), browser(runtime) as stranger:
        await stranger.open("/login")
        assert "Forgot your password?" in stranger.text
        await stranger.open(FORGOT)
        await stranger.submit(FORGOT, {"email": OWNER})
        assert "Look at your mail" in stranger.text
        await mail_what_was_asked_for(runtime)
        link = last_link(sink)
        for method in ("GET", "HEAD") * 10:
            assert (await stranger.client.request(method, link)).status_code == 200
        await sessions.sign_in(runtime, OWNER, PASSWORD, "192.0.2.1")
        await stranger.open(link)
        assert OWNER in stranger.text
        assert stranger.answer.headers["referrer-policy"] == "no-referrer"
        await stranger.submit(link, {"password": "short"})
        assert stranger.answer.status_code == 422
        assert "A password has 8 to" in stranger.text
        await stranger.submit(link, {"password": NEW})
        assert stranger.answer.url.path == "/login"
        assert "Your password is set." in stranger.text
        await stranger.submit("/login", {"email": OWNER, "password": NEW})
        assert stranger.answer.url.path == "/"
        await stranger.open(link)
        assert stranger.answer.status_code == 404
        assert "This link is over" in stranger.text


@pytest.mark.checklist("SEC-12")
async def test_a_known_and_an_unknown_address_look_alike(
    runtime: Runtime, tenant: MadeTenant
) -> None:
    await make_member(runtime, tenant, OWNER)
    async with browser(runtime) as stranger:
        pages: list[tuple[int, str]] = []
        for email in (OWNER, "nobody@example.com"):
            for _ in range(4):
                await stranger.open(FORGOT)
                await stranger.submit(FORGOT, {"email": email})
                text = stranger.answer.text.replace(email, "")
                pages.append((stranger.answer.status_code, text))
        assert pages[:4] == pages[4:]
        assert [status for status, _ in pages[:4]] == [200, 200, 200, 429]
        await stranger.open(FORGOT)
        await stranger.submit(FORGOT, {"email": "no address"})
        assert stranger.answer.status_code == 422


@pytest.mark.checklist("SEC-14")
async def test_forms_of_strangers_are_ours_too(runtime: Runtime) -> None:
    async with browser(runtime) as stranger:
        for path in (FORGOT, "/password/x"):
            answer = await stranger.client.post(path, data={"email": OWNER, "csrf": ""})
            assert answer.status_code == 403


@pytest.mark.checklist("SEC-13")
async def test_one_time_codes_are_asked_for_after_a_reset_as_before(
    runtime: Runtime, tenant: MadeTenant, clock: Clock
) -> None:
    await make_member(runtime, tenant, OWNER)
    signed_in = await sessions.sign_in(runtime, OWNER, PASSWORD, "192.0.2.1")
    caller = (await sessions.authenticate_session(runtime, signed_in.token)).caller
    new = await authenticators.create_authenticator(runtime, caller, "Phone")
    code = TOTP(new.key).at(clock.time)
    await authenticators.activate_authenticator(
        runtime, caller, new.view.uuid, code, keep=signed_in.token
    )
    async with mailing(runtime) as (sink, runtime), browser(runtime) as stranger:
        await stranger.open(FORGOT)
        await stranger.submit(FORGOT, {"email": OWNER})
        await mail_what_was_asked_for(runtime)
        await stranger.open(last_link(sink))
        await stranger.submit(last_link(sink), {"password": NEW})
        await stranger.submit("/login", {"email": OWNER, "password": NEW})
        assert "Code of your authenticator app" in stranger.text
        clock.advance(seconds=60)
        await stranger.submit("/login/code", {"code": TOTP(new.key).at(clock.time)})
        assert stranger.answer.url.path == "/"


async def test_somebody_is_invited_reminded_and_joins(runtime: Runtime, tenant: MadeTenant) -> None:
    await make_member(runtime, tenant, OWNER)
    page = "/settings/members"
    async with (
        mailing(runtime) as (sink, runtime),
        browser(runtime) as owner,
        browser(runtime) as grace,
    ):
        await owner.sign_in(OWNER)
        await owner.open(page)
        await owner.submit(page, {"email": "grace@example.com", "role": "viewer"})
        assert "grace@example.com is invited" in owner.text
        row = next(row for row in owner.page.css("tbody tr") if "grace" in row.text())
        assert "invited" in row.text()
        acts = [form.attributes["action"] or "" for form in row.css("form")]
        again = next(path for path in acts if path.endswith("/invite"))
        await owner.submit(again)
        assert "A link to join was mailed to grace@example.com." in owner.text
        assert len(sink.mails) == 2
        await grace.open(last_link(sink))
        assert "Join Acme" in grace.text
        await grace.submit(last_link(sink), {"password": NEW})
        await grace.sign_in("grace@example.com", NEW)
        assert grace.answer.url.path == "/"
        await owner.open(page)
        assert "invited" not in owner.text.replace("not invited", "")
        reset = again.replace("/invite", "/reset")
        await owner.submit(reset)
        assert "A link to set a new password was mailed to grace@example.com." in owner.text


async def test_a_member_of_two_accounts_comes_to_the_one_they_joined_with_the_same_password(
    runtime: Runtime, tenant: MadeTenant
) -> None:
    await make_member(runtime, tenant, OWNER)
    other = await make_tenant(runtime.database, "globex", name="Globex")
    there = Caller(other.id, "cli", Door.CLI, frozenset({"*"}))
    async with mailing(runtime) as (sink, runtime), browser(runtime) as person:
        new = NewMember(OWNER, None, Role.VIEWER)
        await invitations.invite_member(runtime, there, new)
        await person.open(last_link(sink))
        await person.submit(last_link(sink), {"password": PASSWORD})
        assert person.answer.url.query == b"account=globex"
        await person.submit("/login", {"email": OWNER, "password": "wrong wrong"})
        await person.submit("/login", {"email": OWNER, "password": PASSWORD})
        assert "Globex" in person.text
        await person.submit("/logout")
        await person.sign_in(OWNER)
        assert "Acme" in person.text
        await person.submit("/logout")
        await person.open("/login?account=nobody")
        await person.submit("/login", {"email": OWNER, "password": PASSWORD})
        assert person.answer.status_code == 401


async def test_an_invitation_is_withdrawn(runtime: Runtime, tenant: MadeTenant) -> None:
    await make_member(runtime, tenant, OWNER, Role.OWNER)
    page = "/settings/members"
    async with mailing(runtime) as (sink, runtime), browser(runtime) as owner:
        await owner.sign_in(OWNER)
        await owner.open(page)
        await owner.submit(page, {"email": "grace@example.com", "role": "viewer"})
        forms = [form.attributes["action"] or "" for form in owner.page.css("td.end form")]
        await owner.submit(next(path for path in forms if path.endswith("/remove")))
        assert "grace@example.com" not in owner.text
        assert (await owner.open(last_link(sink))).status_code == 404
