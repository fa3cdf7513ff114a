"""The body of a campaign through the API: Markdown, documents, raw HTML, and what may be lost."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest

from mailwright.mail.document import validate_document
from mailwright.store.database import Database
from tests.api.campaign_stories import (
    RICH_DOCUMENT,
    code,
    create,
    details,
    layout,
    put_in,
    read,
    ready,
)
from tests.builders import MadeTenant

MARKDOWN = """\
# Ahoy

A **bold** and *quiet* [link](https://harbour.example/a).

- one
- two

1. first
2. second

> quoted

```
fenced  code
```

---

![A lighthouse](https://harbour.example/light.png)
"""


async def _made_of(api: httpx2.AsyncClient, content: str) -> dict[str, Any]:
    """The campaign with its HTML and text, from this Markdown."""
    made = await create(api, content=content)
    answer = await api.get(f"/campaigns/{made['uuid']}?include=html,text")
    return answer.json()["data"]


async def _pages(api: httpx2.AsyncClient, content: str) -> str:
    return (await _made_of(api, content))["html"]


@pytest.mark.checklist("Z48")
async def test_markdown_is_read_back_as_markdown(api: httpx2.AsyncClient) -> None:
    once = (await create(api, content=MARKDOWN))["content"]
    assert once is not None
    for line in ("# Ahoy", "**bold**", "[link](https://harbour.example/a)", "> quoted"):
        assert line in once
    assert (await create(api, content=once))["content"] == once, "and is stable"


@pytest.mark.checklist("Z44", "Z49")
async def test_null_clears_the_body_and_readiness_says_so(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    cleared = (await api.patch(campaign.path, json={"content": None})).json()["data"]
    assert cleared["content"] is None
    assert cleared["readiness"]["missing"] == ["content"]
    again = (await api.patch(campaign.path, json={"content": "Hello"})).json()["data"]
    assert again["readiness"]["missing"] == []
    empty = (await api.patch(campaign.path, json={"content": " \n "})).json()["data"]
    assert empty["readiness"]["missing"] == ["content"], "blank Markdown is no body"


@pytest.mark.checklist("Z50", "U08")
async def test_65000_characters_pass_and_one_more_is_refused(api: httpx2.AsyncClient) -> None:
    # Characters, not bytes: é takes two.
    made = await create(api, content="é" * 65_000)
    assert len(made["content"]) == 65_000
    answer = await api.patch(f"/campaigns/{made['uuid']}", json={"content": "é" * 65_001})
    assert (answer.status_code, list(details(answer))) == (422, ["content"])
    refused = await api.post("/campaigns", json={"name": "x", "content": "a" * 65_001})
    assert (refused.status_code, code(refused)) == (422, "VALIDATION_ERROR")
    assert (await read(api, made["uuid"]))["content"] == made["content"]


@pytest.mark.checklist("Z51")
async def test_headings_of_every_level_render(api: httpx2.AsyncClient) -> None:
    html = await _pages(api, "\n\n".join(f"{'#' * level} Level {level}" for level in range(1, 7)))
    for level in range(1, 7):
        assert re.search(rf"<h{level}[^>]*>\s*Level {level}\s*</h{level}>", html), level


@pytest.mark.checklist("Z52")
async def test_bold_and_italic_render(api: httpx2.AsyncClient) -> None:
    html = await _pages(api, "a **strong** and an *emphasised* word")
    assert re.search(r"<(strong|b)[^>]*>strong</", html)
    assert re.search(r"<(em|i)[^>]*>emphasised</", html)


@pytest.mark.checklist("Z53")
async def test_links_render_in_html_and_text(api: httpx2.AsyncClient) -> None:
    made = await _made_of(api, "see [the harbour](https://harbour.example/?a=1&b=2)")
    assert 'href="https://harbour.example/?a=1&amp;b=2"' in made["html"]
    assert "https://harbour.example/?a=1&b=2" in made["text"]


@pytest.mark.checklist("Z54")
async def test_lists_render(api: httpx2.AsyncClient) -> None:
    html = await _pages(api, "- one\n- two\n\n3. three\n4. four")
    assert re.search(r"<ul[^>]*>.*one.*two.*</ul>", html, re.DOTALL)
    assert re.search(r"<ol[^>]*>.*three.*four.*</ol>", html, re.DOTALL)


@pytest.mark.checklist("Z55")
async def test_blockquotes_render(api: httpx2.AsyncClient) -> None:
    html = await _pages(api, "> as they say")
    assert re.search(r"<blockquote[^>]*>.*as they say.*</blockquote>", html, re.DOTALL)


@pytest.mark.checklist("Z56")
async def test_fenced_and_indented_code_renders(api: httpx2.AsyncClient) -> None:
    for content in ("```\nif a  < b:\n```", "    if a  < b:"):
        html = await _pages(api, content)
        assert re.search(r"<pre[^>]*>.*if a  &lt; b:", html, re.DOTALL), content


@pytest.mark.checklist("Z57")
async def test_images_render(api: httpx2.AsyncClient) -> None:
    html = await _pages(api, "![A lighthouse](https://harbour.example/light.png)")
    image = re.search(r"<img[^>]*>", html)
    assert image is not None
    assert 'src="https://harbour.example/light.png"' in image.group()
    assert 'alt="A lighthouse"' in image.group()


@pytest.mark.checklist("Z58")
async def test_rules_render(api: httpx2.AsyncClient) -> None:
    made = await _made_of(api, "above\n\n---\n\nbelow")
    assert re.search(r"above.*(<hr|border-top).*below", made["html"], re.DOTALL)


@pytest.mark.checklist("Z59")
async def test_hard_breaks_render(api: httpx2.AsyncClient) -> None:
    for content in ("one  \ntwo", "one\\\ntwo"):
        assert re.search(r"one\s*<br[^>]*>\s*two", await _pages(api, content)), content


@pytest.mark.parametrize(
    ("content", "words", "never"),
    [
        pytest.param(
            "| a | b |\n|---|---|\n| one | two |",
            ("one", "two"),
            ("<td>one", "|---|"),
            marks=pytest.mark.checklist("Z60"),
        ),
        pytest.param(
            "a ~~struck~~ word",
            ("struck",),
            ("<del", "<s>", "~~"),
            marks=pytest.mark.checklist("Z61"),
        ),
        pytest.param(
            "- [ ] open\n- [x] done",
            ("open", "done"),
            ("<input", 'type="checkbox"'),
            marks=pytest.mark.checklist("Z62"),
        ),
        pytest.param(
            "a `code` word",
            ("a code word",),
            ("<code", "`"),
            marks=pytest.mark.checklist("Z63"),
        ),
        pytest.param(
            'a <b onclick="x()">bold</b>\n\n<script>alert(1)</script>\n\n<div>boxed</div>',
            ("bold", "boxed"),
            ("onclick", "<script", "alert(1)", "&lt;b", "<div>boxed"),
            marks=pytest.mark.checklist("Z64"),
        ),
    ],
)
async def test_what_is_not_supported_is_dropped_or_flattened_without_an_error(
    api: httpx2.AsyncClient, content: str, words: tuple[str, ...], never: tuple[str, ...]
) -> None:
    made = await _made_of(api, content)
    for word in words:
        assert word in made["html"]
        assert word in made["text"]
    for form in never:
        assert form not in made["html"]
        assert form not in (made["content"] or "")


COLUMNS: dict[str, Any] = {
    "type": "columns",
    "content": [
        {"type": "column", "content": [{"type": "paragraph"}]},
        {"type": "column", "content": [{"type": "paragraph"}]},
    ],
}
SOCIAL: dict[str, Any] = {
    "type": "socialLinks",
    "attrs": {"links": [{"network": "instagram", "href": "https://instagram.com/harbour"}]},
}
COUNTDOWN: dict[str, Any] = {"type": "countdown", "attrs": {"endsAt": "2099-05-01T18:00:00+00:00"}}
BUTTON: dict[str, Any] = {
    "type": "button",
    "attrs": {"text": "Read on", "href": "https://harbour.example/"},
}
IMAGE: dict[str, Any] = {
    "type": "image",
    "attrs": {"src": "https://harbour.example/a.png", "width": 200},
}


def _styled(**style: str) -> dict[str, Any]:
    mark = {"type": "textStyle", "attrs": style}
    text = {"type": "text", "text": "styled", "marks": [mark]}
    return {"type": "paragraph", "content": [text]}


@pytest.mark.checklist("Z47", "Z65")
async def test_a_body_from_the_editor_is_read_back_as_it_was_and_satisfies_content(
    api: httpx2.AsyncClient,
) -> None:
    document = layout(COLUMNS, SOCIAL, COUNTDOWN, BUTTON, IMAGE, _styled(color="#ff0000"))
    made = await create(api, document=document)
    assert "content" not in made["readiness"]["missing"]
    asked = await api.get(f"/campaigns/{made['uuid']}?include=document,html")
    assert asked.json()["data"]["document"] == validate_document(document)
    for shown in ("Read on", "instagram.com/harbour", "#ff0000"):
        assert shown in asked.json()["data"]["html"]


@pytest.mark.checklist("Z66", "Z67", "Z68")
@pytest.mark.parametrize("node", [COLUMNS, SOCIAL, COUNTDOWN])
async def test_layout_is_not_editable_through_the_api_and_its_markdown_is_lossy(
    api: httpx2.AsyncClient, node: dict[str, Any]
) -> None:
    made = await create(api, document=layout(node))
    assert (made["content_editable_via_api"], made["content_overwrite_required"]) == (False, True)
    assert made["content"] is None or made["content"].startswith("Before.")


@pytest.mark.checklist("Z67")
async def test_a_raw_page_has_no_markdown_form(api: httpx2.AsyncClient) -> None:
    made = await create(api, html="<html><body><p>Hi</p></body></html>", text="Hi")
    assert (made["content"], made["content_kind"]) == (None, "html")
    assert (made["content_editable_via_api"], made["content_overwrite_required"]) == (False, True)
    assert "content" not in made["readiness"]["missing"]


@pytest.mark.checklist("Z68")
@pytest.mark.parametrize(
    "node",
    [
        _styled(color="#ff0000"),
        _styled(fontFamily="Georgia"),
        BUTTON,
        IMAGE,
    ],
)
async def test_styling_needs_overwrite_but_is_editable(
    api: httpx2.AsyncClient, node: dict[str, Any]
) -> None:
    made = await create(api, document=layout(node))
    assert (made["content_editable_via_api"], made["content_overwrite_required"]) == (True, True)


@pytest.mark.checklist("Z69")
async def test_a_plain_body_is_replaced_freely_wherever_it_was_written(
    api: httpx2.AsyncClient,
) -> None:
    for body in ({"content": MARKDOWN}, {"document": layout()}):
        made = await create(api, **body)
        flags = (made["content_editable_via_api"], made["content_overwrite_required"])
        assert flags == (True, False)
        answer = await api.patch(f"/campaigns/{made['uuid']}", json={"content": "Replaced."})
        assert answer.json()["data"]["content"] == "Replaced."


@pytest.mark.checklist("Z70")
@pytest.mark.parametrize("content", ["Replaced.", None])
async def test_a_rich_body_is_not_replaced_or_cleared_unasked(
    api: httpx2.AsyncClient, content: str | None
) -> None:
    made = await create(api, document=RICH_DOCUMENT, subject="old")
    for body in ({"content": content}, {"content": content, "overwrite": False}):
        answer = await api.patch(f"/campaigns/{made['uuid']}", json={"subject": "new"} | body)
        assert (answer.status_code, code(answer)) == (409, "CONTENT_OVERWRITE_REQUIRED")
    assert await read(api, made["uuid"]) == made
    kept = await api.get(f"/campaigns/{made['uuid']}?include=document")
    assert kept.json()["data"]["document"] == RICH_DOCUMENT


@pytest.mark.checklist("Z71")
async def test_with_overwrite_the_styling_is_gone_for_good(api: httpx2.AsyncClient) -> None:
    made = await create(api, document=layout(COLUMNS, BUTTON))
    path = f"/campaigns/{made['uuid']}"
    answer = await api.patch(path, json={"content": "Replaced.", "overwrite": True})
    after = answer.json()["data"]
    assert after["content"] == "Replaced."
    assert (after["content_editable_via_api"], after["content_overwrite_required"]) == (True, False)
    assert "Read on" not in (await api.get(f"{path}?include=html,document")).text
    freely = await api.patch(path, json={"content": "Again."})
    assert freely.json()["data"]["content"] == "Again."


@pytest.mark.checklist("Z72")
async def test_a_body_the_api_cannot_author_changes_in_the_editor_or_by_overwrite_only(
    api: httpx2.AsyncClient,
) -> None:
    made = await create(api, document=layout(COLUMNS))
    path = f"/campaigns/{made['uuid']}"
    assert (await api.patch(path, json={"subject": "New"})).status_code == 200
    refused = await api.patch(path, json={"html": "<p>Other</p>"})
    assert code(refused) == "CONTENT_OVERWRITE_REQUIRED"
    edited = await api.patch(path, json={"document": layout(COLUMNS, BUTTON)})
    assert edited.status_code == 200
    assert (await api.patch(path, json={"html": "<p>x</p>", "overwrite": True})).status_code == 200


async def test_a_broken_document_is_refused_with_the_place(api: httpx2.AsyncClient) -> None:
    document = {"type": "doc", "content": [{"type": "heading", "attrs": {"level": 9}}]}
    answer = await api.post("/campaigns", json={"name": "x", "document": document})
    assert answer.status_code == 422
    assert list(details(answer)) == ["document.content[0].attrs.level"]


async def test_one_body_at_a_time(api: httpx2.AsyncClient) -> None:
    both = {"content": "a", "html": "<p>b</p>"}
    answer = await api.post("/campaigns", json={"name": "x"} | both)
    assert (answer.status_code, list(details(answer))) == (422, ["html"])
    alone = await api.post("/campaigns", json={"name": "x", "content": "a", "text": "b"})
    assert (alone.status_code, list(details(alone))) == (422, ["text"])


async def test_a_page_says_which_language_it_is_in_also_after_a_change(
    api: httpx2.AsyncClient,
) -> None:
    made = await create(api, content="Hola", language="es")
    path = f"/campaigns/{made['uuid']}"

    async def html() -> str:
        return (await api.get(f"{path}?include=html")).json()["data"]["html"]

    assert 'lang="es"' in await html()
    await api.patch(path, json={"language": "ca"})
    assert 'lang="ca"' in await html()


async def test_an_unknown_tag_in_a_document_or_page_is_refused(api: httpx2.AsyncClient) -> None:
    text = {"type": "text", "text": "Hi {{ frist_name }}"}
    document = {"type": "doc", "content": [{"type": "paragraph", "content": [text]}]}
    for body in ({"document": document}, {"html": "<p>Hi {{ frist_name }}</p>"}):
        answer = await api.post("/campaigns", json={"name": "x"} | body)
        assert (answer.status_code, list(details(answer))) == (422, list(body))
        assert "first_name" in answer.text


@pytest.mark.checklist("Z15")
async def test_the_body_of_a_campaign_that_was_queued_stays(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    await put_in(database, campaign.uuid, "queued")
    answer = await api.patch(campaign.path, json={"content": "Other", "overwrite": True})
    assert code(answer) == "CAMPAIGN_NOT_EDITABLE"
    assert (await read(api, campaign.uuid))["content"] == "Hello there."
