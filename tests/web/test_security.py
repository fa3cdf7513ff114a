"""Signing in, foreign forms, headers, and text that stays text."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from mailwright.domain.scopes import Role
from mailwright.domain.tokens import Tokens
from mailwright.services import inbox
from mailwright.services.caller import Caller
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from mailwright.web.application import PAGES
from mailwright.web.security import local_path
from mailwright.wire.smtp_listener import CapturedMail
from tests.builders import (
    MadeTenant,
    make_campaign,
    make_contact,
    make_list,
    make_message,
    make_sender,
    make_tenant,
)
from tests.clock import Clock
from tests.web.browsing import PASSWORD, Browser, browser, make_member

OWNER = "owner@example.com"


@pytest.fixture
async def stranger(runtime: Runtime, tenant: MadeTenant) -> AsyncGenerator[Browser]:
    await make_member(runtime, tenant, OWNER)
    async with browser(runtime) as made:
        yield made


@pytest.fixture
async def owner(stranger: Browser) -> Browser:
    await stranger.sign_in(OWNER)
    return stranger


async def test_signing_in_leads_to_what_was_asked_for(stranger: Browser) -> None:
    await stranger.open("/contacts?search=ada")
    assert stranger.answer.url.path == "/login"
    await stranger.submit("/login", {"email": OWNER, "password": PASSWORD})
    assert stranger.answer.url.path == "/contacts"
    assert stranger.answer.url.query == b"search=ada"


@pytest.mark.checklist("SEC-12")
async def test_a_wrong_password_and_an_unknown_address_look_alike(stranger: Browser) -> None:
    pages: list[str] = []
    for email in (OWNER, "nobody@example.com"):
        await stranger.sign_in(email, "wrong wrong wrong")
        assert stranger.answer.status_code == 401
        assert "do not go together" in stranger.text
        assert f'value="{email}"' in stranger.answer.text, "the address is kept"
        pages.append(stranger.answer.text.replace(email, ""))
    assert pages[0] == pages[1]


@pytest.mark.checklist("SEC-12")
async def test_guessing_is_slowed_down_and_says_for_how_long(stranger: Browser) -> None:
    for _ in range(11):
        await stranger.sign_in(OWNER, "wrong wrong wrong")
    assert stranger.answer.status_code == 429
    assert "Please wait" in stranger.text
    assert int(stranger.answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", "", "/\n"],
)
def test_signing_in_never_leads_away(wanted: str) -> None:
    assert local_path(wanted) == "/"


async def test_every_page_asks_for_a_session(stranger: Browser) -> None:
    for path, shows, acts in PAGES:
        real = path.replace("{uuid}", "0190aaaa-0000-7000-8000-000000000000")
        for method, handler in (("GET", shows), ("POST", acts)):
            if handler is not None:
                answer = await stranger.client.request(method, real)
                assert answer.status_code == 303, path
                assert answer.headers["location"].startswith("/login"), path


async def test_a_session_ends_with_sign_out_and_with_time(owner: Browser, clock: Clock) -> None:
    cookie = owner.client.cookies["mailwright_session"]
    await owner.open("/")
    await owner.submit("/logout")
    owner.client.cookies.set("mailwright_session", cookie)
    assert (await owner.open("/")).url.path == "/login"
    await owner.sign_in(OWNER)
    clock.advance(days=15)
    assert (await owner.open("/")).url.path == "/login"


@pytest.mark.checklist("SEC-14")
async def test_cookies_are_for_this_site_and_not_for_scripts(stranger: Browser) -> None:
    await stranger.open("/login")
    visit = stranger.answer.headers["set-cookie"]
    await stranger.submit("/login", {"email": OWNER, "password": PASSWORD}, follow=False)
    session = stranger.answer.headers.get_list("set-cookie")[0]
    for cookie in (visit, session):
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie


@pytest.mark.checklist("SEC-14")
async def test_every_form_is_refused_without_its_token(
    owner: Browser, runtime: Runtime, database: Database, tenant: MadeTenant
) -> None:
    campaign = await make_campaign(database, tenant.id)
    for path, _, acts in PAGES:
        if acts is None:
            continue
        real = path.replace("{uuid}", str(campaign.uuid))
        for token in ("", "0" * 40):
            answer = await owner.client.post(real, data={"csrf": token, "name": "x"})
            assert answer.status_code == 403, path
    assert (await owner.open(f"/campaigns/{campaign.uuid}")).status_code == 200


@pytest.mark.checklist("SEC-14")
async def test_a_foreign_page_cannot_post_even_with_a_token(owner: Browser) -> None:
    await owner.open("/settings/api-keys")
    field = owner.page.css_first("input[name=csrf]")
    assert field is not None
    form = {"csrf": field.attributes["value"] or "", "name": "stolen"}
    for site in ("cross-site", "same-site"):
        answer = await owner.client.post(
            "/settings/api-keys", data=form, headers={"Sec-Fetch-Site": site}
        )
        assert answer.status_code == 403
    await owner.open("/settings/api-keys")
    assert "stolen" not in owner.text


@pytest.mark.checklist("SEC-14")
async def test_another_members_token_does_not_fit(
    owner: Browser, runtime: Runtime, tenant: MadeTenant
) -> None:
    await make_member(runtime, tenant, "other@example.com")
    async with browser(runtime) as other:
        await other.sign_in("other@example.com")
        await other.open("/settings/api-keys")
        field = other.page.css_first("input[name=csrf]")
        assert field is not None
        token = field.attributes["value"] or ""
    answer = await owner.client.post("/settings/api-keys", data={"csrf": token, "name": "x"})
    assert answer.status_code == 403


@pytest.mark.checklist("SEC-14")
async def test_signing_in_takes_a_form_of_ours_too(stranger: Browser) -> None:
    form = {"email": OWNER, "password": PASSWORD, "csrf": ""}
    assert (await stranger.client.post("/login", data=form)).status_code == 403


async def test_every_page_carries_the_strict_policy_and_nothing_inline(
    owner: Browser, database: Database, tenant: MadeTenant
) -> None:
    campaign = await make_campaign(database, tenant.id)
    paths = [path for path, shows, _ in PAGES if shows is not None and "{uuid}" not in path]
    for path in (*paths, f"/campaigns/{campaign.uuid}", "/login", "/nowhere"):
        await owner.open(path)
        policy = owner.answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "unsafe" not in policy, path
        for node in owner.page.css("*"):
            assert not any(name.startswith("on") or name == "style" for name in node.attributes)
        assert all("src" in script.attributes for script in owner.page.css("script"))
        assert not owner.page.css("style")


NAUGHTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "</title><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "\u202e\u2066 Ω≈ç√∫ 👩\u200d👧 田中さん",
    "a" * 250,
)


@pytest.mark.checklist("SEC-03")
@pytest.mark.parametrize("text", NAUGHTY)
async def test_names_subjects_and_headers_are_text_everywhere(
    owner: Browser,
    runtime: Runtime,
    database: Database,
    tenant: MadeTenant,
    caller: Caller,
    text: str,
) -> None:
    made_list = await make_list(database, tenant.id, name=text)
    sender = await make_sender(database, tenant.id, name=text)
    contact = await make_contact(
        database, tenant.id, first_name=text, last_name=text, list_id=made_list.id
    )
    campaign = await make_campaign(
        database,
        tenant.id,
        name=text,
        subject=text,
        preheader=text,
        from_name=text,
        state="paused",
        state_reason=text,
        sender_id=sender.id,
        queued_at=runtime.now(),
    )
    draft = await make_campaign(database, tenant.id, name=text, subject=text, from_name=text)
    await make_message(
        database,
        tenant.id,
        campaign_id=campaign.id,
        contact_id=contact.id,
        state="bounced",
        reason=text,
        reply=text,
    )
    address = Tokens(runtime.keys).return_path(tenant.id, 0) + "@example.com"
    raw = f"From: {text}\r\nTo: {text}\r\nSubject: {text}\r\nX-{'A' * 5}: {text}\r\n\r\n{text}"
    peer = ("b@example.com",)
    await inbox.capture(runtime, CapturedMail(address, peer, raw.encode(), "127.0.0.1", "x", None))
    mail = (await inbox.page_inbox(runtime, caller, Page())).items[0].uuid
    for path in (
        "/",
        "/campaigns",
        f"/campaigns?search={text[:20]}",
        f"/campaigns/{campaign.uuid}",
        f"/campaigns/{draft.uuid}",
        "/contacts",
        f"/contacts?search={text[:20]}",
        "/inbox",
        f"/inbox/{mail}?tab=text",
        f"/inbox/{mail}?tab=headers",
        f"/inbox/{mail}?tab=raw",
        "/settings/senders",
    ):
        await owner.open(path)
        assert owner.answer.status_code == 200, path
        scripts = [script.attributes.get("src") for script in owner.page.css("script")]
        assert scripts[:2] == ["/static/htmx.min.js", "/static/dashboard.js"], path
        assert scripts[2:] in ([], ["/static/editor.js"]), path
        assert not owner.page.css("img, svg[onload]"), path
        for node in owner.page.css("*"):
            assert not any(name.startswith("on") for name in node.attributes), path
            assert not (node.attributes.get("href") or "").startswith("javascript:"), path


@pytest.mark.checklist("SEC-10")
async def test_another_tenants_things_do_not_exist(owner: Browser, database: Database) -> None:
    other = await make_tenant(database)
    campaign = await make_campaign(database, other.id)
    for suffix in ("", "/body", "/progress", "/recipients"):
        assert (await owner.open(f"/campaigns/{campaign.uuid}{suffix}")).status_code == 404


async def test_a_viewer_reads_and_is_told_what_they_may_not(
    runtime: Runtime, tenant: MadeTenant, database: Database
) -> None:
    await make_member(runtime, tenant, "viewer@example.com", Role.VIEWER)
    campaign = await make_campaign(database, tenant.id)
    async with browser(runtime) as viewer:
        await viewer.sign_in("viewer@example.com")
        await viewer.open(f"/campaigns/{campaign.uuid}")
        path = f"/campaigns/{campaign.uuid}/duplicate"
        assert path not in viewer.answer.text
        token = viewer.page.css_first("input[name=csrf]")
        assert token is not None
        form = {"csrf": token.attributes["value"] or ""}
        viewer.answer = await viewer.client.post(path, data=form)
        assert viewer.answer.status_code == 403
        assert "campaigns:write" in viewer.text


async def test_a_form_too_large_is_refused(owner: Browser) -> None:
    await owner.open("/campaigns/new")
    await owner.submit("/campaigns/new", {"name": "x", "content": "x" * 4_100_000})
    assert owner.answer.status_code == 413


async def test_the_transport_capture_is_announced_loudly(owner: Browser, runtime: Runtime) -> None:
    await owner.open("/")
    assert "Nothing leaves this machine" in owner.text


async def test_static_files_are_kept_by_browsers_and_pages_are_not(owner: Browser) -> None:
    first = await owner.client.get("/static/editor.js")
    assert first.headers["cache-control"] == "no-cache"
    again = await owner.client.get(
        "/static/editor.js", headers={"If-None-Match": first.headers["etag"]}
    )
    assert again.status_code == 304
    assert (await owner.open("/")).headers["cache-control"] == "no-store"
