"""Account, projects, members, webhooks, the audit log and suppressions as pages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailwright.domain.webhook_event import EventType
from mailwright.services import webhook_events
from mailwright.services.runtime import Runtime
from mailwright.store import tables
from mailwright.store.database import Database
from mailwright.web.webhooks import grouped
from tests.builders import MadeTenant, make_template
from tests.pictures import png
from tests.web.browsing import PASSWORD, Browser, browser

HOSTILE = '"><script>alert(1)</script>'
SERVER = {"name": "Shop mail", "host": "smtp.example.com", "username": "shop", "password": "s3cret"}


async def add_project(owner: Browser) -> str:
    await owner.open("/settings/projects/new")
    await owner.submit("/settings/projects/new", SERVER)
    assert "Try it before you send." in owner.text
    return owner.answer.url.path


async def test_a_project_keeps_its_password_to_itself(owner: Browser) -> None:
    path = await add_project(owner)
    assert "s3cret" not in owner.answer.text
    await owner.submit(path, {"name": "Shop", "rate_per_second": "2.5"})
    assert "Saved." in owner.text
    await owner.open("/settings/projects")
    assert "smtp.example.com:587" in owner.text
    assert "2.5 mails/s" in owner.text
    await owner.open(path)
    await owner.submit(path, {"host": "elsewhere.example"})
    assert owner.answer.status_code == 422
    assert "Give the password again" in owner.text


async def test_a_projects_mistakes_stand_beside_their_field(owner: Browser) -> None:
    path = await add_project(owner)
    for field, value in (("port", "x"), ("host", "http://x"), ("rate_per_second", "-1")):
        await owner.open(path)
        await owner.submit(path, {field: value})
        assert owner.answer.status_code == 422, field
        assert owner.page.css(f"#{field}-error"), field


async def test_a_connection_is_tried_and_what_happened_is_told(owner: Browser) -> None:
    await owner.open("/settings/projects/new")
    unreachable = {"name": "Nobody there", "host": "127.0.0.1", "port": "1", "tls": "none"}
    await owner.submit("/settings/projects/new", unreachable)
    path = owner.answer.url.path
    await owner.submit(f"{path}/test")
    assert owner.answer.status_code == 200
    assert "it ended at connect" in owner.text
    await owner.submit(f"{path}/delete")
    assert "The project was deleted." in owner.text


async def test_a_member_is_suspended_and_let_in_again(owner: Browser, runtime: Runtime) -> None:
    await owner.open("/settings/members")
    new = {"email": "grace@example.com", "password": PASSWORD, "role": "editor"}
    await owner.submit("/settings/members", new)
    form = owner.page.css_first('form[action$="/suspend"]')
    assert form is not None
    action = form.attributes["action"] or ""
    async with browser(runtime) as grace:
        await grace.sign_in("grace@example.com")
        await owner.submit(action)
        assert "grace@example.com is suspended" in owner.text
        assert not owner.page.css('form[action$="/suspend"]')
        await grace.open("/")
        assert grace.answer.url.path == "/login"
        await grace.sign_in("grace@example.com")
        assert grace.answer.url.path == "/login"
        await owner.submit(action.replace("/suspend", "/unsuspend"))
        assert "may sign in again" in owner.text
        await grace.sign_in("grace@example.com")
        assert (await grace.open("/campaigns")).url.path == "/campaigns"


@pytest.mark.checklist("SEC-10")
async def test_a_member_is_added_signs_in_changes_role_and_goes(
    owner: Browser, runtime: Runtime
) -> None:
    await owner.open("/settings/members")
    new = {"email": "grace@example.com", "password": PASSWORD, "role": "viewer"}
    await owner.submit("/settings/members", new)
    assert "grace@example.com can sign in" in owner.text
    async with browser(runtime) as grace:
        await grace.sign_in("grace@example.com")
        assert (await grace.open("/settings/members")).status_code == 200
        assert not grace.page.css("main form[method=post]")
    forms = [form.attributes["action"] or "" for form in owner.page.css("form.inline")]
    path = next(p for p in forms if f"{p}/remove" in owner.answer.text)
    await owner.submit(path, {"role": "editor"})
    assert "grace@example.com is an editor now." in owner.text
    await owner.submit(f"{path}/remove")
    assert "grace@example.com" not in owner.text
    await owner.submit("/settings/members", new | {"password": "short"})
    assert owner.answer.status_code == 422
    assert "short" not in owner.answer.text


async def test_the_last_owner_stays(owner: Browser) -> None:
    await owner.open("/settings/members")
    form = owner.page.css_first("form.inline")
    assert form is not None
    await owner.submit(form.attributes["action"] or "", {"role": "viewer"})
    assert "This is the last owner" in owner.text


@pytest.mark.checklist("SEC-30")
async def test_the_audit_log_says_who_did_what(owner: Browser) -> None:
    await add_project(owner)
    await owner.open("/settings/audit-log")
    assert "project.create" in owner.text
    assert "owner@example.com" in owner.text
    await owner.open("/settings/audit-log?kind=project.")
    assert len(owner.page.css("tbody tr")) == 1
    assert (await owner.open("/settings/audit-log?cursor=x")).status_code == 422


async def _upload(owner: Browser, path: str, raw: bytes) -> None:
    await owner.open("/settings/account")
    field = owner.page.css_first("input[name=csrf]")
    assert field is not None
    owner.answer = await owner.client.post(
        path,
        data={"csrf": field.attributes["value"] or ""},
        files={"file": ("logo.png", raw, "image/png")},
        follow_redirects=True,
    )


@pytest.mark.checklist("SEC-23")
async def test_a_logo_is_uploaded_shown_and_removed(owner: Browser) -> None:
    path = "/settings/account/logo"
    await _upload(owner, path, b"<svg onload='alert(1)'/>")
    assert owner.answer.status_code == 422
    assert "no picture" in owner.text
    assert not owner.page.css("img.logo")
    await _upload(owner, path, png())
    assert "Your logo stands on the pages" in owner.text
    picture = owner.page.css_first("img.logo")
    assert picture is not None
    assert (picture.attributes["src"] or "").startswith("/l/")
    await owner.submit(f"{path}/remove")
    assert not owner.page.css("img.logo")


async def test_the_mail_that_asks_is_worded_by_a_template_and_again_by_us(
    owner: Browser, database: Database, tenant: MadeTenant
) -> None:
    path = "/settings/account/confirmation-mail"
    asks = '<p>Oui ? <a href="{{ confirm_url }}">Oui</a></p>'
    good = await make_template(database, tenant.id, html=asks)
    silent = await make_template(database, tenant.id)
    await owner.open("/settings/account")
    await owner.submit(path, {"language": "fr", "template": str(silent.uuid)})
    assert owner.answer.status_code == 422
    assert owner.page.css("#template-error")
    await owner.submit(path, {"language": "fr", "template": str(good.uuid)})
    assert "Saved." in owner.text
    [row] = owner.page.css("tbody tr")
    assert "fr" in row.text()
    assert owner.page.css(f'a[href="/templates/{good.uuid}"]')
    await owner.submit(f"{path}/remove")
    assert not owner.page.css("tbody tr")


async def test_the_account_is_changed_and_its_month_warns(owner: Browser) -> None:
    await owner.open("/settings/account")
    await owner.submit("/settings/account", {"monthly_quota": "100", "fallback_locale": "es"})
    assert "Saved." in owner.text
    assert "of 100 mails" in owner.text
    await owner.submit("/settings/account", {"monthly_quota": "0"})
    await owner.open("/settings/account")
    await owner.submit("/settings/account", {"monthly_quota": "many"})
    assert owner.answer.status_code == 422
    assert owner.page.css("#monthly_quota-error")


async def test_a_webhooks_secret_is_shown_once_and_its_test_is_logged(owner: Browser) -> None:
    await owner.open("/settings/webhooks/new")
    await owner.submit("/settings/webhooks/new", {"url": "https://93.184.216.34/x"})
    assert "Choose at least one event." in owner.text
    await owner.submit("/settings/webhooks/new", {"event.email.sent": "on"})
    secret = owner.page.css_first("#secret")
    assert secret is not None
    await owner.open("/settings/webhooks")
    link = owner.page.css_first("tbody a")
    assert link is not None
    path = link.attributes["href"] or ""
    await owner.open(path)
    assert secret.text() not in owner.answer.text
    await owner.submit(f"{path}/test")
    assert "webhook.test" in owner.text
    assert "pending" in owner.text
    await owner.submit(f"{path}/secret")
    again = owner.page.css_first("#secret")
    assert again is not None
    assert again.text() != secret.text()
    await owner.submit(path, {"url": "http://127.0.0.1/"})
    await owner.open(path)
    await owner.submit(f"{path}/delete")
    assert "No webhooks yet" in owner.text


async def test_what_a_webhook_missed_is_sent_again_by_one_button(
    owner: Browser, runtime: Runtime, tenant: MadeTenant, database: Database
) -> None:
    await owner.open("/settings/webhooks/new")
    for heading in grouped():
        assert heading in owner.text
    hook = {"url": "https://93.184.216.34/x", "event.list.created": "on"}
    await owner.submit("/settings/webhooks/new", hook)
    await owner.open("/settings/webhooks")
    link = owner.page.css_first("tbody a")
    assert link is not None
    path = link.attributes["href"] or ""
    await owner.open(path)
    assert "dead again" not in owner.text
    at = runtime.now() - timedelta(minutes=1)
    async with database.transaction() as connection:
        for _ in range(2):
            await webhook_events.tell(connection, tenant.id, EventType.LIST_CREATED, at)
        dead = tables.webhook_deliveries.update().values(state="dead", next_attempt_at=None)
        await connection.execute(dead)
    await owner.open(path)
    assert "Send 2 dead again" in owner.text
    await owner.submit(f"{path}/replay")
    assert "2 on their way again." in owner.text
    assert "dead again" not in owner.text


async def test_an_address_is_left_alone_and_mailed_again(owner: Browser) -> None:
    await owner.open("/suppressions")
    assert "Nobody is left alone yet" in owner.text
    await owner.submit("/suppressions", {"email": "ada@example.com", "reason": "manual"})
    assert "ada@example.com is left alone" in owner.text
    await owner.submit("/suppressions", {"email": "ada@example.com"})
    assert owner.answer.status_code == 422
    await owner.open("/suppressions?search=ad&reason=manual")
    form = owner.page.css_first("td form")
    assert form is not None
    await owner.submit(form.attributes["action"] or "")
    assert "may be mailed again" in owner.text
    await owner.submit("/suppressions", {"email": "grace@example.com", "reason": "manual"})
    await owner.submit("/suppressions/undo", {"wave": "manual", "hours": "1"})
    assert "1 suppressions were lifted" in owner.text


@pytest.mark.checklist("SEC-03")
async def test_what_people_name_things_is_text(
    owner: Browser, database: Database, tenant: MadeTenant
) -> None:
    await owner.open("/settings/projects/new")
    await owner.submit("/settings/projects/new", {**SERVER, "name": HOSTILE})
    await owner.open("/settings/webhooks/new")
    hook = {"url": "https://93.184.216.34/x", "description": HOSTILE, "event.email.sent": "on"}
    await owner.submit("/settings/webhooks/new", hook)
    await owner.open("/settings/account")
    await owner.submit("/settings/account", {"name": HOSTILE, "postal_address": HOSTILE})
    for path in ("projects", "webhooks", "account", "audit-log"):
        await owner.open(f"/settings/{path}")
        assert "<script>alert" not in owner.answer.text
        assert "alert(1)" in owner.answer.text
