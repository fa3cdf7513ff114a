"""The inbox, API keys and senders as pages."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from mailwright.domain.doors import Door
from mailwright.domain.tokens import Tokens
from mailwright.services import api_keys, inbox
from mailwright.services.runtime import Runtime
from mailwright.wire.smtp_listener import CapturedMail
from tests.builders import MadeTenant
from tests.web.browsing import Browser, browser, make_member

RAW = (
    b"From: A <a@example.com>\r\nTo: B <b@example.com>\r\nSubject: Hello %d\r\n"
    b"Content-Type: text/html\r\n\r\n<html><head></head><body><p>Hi</p>"
    b'<a href="https://example.com/x">x</a></body></html>'
)


@pytest.fixture
async def owner(runtime: Runtime, tenant: MadeTenant) -> AsyncGenerator[Browser]:
    await make_member(runtime, tenant, "owner@example.com")
    async with browser(runtime) as made:
        await made.sign_in("owner@example.com")
        yield made


async def deliver(runtime: Runtime, tenant: MadeTenant, count: int) -> None:
    sender = Tokens(runtime.keys).return_path(tenant.id, 0) + "@example.com"
    for number in range(count):
        mail = CapturedMail(sender, ("b@example.com",), RAW % number, "127.0.0.1", "x", None)
        await inbox.capture(runtime, mail)


async def test_mails_are_listed_read_and_then_no_longer_new(
    owner: Browser, runtime: Runtime, tenant: MadeTenant
) -> None:
    await deliver(runtime, tenant, 3)
    await owner.open("/inbox")
    assert len(owner.page.css(".rows a.new")) == 3
    badge = owner.page.css_first(".count")
    assert badge is not None
    assert badge.text() == "3"
    first = owner.page.css_first(".rows a")
    assert first is not None
    await owner.open(first.attributes["href"] or "")
    assert "Hello 2" in owner.text
    assert len(owner.page.css(".rows a.new")) == 2


@pytest.mark.checklist("SEC-02")
async def test_a_mails_html_is_framed_without_rights(
    owner: Browser, runtime: Runtime, tenant: MadeTenant
) -> None:
    await deliver(runtime, tenant, 1)
    await owner.open("/inbox")
    first = owner.page.css_first(".rows a")
    assert first is not None
    path = first.attributes["href"] or ""
    await owner.open(path)
    frame = owner.page.css_first("iframe")
    assert frame is not None
    assert frame.attributes["sandbox"] == "allow-popups allow-popups-to-escape-sandbox"
    shown = await owner.client.get(frame.attributes["src"] or "")
    policy = shown.headers["content-security-policy"]
    assert "allow-scripts" not in policy
    assert "img-src data:;" in policy
    assert shown.text.startswith('<html><head><base target="_blank">')
    pictures = await owner.client.get(f"{path}/html?images=1")
    assert "img-src data: http: https:" in pictures.headers["content-security-policy"]


async def test_every_tab_shows_its_part(
    owner: Browser, runtime: Runtime, tenant: MadeTenant
) -> None:
    await deliver(runtime, tenant, 1)
    await owner.open("/inbox")
    first = owner.page.css_first(".rows a")
    assert first is not None
    path = first.attributes["href"] or ""
    for tab, words in (
        ("text", "no text part"),
        ("headers", "a@example.com"),
        ("links", "https://example.com/x"),
        ("raw", "Content-Type: text/html"),
    ):
        await owner.open(f"{path}?tab={tab}")
        assert words in owner.text, tab
    file = await owner.client.get(f"{path}/mail.eml")
    assert file.content == RAW % 0
    assert file.headers["content-disposition"].startswith("attachment")


async def test_pieces_come_without_their_frame(
    owner: Browser, runtime: Runtime, tenant: MadeTenant
) -> None:
    await deliver(runtime, tenant, 1)
    partial = {"HX-Request": "true"}
    piece = await owner.client.get("/inbox?part=list", headers=partial)
    assert piece.text.lstrip().startswith('<div id="mails"')
    await owner.open("/inbox")
    first = owner.page.css_first(".rows a")
    assert first is not None
    piece = await owner.client.get(first.attributes["href"] or "", headers=partial)
    assert piece.text.lstrip().startswith("<article>")


async def test_mails_are_deleted_one_by_one_and_all_at_once(
    owner: Browser, runtime: Runtime, tenant: MadeTenant
) -> None:
    await deliver(runtime, tenant, 3)
    await owner.open("/inbox")
    first = owner.page.css_first(".rows a")
    assert first is not None
    await owner.open(first.attributes["href"] or "")
    await owner.submit(f"{first.attributes['href']}/delete")
    assert "The mail was deleted." in owner.text
    await owner.submit("/inbox/seen")
    assert not owner.page.css(".rows a.new")
    await owner.submit("/inbox/delete")
    assert "2 mails deleted." in owner.text
    assert "No mail yet" in owner.text


@pytest.mark.checklist("SEC-11")
async def test_a_key_is_shown_once_works_and_is_revoked(
    owner: Browser, runtime: Runtime, tenant: MadeTenant
) -> None:
    await owner.open("/settings/api-keys")
    await owner.submit("/settings/api-keys", {"name": "Shop", "grant": "inbox"})
    shown = owner.page.css_first("#key")
    assert shown is not None
    key = shown.text()
    caller = await api_keys.authenticate(runtime, key, Door.API)
    assert caller.granted == {"inbox:read", "inbox:write"}
    await owner.open("/settings/api-keys")
    assert key not in owner.answer.text
    revoke = owner.page.css_first('form[action$="/revoke"]')
    assert revoke is not None
    await owner.submit(revoke.attributes["action"] or "")
    assert "was revoked" in owner.text
    assert owner.page.css_first("tr.over") is not None


async def test_a_key_without_a_name_is_refused_beside_the_field(owner: Browser) -> None:
    await owner.open("/settings/api-keys")
    await owner.submit("/settings/api-keys", {"name": "  "})
    assert owner.answer.status_code == 422
    assert "Give the key a name." in owner.text


async def test_senders_are_added_disabled_and_never_doubled(owner: Browser) -> None:
    await owner.open("/settings/senders")
    fields = {"name": "Ada", "email": "ada@example.com"}
    await owner.submit("/settings/senders", fields)
    assert "ada@example.com is ready." in owner.text
    await owner.submit("/settings/senders", fields)
    assert owner.answer.status_code == 422
    assert "There is a sender of that address already." in owner.text
    await owner.open("/settings/senders")
    switch = owner.page.css_first('form[action^="/settings/senders/"]')
    assert switch is not None
    await owner.submit(switch.attributes["action"] or "")
    assert "is disabled" in owner.text


async def test_what_does_not_exist_says_so(owner: Browser) -> None:
    for path in ("/inbox/nonsense", "/campaigns/0190aaaa-0000-7000-8000-000000000000", "/x"):
        assert (await owner.open(path)).status_code == 404
        assert "Not found" in owner.text
