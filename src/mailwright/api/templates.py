"""`/templates`: named contents with numbered versions in several languages."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, many, nothing, one
from mailwright.api.fields import Search
from mailwright.api.problems import errors
from mailwright.api.template_fields import (
    TemplateCreate,
    TemplatePatch,
    VariantBody,
    VersionCreate,
    VersionPatch,
    VersionRenderBody,
)
from mailwright.services import template_rendering, template_versions
from mailwright.services import templates as service
from mailwright.services.template_rendering import RenderedVersion
from mailwright.services.template_views import TemplateRow, TemplateView, VersionView

router = APIRouter(prefix="/templates", tags=["templates"])

_VERSIONS = "/{template_uuid}/versions"
_VERSION = _VERSIONS + "/{version_uuid}"
_UNKNOWN = errors("RESOURCE_NOT_FOUND")
_TAKEN = errors("RESOURCE_NOT_FOUND", "DUPLICATE_RESOURCE")


@router.post(
    "",
    status_code=201,
    responses={201: {"model": Data[TemplateView]}, **errors("DUPLICATE_RESOURCE")},
)
async def create(runtime: RuntimeOf, caller: CallerOf, body: TemplateCreate) -> Response:
    """Create a template with version 1, a draft. Without a slug it is made from the name."""
    return one(await service.create_template(runtime, caller, body.changes()), 201)


@router.get("", responses={200: {"model": DataPage[TemplateRow]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    page: PageOf,
    search: Annotated[Search | None, Query(description="Part of name or slug.")] = None,
) -> Response:
    """List templates by name."""
    return many(await service.page_templates(runtime, caller, page, search=search))


@router.get("/{template_uuid}", responses={200: {"model": Data[TemplateView]}, **_UNKNOWN})
async def get(runtime: RuntimeOf, caller: CallerOf, template_uuid: UUID) -> Response:
    """Get a template with its versions."""
    return one(await service.get_template(runtime, caller, template_uuid))


@router.patch("/{template_uuid}", responses={200: {"model": Data[TemplateView]}, **_TAKEN})
async def change(
    runtime: RuntimeOf, caller: CallerOf, template_uuid: UUID, body: TemplatePatch
) -> Response:
    """Change a template's name, slug or default language."""
    return one(await service.change_template(runtime, caller, template_uuid, body.changes()))


@router.delete(
    "/{template_uuid}",
    status_code=204,
    responses=errors("RESOURCE_NOT_FOUND", "TEMPLATE_IN_USE"),
)
async def delete(runtime: RuntimeOf, caller: CallerOf, template_uuid: UUID) -> Response:
    """Delete a template and its versions. Refused while a campaign names one of them."""
    await service.delete_template(runtime, caller, template_uuid)
    return nothing()


@router.post(_VERSIONS, status_code=201, responses={201: {"model": Data[VersionView]}, **_TAKEN})
async def create_version(
    runtime: RuntimeOf, caller: CallerOf, template_uuid: UUID, body: VersionCreate
) -> Response:
    """Create a draft with the next number, or a variant of the versions in a locale group."""
    made = await template_versions.create_version(runtime, caller, template_uuid, body.changes())
    return one(made, 201)


@router.get(_VERSION, responses={200: {"model": Data[VersionView]}, **_UNKNOWN})
async def get_version(
    runtime: RuntimeOf, caller: CallerOf, template_uuid: UUID, version_uuid: UUID
) -> Response:
    """Get a version in full."""
    return one(await template_versions.get_version(runtime, caller, template_uuid, version_uuid))


@router.patch(
    _VERSION,
    responses={
        200: {"model": Data[VersionView]},
        **errors("RESOURCE_NOT_FOUND", "DUPLICATE_RESOURCE", "TEMPLATE_VERSION_PUBLISHED"),
    },
)
async def change_version(
    runtime: RuntimeOf,
    caller: CallerOf,
    template_uuid: UUID,
    version_uuid: UUID,
    body: VersionPatch,
) -> Response:
    """Change a draft. A published version does not change."""
    changed = await template_versions.change_version(
        runtime, caller, template_uuid, version_uuid, body.changes()
    )
    return one(changed)


@router.delete(
    _VERSION,
    status_code=204,
    responses=errors(
        "RESOURCE_NOT_FOUND",
        "TEMPLATE_VERSION_PUBLISHED",
        "TEMPLATE_VERSION_IN_USE",
        "TEMPLATE_VERSION_LAST",
    ),
)
async def delete_version(
    runtime: RuntimeOf, caller: CallerOf, template_uuid: UUID, version_uuid: UUID
) -> Response:
    """Delete a draft in one language. Refused for published versions and those campaigns name."""
    await template_versions.delete_version(runtime, caller, template_uuid, version_uuid)
    return nothing()


@router.post(
    _VERSION + "/publish",
    responses={
        200: {"model": Data[VersionView]},
        **errors("RESOURCE_NOT_FOUND", "TEMPLATE_VERSION_EMPTY"),
    },
)
async def publish(
    runtime: RuntimeOf, caller: CallerOf, template_uuid: UUID, version_uuid: UUID
) -> Response:
    """Publish a version: from now on it may be sent, and it no longer changes."""
    found = await template_versions.publish_version(runtime, caller, template_uuid, version_uuid)
    return one(found)


@router.post(
    _VERSION + "/unpublish",
    responses={
        200: {"model": Data[VersionView]},
        **errors("RESOURCE_NOT_FOUND", "TEMPLATE_VERSION_IN_USE"),
    },
)
async def unpublish(
    runtime: RuntimeOf, caller: CallerOf, template_uuid: UUID, version_uuid: UUID
) -> Response:
    """Take a version back: a draft again. Refused while a campaign is being sent from it."""
    found = await template_versions.unpublish_version(runtime, caller, template_uuid, version_uuid)
    return one(found)


@router.post(
    _VERSION + "/variants",
    status_code=201,
    responses={201: {"model": Data[VersionView]}, **_TAKEN},
)
async def create_variant(
    runtime: RuntimeOf,
    caller: CallerOf,
    template_uuid: UUID,
    version_uuid: UUID,
    body: VariantBody,
) -> Response:
    """Create a draft of this version in another language, which begins with its words."""
    made = await template_versions.create_variant(
        runtime, caller, template_uuid, version_uuid, body.locale
    )
    return one(made, 201)


@router.post(_VERSION + "/render", responses={200: {"model": Data[RenderedVersion]}, **_UNKNOWN})
async def render(
    runtime: RuntimeOf,
    caller: CallerOf,
    template_uuid: UUID,
    version_uuid: UUID,
    body: VersionRenderBody,
) -> Response:
    """Show a version with values for its variables, as somebody would read it."""
    rendered = await template_rendering.render_version(
        runtime,
        caller,
        template_uuid,
        version_uuid,
        data=body.data,
        contact_uuid=body.contact_uuid,
        sanitize=body.sanitize,
    )
    return one(rendered)
