"""The body editor in a real browser: every block through its toolbar, kept, guarded, and mailed."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import orjson
import pytest
from playwright.async_api import Page, expect

from mailwright.domain.doors import Door
from mailwright.services.api_keys import NewApiKey, create_api_key
from mailwright.services.caller import Caller
from tests.browser.installation import Installation
from tests.builders import MadeTenant, make_sender

PICTURE = "pictures.example/logo.png"


@pytest.fixture
async def body(page: Page, installation: Installation, tenant: MadeTenant) -> Body:
    """The editor of a new campaign that has everything else."""
    await make_sender(installation.runtime.database, tenant.id)
    # Pictures lie elsewhere; no test asks the network for them.
    await page.route("https://*.example/**", lambda route: route.abort())
    await page.goto("/campaigns/new")
    await page.fill("#name", "Spring")
    await page.fill("#subject", "Spring is here")
    await page.fill("#from_name", "Ada")
    await page.select_option("#from_identity", index=1)
    return Body(page)


class Body:
    """What a person does with the editor."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.text = page.get_by_role("textbox", name="Body", exact=True)

    async def tool(self, label: str) -> None:
        await self.page.get_by_role("toolbar").get_by_role("button", name=label).click()

    async def choose(self, menu: str, item: str) -> None:
        await self.page.locator(f"summary[title='{menu}']").click()
        await self.page.locator(".menu[open]").get_by_role("button", name=item).click()

    async def insert(self, block: str, **properties: str) -> None:
        """A block with its properties, by their labels."""
        await self.choose("Insert", block)
        for label, value in properties.items():
            field = self.page.locator(".panel").get_by_label(label, exact=True)
            if label == "Align":
                await field.select_option(value)
            else:
                await field.fill(value)
                await field.dispatch_event("change")

    async def write(self, *lines: str) -> None:
        for line in lines:
            await self.page.keyboard.type(line)
            await self.settle()
            await self.page.keyboard.press("Enter")
            await self.settle()

    async def settle(self) -> None:
        """Lets the browser tell the editor where the cursor is: keys here are faster than hands."""
        await self.page.evaluate(
            "new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
        )

    async def at_the_end(self) -> None:
        await self.text.locator("> p:last-child").click()
        await self.page.keyboard.press("Control+End")
        await self.settle()

    async def save(self) -> None:
        async with self.page.expect_navigation():
            await self.page.locator(".compose button.primary").click()

    async def document(self) -> dict[str, Any]:
        """As the form would send it."""
        sent = await self.page.locator("input[name=document]").input_value()
        return orjson.loads(sent or "null")


async def api_for(installation: Installation, tenant: MadeTenant) -> httpx2.AsyncClient:
    owner = Caller(tenant.id, "member:test", Door.API, frozenset({"*"}))
    _, key = await create_api_key(installation.runtime, owner, NewApiKey("test", ("*",), False))
    return httpx2.AsyncClient(
        base_url=f"{installation.url}/api/v1", headers={"Authorization": f"Bearer {key}"}
    )


def kinds(document: dict[str, Any]) -> set[str]:
    """The names of all nodes and marks in it."""
    found = {document["type"]}
    for mark in document.get("marks", ()):
        found.add(mark["type"])
    for child in document.get("content", ()):
        found |= kinds(child)
    return found


def bare(node: dict[str, Any]) -> dict[str, Any]:
    """Without the attributes that are not set, as the server keeps it."""
    kept = {
        name: value for name, value in node.items() if name not in {"attrs", "marks", "content"}
    }
    attributes = {name: value for name, value in node.get("attrs", {}).items() if value is not None}
    if attributes:
        kept["attrs"] = attributes
    for name in ("marks", "content"):
        if name in node:
            kept[name] = [bare(each) for each in node[name]]
    return kept


