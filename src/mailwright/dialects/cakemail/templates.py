"""`/templates`: named contents that campaigns begin with."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import NumberInPath
from mailwright.dialects.cakemail.paging import (
    AskedOf,
    FilterOf,
    Sort,
    SortOf,
    read_filter,
    read_sort,
)
from mailwright.dialects.cakemail.shapes import (
    Changed,
    Data,
    DataPage,
    Done,
    Made,
    changed,
    created,
    did,
    many,
    one,
)
from mailwright.dialects.cakemail.template_shapes import (
    FILTERS,
    SORTS,
    TemplateCreate,
    TemplatePatch,
    TemplateShape,
    TemplateSummary,
    summary,
    whole,
)
from mailwright.services import template_contents, template_rendering
from mailwright.services import templates as service
from mailwright.services.caller import Caller
from mailwright.services.numbers import number_of, numbers_of, uuid_of
from mailwright.services.runtime import Runtime
from mailwright.services.template_views import TemplateView

router = APIRouter(prefix="/templates", tags=["templates"])

#: Somebody else's page must not act in our name (SEC-02).
_HARMLESS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; img-src * data:; "
    "style-src 'unsafe-inline'"
}
_NO = frozenset({"false", "0", "no"})


@router.get("", responses={200: {"model": DataPage[TemplateSummary]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    asked: AskedOf,
    filter_: FilterOf = None,
    sort: SortOf = None,
) -> Response:
    """Show all templates."""
    wanted = read_filter(filter_, FILTERS)
    order = read_sort(sort, SORTS, Sort("id"))
    if _asks_for_others(wanted):
        return many([], asked, 0)
    found = await service.page_templates(
        runtime,
        caller,
        asked.page,
        name=wanted.get("name"),
        tag=wanted.get("tag"),
        sort=order.by,
        descending=order.descending,
    )
    numbers = await numbers_of(runtime, caller, "template", [view.uuid for view in found.items])
    return many([summary(view, numbers[view.uuid]) for view in found.items], asked, found.total)


@router.post("", status_code=201, responses={201: {"model": Made[TemplateShape]}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: TemplateCreate) -> Response:
    """Create a template. It can be sent at once where it has a body."""
    view = await template_contents.create_template(runtime, caller, body.new())
    return created("template", await _shape(runtime, caller, view))


@router.get("/{template_id}", responses={200: {"model": Data[TemplateShape]}})
async def get(runtime: RuntimeOf, caller: CallerOf, template_id: NumberInPath) -> Response:
    """Get a template with what it says."""
    uuid = await uuid_of(runtime, caller, "template", template_id)
    view = await service.get_template(runtime, caller, uuid)
    return one(await _shape(runtime, caller, view))


@router.patch("/{template_id}", responses={200: {"model": Changed[TemplateShape]}})
async def change(
    runtime: RuntimeOf, caller: CallerOf, template_id: NumberInPath, body: TemplatePatch
) -> Response:
    """Update a template. Campaigns that began with it go on saying what they did."""
    uuid = await uuid_of(runtime, caller, "template", template_id)
    key = (runtime, caller, uuid)
    view = await template_contents.change_template(*key, body.own(), body.said())
    return changed("template", await _shape(runtime, caller, view))


@router.delete("/{template_id}", responses={200: {"model": Done}})
async def delete(runtime: RuntimeOf, caller: CallerOf, template_id: NumberInPath) -> Response:
    """Delete a template that no campaign names."""
    uuid = await uuid_of(runtime, caller, "template", template_id)
    await service.delete_template(runtime, caller, uuid)
    return did("template", template_id, "deleted")


@router.get("/{template_id}/render", response_class=HTMLResponse)
async def render(runtime: RuntimeOf, caller: CallerOf, template_id: NumberInPath) -> Response:
    """Render a template as a page, for a sample person."""
    uuid = await uuid_of(runtime, caller, "template", template_id)
    content = await template_contents.get_content(runtime, caller, uuid)
    key = (runtime, caller, uuid, content.uuid)
    seen = await template_rendering.render_version(*key, sanitize=False)
    return HTMLResponse(seen.html or "", headers=_HARMLESS)


def _asks_for_others(wanted: dict[str, str]) -> bool:
    """Every template that can be seen is the caller's own."""
    owned = wanted.get("is_owner", "true").lower()
    others = wanted.get("is_not_owner", "false").lower()
    return owned in _NO or others not in _NO


async def _shape(runtime: Runtime, caller: Caller, view: TemplateView) -> TemplateShape:
    number = await number_of(runtime, caller, "template", view.uuid)
    return whole(view, number, await template_contents.get_content(runtime, caller, view.uuid))
