"""`/templates`: with versions that are drafted, published and taken back, in several languages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from mailwright.dialects.mailingcore.dependencies import CallerOf, PageOf, RuntimeOf, known
from mailwright.dialects.mailingcore.fields import Search
from mailwright.dialects.mailingcore.shapes import DataPage, many, one
from mailwright.dialects.mailingcore.template_shapes import (
    TemplateBody,
    TemplateRowShape,
    TemplateShape,
    VersionBody,
    VersionShape,
    template_row_shape,
    template_shape,
    version_shape,
)
from mailwright.services import template_versions as versions
from mailwright.services import templates as service

router = APIRouter(prefix="/templates", tags=["templates"])

_VERSION = "/{template_id}/versions/{version_id}"


@router.post("", status_code=201, responses={201: {"model": TemplateShape}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: TemplateBody) -> Response:
    """Create a template with a draft of its first version."""
    return one(template_shape(await service.create_template(runtime, caller, body.ours())), 201)


@router.get("", responses={200: {"model": DataPage[TemplateRowShape]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    page: PageOf,
    search: Annotated[Search | None, Query(description="Part of name or slug.")] = None,
) -> Response:
    """List templates by name."""
    found = await service.page_templates(runtime, caller, page, search=search)
    return many([template_row_shape(row) for row in found.items], page, found.total)


@router.get("/{template_id}", responses={200: {"model": TemplateShape}})
async def get(runtime: RuntimeOf, caller: CallerOf, template_id: str) -> Response:
    """Get a template with its versions."""
    template_uuid = known(template_id, "template")
    return one(template_shape(await service.get_template(runtime, caller, template_uuid)))


@router.post("/{template_id}/versions", status_code=201, responses={201: {"model": VersionShape}})
async def create_version(
    runtime: RuntimeOf, caller: CallerOf, template_id: str, body: VersionBody
) -> Response:
    """Create a draft of the next version, or with `localeGroupId` a variant of one there is."""
    template_uuid = known(template_id, "template")
    made = await versions.create_version(runtime, caller, template_uuid, body.ours())
    return one(version_shape(made), 201)


@router.get(_VERSION, responses={200: {"model": VersionShape}})
async def get_version(
    runtime: RuntimeOf, caller: CallerOf, template_id: str, version_id: str
) -> Response:
    """Get a version in full."""
    ids = known(template_id, "template"), known(version_id, "version")
    return one(version_shape(await versions.get_version(runtime, caller, *ids)))


@router.patch(_VERSION, responses={200: {"model": VersionShape}})
async def change_version(
    runtime: RuntimeOf, caller: CallerOf, template_id: str, version_id: str, body: VersionBody
) -> Response:
    """Change a draft. A published version does not change."""
    ids = known(template_id, "template"), known(version_id, "version")
    return one(version_shape(await versions.change_version(runtime, caller, *ids, body.ours())))


@router.post(_VERSION + "/publish", responses={200: {"model": VersionShape}})
async def publish(
    runtime: RuntimeOf, caller: CallerOf, template_id: str, version_id: str
) -> Response:
    """Publish a version: from now on it may be sent, and it no longer changes."""
    ids = known(template_id, "template"), known(version_id, "version")
    return one(version_shape(await versions.publish_version(runtime, caller, *ids)))


@router.post(_VERSION + "/unpublish", responses={200: {"model": VersionShape}})
async def unpublish(
    runtime: RuntimeOf, caller: CallerOf, template_id: str, version_id: str
) -> Response:
    """Take a version back: a draft again."""
    ids = known(template_id, "template"), known(version_id, "version")
    return one(version_shape(await versions.unpublish_version(runtime, caller, *ids)))