async def write_everything(body: Body) -> None:
    page = body.page
    await body.text.click()
    await page.select_option("select[title='Kind of text']", "1")
    await page.keyboard.type("Spring, ")
    await body.choose("Merge tag", "First name")
    await page.keyboard.type("you")  # over the default that is selected
    await body.settle()
    await page.keyboard.press("End")
    await body.settle()
    await page.keyboard.press("Enter")
    await body.tool("Bold")
    await page.keyboard.type("Bold")
    await body.tool("Bold")
    await body.tool("Italic")
    await page.keyboard.type("Italic")
    await body.tool("Italic")
    await page.select_option("select[title='Size']", "20px")
    await page.select_option("select[title='Font']", "Georgia, serif")
    await page.get_by_label("Text colour").fill("#b91c1c")
    await body.text.focus()
    await body.write("Styled")
    await body.tool("Align center")
    await body.write("Centered")
    await body.tool("Clear styling")
    await body.tool("Bullet list")
    await body.write("One", "")
    await body.tool("Numbered list")
    await body.write("First", "")
    await body.tool("Quote")
    await body.write("Said", "")
    await body.tool("Code block")
    await page.keyboard.type("x = 1")
    await body.at_the_end()
    await body.choose("Insert", "Rule")
    await body.at_the_end()
    await body.insert("Button", Text="Shop now", Link="example.com/shop", Background="#0f766e")
    await body.insert("Image", Address=f"https://{PICTURE}", Description="Logo", Width="240")
    await body.insert("Spacer", Height="40")
    await body.insert("Social row", Address="https://instagram.com/acme")
    await body.insert("Countdown", Label="The sale ends")
    await body.insert("Two columns")
    await page.keyboard.type("Left side")
    await body.at_the_end()
    await body.choose("Insert", "Three columns")
    await body.at_the_end()
    await body.choose("Merge tag", "Unsubscribe link")
    await body.choose("Merge tag", "View in browser")


EVERYTHING = {
    "heading", "paragraph", "text", "bulletList", "orderedList", "listItem", "blockquote",
    "codeBlock", "image", "horizontalRule", "button", "columns", "column", "socialLinks",
    "countdown", "spacer", "bold", "italic", "link", "textStyle",
}  # fmt: skip


@pytest.mark.checklist("Z47", "Z65", "Z66", "Z67", "Z68", "Z70", "Z71", "Z72")
async def test_a_rich_body_is_written_kept_guarded_and_mailed(
    body: Body, installation: Installation, tenant: MadeTenant
) -> None:
    page = body.page
    await write_everything(body)
    written = bare(await body.document())
    assert kinds(written) >= EVERYTHING
    live = page.frame_locator("iframe[name=preview]")
    await expect(live.locator("text=Shop now")).to_be_visible()
    await body.save()
    await expect(page.locator(".flash")).to_have_text("Draft saved.")
    await expect(page.locator(".checks li.done", has_text="A body")).to_be_visible()
    await expect(body.text.locator(".mail-button")).to_have_text("Shop now")
    campaign = page.url
    await send_a_test_and_look(page)
    async with await api_for(installation, tenant) as api:
        path = f"/campaigns/{campaign.rpartition('/')[2]}"
        found = (await api.get(path, params={"include": "document"})).json()["data"]
        assert found["content_editable_via_api"] is False
        assert found["content_overwrite_required"] is True
        assert "Left side" in found["content"]
        refused = await api.patch(path, json={"content": "# Plain"})
        assert refused.status_code == 409
        assert refused.json()["error"]["code"] == "CONTENT_OVERWRITE_REQUIRED"
    await page.goto(campaign)
    await body.text.locator("p", has_text="Bold").click()
    await body.settle()
    await page.keyboard.press("End")
    await body.settle()
    await page.keyboard.type("!")
    again = bare(await body.document())
    assert orjson.loads(orjson.dumps(again).replace(b"!", b"")) == written
    await body.save()
    await expect(page.locator(".flash")).to_have_text("Saved.")
    async with await api_for(installation, tenant) as api:
        answer = await api.patch(path, json={"content": "# Plain", "overwrite": True})
        assert answer.json()["data"]["content_overwrite_required"] is False
        assert answer.json()["data"]["content_editable_via_api"] is True


