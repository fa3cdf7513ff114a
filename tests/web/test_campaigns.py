"""Writing, changing and steering campaigns with plain forms."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_campaign, make_contact, make_list, make_sender
from tests.web.browsing import Browser, browser, make_member


@pytest.fixture
async def owner(runtime: Runtime, tenant: MadeTenant) -> AsyncGenerator[Browser]:
    await make_member(runtime, tenant, "owner@example.com")
    async with browser(runtime) as made:
        await made.sign_in("owner@example.com")
        yield made


@pytest.fixture
async def ready(database: Database, tenant: MadeTenant) -> dict[str, str]:
    """The fields of a campaign that can be sent."""
    sender = await make_sender(database, tenant.id)
    made_list = await make_list(database, tenant.id)
    await make_contact(database, tenant.id, list_id=made_list.id)
    return {
        "name": "Spring",
        "subject": "Hello",
        "from_name": "Ada",
        "from_identity": str(sender.uuid),
        "list_uuid": str(made_list.uuid),
        "content": "# Hi\n\nText",
    }


async def write(owner: Browser, fields: dict[str, str]) -> str:
    """Saves a draft; its path."""
    await owner.open("/campaigns/new")
    await owner.submit("/campaigns/new", fields)
    assert owner.answer.status_code == 200, owner.text
    return owner.answer.url.path


async def test_the_first_visit_shows_the_way(owner: Browser) -> None:
    await owner.open("/")
    assert "Getting started" in owner.text
    await owner.open("/campaigns")
    assert "No campaigns yet" in owner.text
    await owner.open("/contacts")
    assert "No contacts yet" in owner.text


async def test_a_draft_is_written_and_read_back(owner: Browser, ready: dict[str, str]) -> None:
    await write(owner, ready)
    assert "Draft saved." in owner.text
    assert "Ready to send" in owner.text
    for name in ("name", "subject", "from_name"):
        field = owner.page.css_first(f"#{name}")
        assert field is not None
        assert field.attributes["value"] == ready[name]
    body = owner.page.css_first("textarea")
    assert body is not None
    assert body.text().strip() == ready["content"]


async def test_mistakes_stand_beside_their_field_and_the_input_is_kept(
    owner: Browser, ready: dict[str, str]
) -> None:
    await owner.open("/campaigns/new")
    wrong = ready | {"reply_to": "not an address", "content": "Hi {{ contact.shoe }}"}
    await owner.submit("/campaigns/new", wrong)
    assert owner.answer.status_code == 422
    reply_to = owner.page.css_first("#reply_to")
    assert reply_to is not None
    assert reply_to.attributes["value"] == "not an address"
    assert reply_to.attributes["aria-invalid"] == "true"
    await owner.submit("/campaigns/new", {"reply_to": ""})
    assert owner.answer.status_code == 422
    assert owner.page.css_first("#content-error") is not None
    assert "contact.shoe" in owner.text


async def test_what_is_missing_is_listed_and_send_is_not_offered(owner: Browser) -> None:
    path = await write(owner, {"name": "Bare"})
    assert "Before you send" in owner.text
    button = owner.page.css_first(f'form[action="{path}/send"] button')
    assert button is not None
    assert "disabled" in button.attributes
    await owner.submit(f"{path}/send")
    assert "Not ready yet. Missing:" in owner.text
    assert "a confirmed sender" in owner.text


async def test_sending_queues_it_and_offers_what_can_happen_next(
    owner: Browser, ready: dict[str, str]
) -> None:
    path = await write(owner, ready)
    await owner.submit(f"{path}/send")
    assert "On its way." in owner.text
    assert owner.page.css_first(".badge.queued") is not None
    await owner.submit(f"{path}/pause")
    assert owner.page.css_first("h1 .badge.paused") is not None
    await owner.submit(f"{path}/resume")
    await owner.submit(f"{path}/cancel")
    assert owner.page.css_first("h1 .badge.canceled") is not None
    assert "History" in owner.text
    await owner.submit(f"{path}/delete")
    assert owner.answer.url.path == "/campaigns"
    assert (await owner.open(path)).status_code == 404


async def test_scheduling_says_when_and_can_be_taken_back(
    owner: Browser, ready: dict[str, str]
) -> None:
    path = await write(owner, ready)
    await owner.submit(f"{path}/schedule", {"scheduled_local": "2001-01-01T10:00"})
    assert "This time has passed" in owner.text
    await owner.submit(f"{path}/schedule", {"scheduled_local": "when it rains"})
    assert "Give a day and a time." in owner.text
    await owner.submit(f"{path}/schedule", {"scheduled_local": "2099-05-04T08:30"})
    assert "In UTC Mon 4 May 2099, 08:30 " in owner.text
    await owner.submit(f"{path}/schedule")
    assert "Leaves by itself on Mon 4 May 2099, 08:30 UTC" in owner.text
    await owner.submit(f"{path}/unschedule")
    assert "A draft again." in owner.text


async def test_a_copy_is_a_new_draft(owner: Browser, ready: dict[str, str]) -> None:
    path = await write(owner, ready)
    await owner.submit(f"{path}/duplicate")
    assert owner.answer.url.path != path
    assert "Copy of Spring" in owner.text


async def test_the_list_is_searched_filtered_and_paged(
    owner: Browser, database: Database, tenant: MadeTenant
) -> None:
    for number in range(30):
        await make_campaign(database, tenant.id, name=f"News {number:02}")
    await make_campaign(database, tenant.id, name="Old", state="sent")
    await owner.open("/campaigns")
    assert "Page 1 of 2" in owner.text
    await owner.open("/campaigns?search=News 07")
    assert len(owner.page.css("tbody tr")) == 1
    await owner.open("/campaigns?status=sent")
    assert len(owner.page.css("tbody tr")) == 1
    await owner.open("/campaigns?status=nonsense&page=x")
    assert len(owner.page.css("tbody tr")) == 25


@pytest.mark.checklist("SEC-02")
async def test_previews_are_sandboxed_by_their_own_policy(
    owner: Browser, ready: dict[str, str]
) -> None:
    path = await write(owner, ready)
    token = owner.page.css_first("input[name=csrf]")
    assert token is not None
    form = {"csrf": token.attributes["value"] or "", "content": "# Live\n\n<script>x</script>"}
    for answer in (
        await owner.client.post("/campaigns/preview", data=form),
        await owner.client.get(f"{path}/body"),
    ):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("sandbox allow-popups")
        assert "allow-scripts" not in policy
        assert "allow-same-origin" not in policy
        assert "default-src 'none'" in policy
    broken = {**form, "content": "Hi {{ nobody.knows"}
    shown = (await owner.client.post("/campaigns/preview", data=broken)).text
    assert "Line 1, column 4" in shown


async def test_progress_is_a_piece_that_asks_for_itself_until_the_state_changes(
    owner: Browser, ready: dict[str, str]
) -> None:
    path = await write(owner, ready)
    await owner.submit(f"{path}/send")
    piece = owner.page.css_first("#figures")
    assert piece is not None
    assert piece.attributes["hx-get"] == f"{path}/progress?status=queued"
    partial = {"HX-Request": "true"}
    shown = await owner.client.get(f"{path}/progress?status=queued", headers=partial)
    assert 'id="figures"' in shown.text
    assert "<html" not in shown.text
    moved = await owner.client.get(f"{path}/progress?status=draft", headers=partial)
    assert moved.headers["hx-refresh"] == "true"


async def test_an_archived_campaign_is_found_under_its_own_chip(
    owner: Browser, ready: dict[str, str]
) -> None:
    path = await write(owner, ready)
    await owner.submit(f"{path}/archive")
    assert "Put away" in owner.text
    assert owner.page.css_first(f"form[action='{path}/send']") is None
    await owner.open("/campaigns")
    assert "Spring" not in owner.text
    await owner.open("/campaigns?status=archived")
    assert "Spring" in owner.text
    await owner.open(path)
    await owner.submit(f"{path}/unarchive")
    await owner.open("/campaigns")
    assert "Spring" in owner.text


async def test_a_revision_is_looked_at_and_comes_back(
    owner: Browser, ready: dict[str, str]
) -> None:
    path = await write(owner, ready)
    await owner.open(path)
    await owner.submit(path, {"subject": "Other", "content": "Another text"})
    assert "Revision 2" in owner.text
    assert "what it says now" in owner.text
    await owner.open(f"{path}/revisions/1")
    assert "Hello" in owner.text
    body = await owner.client.get(f"{path}/revisions/1/body")
    assert "Text" in body.text
    assert "sandbox" in body.headers["content-security-policy"]
    await owner.open(f"{path}/revisions/1")
    await owner.submit(f"{path}/revisions/1")
    assert "Revision 1 is back." in owner.text
    assert "Revision 3" in owner.text
    subject = owner.page.css_first("#subject")
    assert subject is not None
    assert subject.attributes["value"] == "Hello"
    assert (await owner.open(f"{path}/revisions/99")).status_code == 404
    assert (await owner.open(f"{path}/revisions/x")).status_code == 404
