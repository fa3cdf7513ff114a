"""The body in the campaign form, without a script: kept, converted, guarded."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import orjson
import pytest

from mailwright.services.runtime import Runtime
from mailwright.web.body_forms import lost_in_markdown
from tests.builders import MadeTenant
from tests.web.browsing import Browser, browser, make_member

BUTTON = {"type": "button", "attrs": {"text": "Go", "href": "https://example.com/go"}}
RICH = {"type": "doc", "content": [BUTTON]}


@pytest.fixture
async def owner(runtime: Runtime, tenant: MadeTenant) -> AsyncGenerator[Browser]:
    await make_member(runtime, tenant, "owner@example.com")
    async with browser(runtime) as made:
        await made.sign_in("owner@example.com")
        yield made


async def write(owner: Browser, **fields: str) -> str:
    """Saves a draft with that body; its path."""
    await owner.open("/campaigns/new")
    await owner.submit("/campaigns/new", {"name": "Spring", **fields})
    assert owner.answer.status_code == 200, owner.text
    return owner.answer.url.path


async def write_rich(owner: Browser) -> str:
    return await write(owner, editor="document", document=dumped(RICH))


def dumped(document: object) -> str:
    return orjson.dumps(document).decode()


def chosen(owner: Browser) -> str:
    radio = owner.page.css_first("input[name=editor][checked]")
    assert radio is not None
    return radio.attributes["value"] or ""


def value_of(owner: Browser, name: str) -> str:
    field = owner.page.css_first(f"[name={name}]")
    assert field is not None
    return field.attributes.get("value") or field.text().strip()


@pytest.mark.checklist("Z65")
async def test_without_a_script_markdown_is_there_to_write(owner: Browser) -> None:
    await owner.open("/campaigns/new")
    assert chosen(owner) == "content"
    await write(owner, content="# Plain")
    assert chosen(owner) == "content"
    assert value_of(owner, "content") == "# Plain"
    island = owner.page.css_first("[data-editor]")
    assert island is not None
    assert island.attributes["data-editor"] == "content", "the last choice is kept"


@pytest.mark.checklist("Z65", "Z47")
async def test_a_document_of_the_editor_is_kept_as_it_is(owner: Browser) -> None:
    path = await write_rich(owner)
    assert chosen(owner) == "document"
    assert orjson.loads(value_of(owner, "document")) == RICH
    await owner.submit(path, {"subject": "Only this changes"})
    assert orjson.loads(value_of(owner, "document")) == RICH
    await owner.submit(path, {"document": dumped({**RICH, "content": [BUTTON, BUTTON]})})
    assert "Saved." in owner.text, "in the dashboard a rich body changes freely (Z72)"


@pytest.mark.checklist("Z70", "Z71", "Z72")
async def test_markdown_replaces_a_rich_body_only_when_it_is_agreed(owner: Browser) -> None:
    path = await write_rich(owner)
    await owner.submit(path, {"editor": "content", "content": "Plain"})
    assert owner.answer.status_code == 422
    assert value_of(owner, "content") == "Plain"
    assert owner.page.css_first("input[name=overwrite]") is not None
    await owner.submit(path, {"overwrite": "on"})
    assert "Saved." in owner.text
    assert value_of(owner, "content") == "Plain"
    assert owner.page.css_first("input[name=overwrite]") is None


async def test_a_page_of_ones_own_is_kept_and_guarded_too(owner: Browser) -> None:
    path = await write(owner, editor="html", html="<p>Own</p>")
    assert chosen(owner) == "html"
    assert "<p>Own</p>" in owner.answer.text.replace("&lt;", "<").replace("&gt;", ">")
    await owner.submit(path, {"html": "<p>Other</p>"})
    assert "Saved." in owner.text
    await owner.submit(path, {"editor": "document", "document": dumped(RICH)})
    assert owner.answer.status_code == 422


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"type": "doc", "content": [{"type": "button", "attrs": {"text": "x"}}]}, "needs a link"),
        ({"type": "doc", "content": [{"type": "marquee"}]}, "Block 1:"),
        ("not even a document", "not a document"),
    ],
)
async def test_a_wrong_document_says_in_which_block_and_stays_in_the_form(
    owner: Browser, document: object, sentence: str
) -> None:
    text = document if isinstance(document, str) else dumped(document)
    await owner.open("/campaigns/new")
    await owner.submit("/campaigns/new", {"name": "x", "editor": "document", "document": text})
    assert owner.answer.status_code == 422
    assert sentence in owner.text
    assert value_of(owner, "document") == text
    assert chosen(owner) == "document"


async def converted(owner: Browser, **fields: str) -> dict[str, Any]:
    await owner.open("/campaigns/new")
    form = {"csrf": value_of(owner, "csrf"), **fields}
    answer = await owner.client.post("/campaigns/convert", data=form)
    return {"status": answer.status_code, **orjson.loads(answer.content)}


async def test_bodies_are_converted_and_what_is_lost_is_named(owner: Browser) -> None:
    rich = await converted(owner, editor="document", document=dumped(RICH), to="content")
    assert rich["value"] == "[Go](https://example.com/go)"
    assert rich["lost"] == ["Buttons become plain links."]
    back = await converted(owner, editor="content", content="# Hi", to="document")
    assert orjson.loads(back["value"])["content"][0]["type"] == "heading"
    assert back["lost"] == []
    page = await converted(owner, editor="content", content="# Hi", to="html")
    assert "Hi</h1>" in page["value"]
    wrong = await converted(owner, editor="document", document="{", to="content")
    assert wrong["status"] == 422
    assert wrong["problem"]
    assert (await converted(owner, editor="html", html="x", to="content"))["status"] == 422


def test_everything_that_markdown_loses_has_its_sentence() -> None:
    text = {
        "type": "text",
        "text": "x",
        "marks": [{"type": "textStyle", "attrs": {"color": "red"}}],
    }
    styled = {"type": "paragraph", "attrs": {"textAlign": "center"}, "content": [text]}
    image = {"type": "image", "attrs": {"src": "https://example.com/a.png", "width": 10}}
    social = {"type": "socialLinks"}
    clock = {"type": "countdown", "attrs": {"endsAt": "2030-01-01T00:00:00Z"}}
    column = {"type": "column", "content": [styled, image, BUTTON]}
    columns = {"type": "columns", "content": [column]}
    spacer = {"type": "spacer"}
    found = lost_in_markdown({"type": "doc", "content": [columns, social, clock, spacer]})
    assert len(found) == 8
    plain = {"type": "doc", "content": [{"type": "paragraph"}]}
    assert lost_in_markdown(plain) == []


async def test_the_preview_shows_every_kind_of_body(owner: Browser) -> None:
    await owner.open("/campaigns/new")
    csrf = value_of(owner, "csrf")
    for editor, text in (
        ("document", dumped(RICH)),
        ("content", "[Go](https://example.com/go)"),
        ("html", '<a href="https://example.com/go">Go</a>'),
    ):
        form = {"csrf": csrf, "editor": editor, editor: text}
        shown = await owner.client.post("/campaigns/preview", data=form)
        assert "https://example.com/go" in shown.text, editor
        assert "allow-scripts" not in shown.headers["content-security-policy"]
