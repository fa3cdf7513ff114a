"""The API reference shows every route, and nothing in it is markup that a route did not mean."""

from fastapi import FastAPI

from mailwright.api.lists import router
from mailwright.web.reference import render_reference


def page() -> str:
    app = FastAPI(title="Mail<b>wright", description="One & `<all>`.")
    app.include_router(router)
    return render_reference(app.openapi(), root="/api/v1")


def test_every_route_is_shown_with_a_command_to_try() -> None:
    shown = page()
    for path in ("/lists", "/lists/{list_uuid}"):
        assert f"<code>/api/v1{path}</code>" in shown
    for anchor in ("get-api-v1-lists", "delete-api-v1-lists-list_uuid"):
        assert f'id="{anchor}"' in shown
        assert f'href="#{anchor}"' in shown
    assert "curl -X POST &#34;$ROOT/api/v1/lists&#34;" in shown
    assert "&#34;Newsletter&#34;" in shown


def test_text_is_escaped_and_no_script_is_used() -> None:
    shown = page()
    assert "Mail&lt;b&gt;wright" in shown
    assert "One &amp; <code>&lt;all&gt;</code>." in shown
    assert "<script" not in shown
    assert "style=" not in shown
