"""Who only reads: every page opens, no page offers a change, and none is made."""

from __future__ import annotations

import pytest

from mailwright.store.database import Database
from mailwright.web.application import PAGES
from tests.builders import MadeTenant, make_campaign, make_project
from tests.web.browsing import Browser

NOBODY = "0190aaaa-0000-7000-8000-000000000000"
#: What anybody signed in may post: about themselves, or nothing that is kept.
OWN = (
    "/logout",
    "/settings/security",
    "/campaigns/preview",
    "/campaigns/convert",
    "/templates/preview",
    "/segments/preview",
    "/inbox/seen",
)
FORMS = ("/new", "/import")


@pytest.mark.checklist("SEC-10")
async def test_every_page_opens_and_offers_no_change(
    viewer: Browser, database: Database, tenant: MadeTenant
) -> None:
    await make_project(database, tenant.id)
    campaign = await make_campaign(database, tenant.id)
    plain = [path for path, shows, _ in PAGES if shows is not None and "{" not in path]
    for path in (*plain, f"/campaigns/{campaign.uuid}"):
        if path.startswith(OWN):
            continue
        answer = await viewer.open(path)
        assert answer.status_code == (403 if path.endswith(FORMS) else 200), path
        forms = viewer.page.css("main form[method=post]")
        open_forms = [form for form in forms if not form.css("fieldset[disabled]")]
        assert not open_forms, path


@pytest.mark.checklist("SEC-10")
async def test_no_form_is_taken_from_who_only_reads(viewer: Browser) -> None:
    await viewer.open("/")
    token = viewer.page.css_first("input[name=csrf]")
    assert token is not None
    form = {"csrf": token.attributes["value"] or "", "name": "x", "email": "a@example.com"}
    for path, _, acts in PAGES:
        if acts is None or path.startswith(OWN):
            continue
        real = "/".join(NOBODY if part.startswith("{") else part for part in path.split("/"))
        answer = await viewer.client.post(real, data=form)
        assert answer.status_code in {403, 404, 422}, path
        if "{" not in path:
            assert answer.status_code in {403, 422}, path