async def send_a_test_and_look(page: Page) -> None:
    await page.fill("#test-email", "me@example.com")
    await page.click("text=Send test")
    await expect(page.locator(".flash")).to_contain_text("Test sent")
    await page.goto("/inbox")
    await page.click(".rows a")
    mail = page.frame_locator("iframe.paper")
    button = mail.locator("a", has_text="Shop now")
    await expect(button).to_be_visible()
    assert await button.evaluate("each => getComputedStyle(each).color") == "rgb(255, 255, 255)"
    left = mail.locator(".mj-column-per-50").first
    await expect(left).to_contain_text("Left side")
    await expect(mail.locator("text=Instagram")).to_be_visible()
    await expect(mail.locator("text=The sale ends")).to_be_visible()


@pytest.mark.checklist("Z65")
async def test_undo_takes_back_and_redo_brings_again(body: Body) -> None:
    await body.text.click()
    await body.page.keyboard.type("Hello")
    await body.choose("Insert", "Spacer")
    await expect(body.text.locator(".mail-spacer")).to_have_count(1)
    await body.tool("Undo")
    await expect(body.text.locator(".mail-spacer")).to_have_count(0)
    await expect(body.text).to_contain_text("Hello")
    await body.tool("Redo")
    await expect(body.text.locator(".mail-spacer")).to_have_count(1)


async def test_switching_to_markdown_says_what_is_lost_and_back_restores_it(body: Body) -> None:
    page = body.page
    await body.text.click()
    await body.write("Hello")
    await body.insert("Button", Text="Go", Link="https://example.com/go")
    await body.save()
    await page.click(".modes >> text=Markdown")
    await expect(page.locator("dialog")).to_contain_text("Buttons become plain links.")
    await page.click("dialog >> text=Stay in the editor")
    await expect(body.text).to_be_visible()
    await page.click(".modes >> text=Markdown")
    await page.click("dialog button.primary")
    await expect(page.locator("#content")).to_have_value("Hello\n\n[Go](https://example.com/go)")
    await page.click(".modes >> text=Editor")
    await expect(body.text.locator(".mail-button")).to_have_text("Go")
    await page.click(".modes >> text=Markdown")
    await page.click("dialog button.primary")
    await page.fill("#content", "Plain now")
    await body.save()
    await expect(page.locator(".flash")).to_have_text("Saved.")
    await expect(page.locator("#content")).to_be_visible()  # the choice is kept
    await expect(page.locator("#content")).to_have_value("Plain now")
    await page.click(".modes >> text=Editor")
    await expect(body.text).to_have_text("Plain now")
    await page.click(".modes >> text=HTML")
    await page.click("dialog button.primary")
    await page.fill("#html", "<h1>Own page</h1>")
    await body.save()
    await expect(page.locator("#html")).to_have_value(re.compile("<h1>Own page</h1>"))


async def test_what_is_wrong_stands_beside_the_editor_and_nothing_is_lost(body: Body) -> None:
    await body.text.click()
    await body.write("Hello")
    await body.insert("Button", Text="Nowhere")
    await body.save()
    await expect(body.page.locator("#content-error")).to_have_text(
        "Block 2: this button needs a link."
    )
    await expect(body.text.locator(".mail-button")).to_have_text("Nowhere")
    await expect(body.text).to_contain_text("Hello")


async def test_the_editor_needs_no_exception_from_the_policy(page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    await page.goto("/campaigns/new")
    body = Body(page)
    await body.text.click()
    await body.insert("Countdown", Label="Soon")
    assert not [text for text in said if "Security" in text]
    assert await page.locator("style").count() == 0


async def test_the_toolbar_is_walked_by_keys(body: Body) -> None:
    page = body.page
    await page.get_by_role("button", name="Bold").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("button", name="Italic")).to_be_focused()
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("Enter")
    await page.keyboard.type("Loud")
    await body.settle()
    assert bare(await body.document())["content"][0]["content"] == [
        {"type": "text", "marks": [{"type": "bold"}], "text": "Loud"}
    ]
