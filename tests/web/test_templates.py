"""Templates: written, published, translated, and closed to whoever only reads."""

from __future__ import annotations

from uuid import UUID

import pytest

from mailwright.domain.doors import Door
from mailwright.services import template_versions
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_template
from tests.web.browsing import Browser

BODY = "# Hello\n\nYour order {{ order_number }} left."


def shown(browser: Browser, selector: str) -> list[str]:
    return [" ".join(node.text().split()) for node in browser.page.css(selector)]


async def write(owner: Browser) -> str:
    """A template with a saved draft; the path of the version."""
    await owner.open("/templates")
    assert "No templates yet" in owner.text
    await owner.open("/templates/new")
    await owner.submit("/templates/new", {"name": "Order shipped", "default_locale": "en"})
    path = owner.answer.url.path
    await owner.submit(path, {"subject": "Order {{ order_number }}", "content": BODY})
    assert "Saved." in owner.text
    return path


async def test_a_template_is_written_and_its_variables_are_found(owner: Browser) -> None:
    await write(owner)
    field = owner.page.css_first('input[name="variable.0.name"]')
    assert field is not None
    assert field.attributes["value"] == "order_number"
    await owner.open("/templates")
    assert "order-shipped" in owner.text
    assert shown(owner, "tbody .badge") == ["draft"]


async def test_a_published_version_is_shown_and_no_longer_offered_for_change(
    owner: Browser,
) -> None:
    path = await write(owner)
    await owner.submit(path, {"variable.0.fallback": "12345", "publish": "yes"})
    assert "Published" in owner.text
    assert not owner.page.css("textarea")
    assert shown(owner, "tbody td") == ["order_number", "string", "12345"]
    body = await owner.client.get(f"{path}/body")
    assert "12345" in body.text
    assert "sandbox" in body.headers["content-security-policy"]


async def test_a_version_is_taken_back_and_a_new_one_begun_in_all_languages(
    owner: Browser,
) -> None:
    path = await write(owner)
    await owner.submit(f"{path}/language", {"locale": "es"})
    assert "Translate it into es here." in owner.text
    await owner.open(path)
    await owner.submit(path, {"publish": "yes"})
    await owner.submit(f"{path}/next")
    assert "Version 2" in owner.text
    assert shown(owner, ".chips a") == ["en · draft", "es · draft"]
    await owner.open(path)
    await owner.submit(f"{path}/unpublish")
    assert "A draft again" in owner.text


async def test_one_draft_is_deleted_and_a_published_version_is_refused_with_words(
    owner: Browser,
) -> None:
    path = await write(owner)
    template = path.partition("/versions")[0]
    assert not owner.page.css(f'form[action="{path}/delete"]')  # the only one
    token = owner.page.css_first("input[name=csrf]")
    assert token is not None
    form = {"csrf": token.attributes["value"] or "", "back": path}
    await owner.submit(f"{path}/language", {"locale": "es"})
    spanish = owner.answer.url.path
    await owner.open(path)
    await owner.submit(path, {"publish": "yes"})
    assert "To delete it, unpublish it first." in owner.text
    owner.answer = await owner.client.post(f"{path}/delete", data=form, follow_redirects=True)
    assert "A published version cannot be deleted; unpublish it first." in owner.text
    await owner.open(spanish)
    await owner.submit(f"{spanish}/delete")
    assert "The draft was deleted." in owner.text
    assert owner.answer.url.path == template
    assert (await owner.open(spanish)).status_code == 404


async def test_a_language_that_is_there_already_says_so(owner: Browser) -> None:
    path = await write(owner)
    for locale, words in (("es", "here."), ("es", "already"), ("español", "language")):
        await owner.open(path)
        await owner.submit(f"{path}/language", {"locale": locale})
        assert words in owner.text


async def test_mistakes_stand_beside_their_field(owner: Browser) -> None:
    path = await write(owner)
    await owner.submit(path, {"locale": "not a language", "content": "{{ broken"})
    assert owner.answer.status_code == 422
    locale = owner.page.css_first("#locale")
    assert locale is not None
    assert locale.attributes["aria-invalid"] == "true"
    await owner.submit(path, {"locale": "en", "content": "{{ broken"})
    assert shown(owner, "#content-error")
    await owner.open("/templates/new")
    await owner.submit("/templates/new", {"name": "Order shipped", "slug": "order-shipped"})
    assert owner.answer.status_code == 422
    assert shown(owner, "#slug-error") == ["There is a template with that slug already."]


async def test_the_preview_shows_fallbacks_and_names_what_has_none(owner: Browser) -> None:
    path = await write(owner)
    token = owner.page.css_first("input[name=csrf]")
    assert token is not None
    form = {"csrf": token.attributes["value"] or "", "editor": "content", "content": BODY}
    answer = await owner.client.post("/templates/preview", data=form)
    assert "[order_number]" in answer.text
    form |= {"variable.0.name": "order_number", "variable.0.fallback": "<b>7</b>"}
    answer = await owner.client.post("/templates/preview", data=form)
    assert "&lt;b&gt;7" in answer.text
    assert path


async def test_a_template_goes_with_its_versions(owner: Browser) -> None:
    path = (await write(owner)).partition("/versions")[0]
    await owner.open(path)
    await owner.submit(f"{path}/delete")
    assert "The template was deleted." in owner.text
    assert (await owner.open(path)).status_code == 404


@pytest.mark.checklist("SEC-10")
async def test_who_only_reads_sees_no_way_to_write_and_is_refused(
    owner: Browser, viewer: Browser, runtime: Runtime, database: Database, tenant: MadeTenant
) -> None:
    made = await make_template(database, tenant.id, locale="en")
    path = f"/templates/{made.uuid}/versions/{made.version.uuid}"
    for page in ("/templates", f"/templates/{made.uuid}", path):
        await viewer.open(page)
        assert viewer.answer.status_code == 200
        actions = [form.attributes.get("action") for form in viewer.page.css("main form")]
        assert [action for action in actions if action != "/templates"] == []
        assert "/templates/new" not in viewer.answer.text
    token = viewer.page.css_first("input[name=csrf]")
    assert token is not None
    form = {"csrf": token.attributes["value"] or "", "name": "x"}
    writes = (path, f"{path}/unpublish", f"{path}/next", f"/templates/{made.uuid}/delete")
    for target in ("/templates/new", f"/templates/{made.uuid}", *writes):
        answer = await viewer.client.post(target, data=form)
        assert answer.status_code == 403, target
    caller = Caller(tenant.id, "cli", Door.CLI, frozenset({"*"}))
    version_uuid = UUID(str(made.version.uuid))
    found = await template_versions.get_version(runtime, caller, made.uuid, version_uuid)
    assert found.state == "published"


@pytest.mark.checklist("SEC-03")
async def test_names_and_subjects_of_templates_are_text(
    owner: Browser, database: Database, tenant: MadeTenant
) -> None:
    hostile = '"><script>alert(1)</script>'
    await owner.open("/templates/new")
    await owner.submit("/templates/new", {"name": hostile})
    path = owner.answer.url.path
    await owner.submit(path, {"subject": hostile, "content": "Hi", "variable.0.fallback": hostile})
    for page in ("/templates", path, path.partition("/versions")[0]):
        await owner.open(page)
        assert "<script>alert" not in owner.answer.text
        assert "alert(1)" in owner.text or "alert(1)" in owner.answer.text
