"""`/domains`: what mail is sent from, and the records that make receivers believe it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, many, nothing, one
from mailwright.api.fields import Body, example
from mailwright.api.problems import errors
from mailwright.services import domains as service
from mailwright.services.domain_views import DomainView

router = APIRouter(prefix="/domains", tags=["domains"])

Host = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class DomainCreate(Body):
    """A new sending domain."""

    name: Host

    model_config = example({"name": "harbour.example"})


class DomainPatch(Body):
    """What to change; absent fields stay."""

    tracking_host: Host = ""
    return_path_host: Host = ""

    model_config = example({"tracking_host": "news.harbour.example"})


@router.post(
    "",
    status_code=201,
    responses={201: {"model": Data[DomainView]}, **errors("DUPLICATE_RESOURCE")},
)
async def create(runtime: RuntimeOf, caller: CallerOf, body: DomainCreate) -> Response:
    """Add a domain. Publish its `records`, then `verify`; it is looked at by itself, too."""
    return one(await service.create_domain(runtime, caller, body.name), 201)


@router.get("", responses={200: {"model": DataPage[DomainView]}})
async def page(runtime: RuntimeOf, caller: CallerOf, page: PageOf) -> Response:
    """List sending domains by name."""
    return many(await service.page_domains(runtime, caller, page))


@router.get(
    "/{domain_uuid}",
    responses={200: {"model": Data[DomainView]}, **errors("RESOURCE_NOT_FOUND")},
)
async def get(runtime: RuntimeOf, caller: CallerOf, domain_uuid: UUID) -> Response:
    """Get a domain: each record to publish, what DNS says, and the mend."""
    return one(await service.get_domain(runtime, caller, domain_uuid))


@router.patch(
    "/{domain_uuid}",
    responses={200: {"model": Data[DomainView]}, **errors("RESOURCE_NOT_FOUND")},
)
async def change(
    runtime: RuntimeOf, caller: CallerOf, domain_uuid: UUID, body: DomainPatch
) -> Response:
    """Name the hosts of its links and of returned mail; both are below the domain."""
    return one(await service.change_domain(runtime, caller, domain_uuid, body.changes()))


@router.delete("/{domain_uuid}", status_code=204, responses=errors("RESOURCE_NOT_FOUND"))
async def delete(runtime: RuntimeOf, caller: CallerOf, domain_uuid: UUID) -> Response:
    """Remove a domain and its keys."""
    await service.delete_domain(runtime, caller, domain_uuid)
    return nothing()


@router.post(
    "/{domain_uuid}/verify",
    responses={200: {"model": Data[DomainView]}, **errors("RESOURCE_NOT_FOUND")},
)
async def verify(runtime: RuntimeOf, caller: CallerOf, domain_uuid: UUID) -> Response:
    """Look at its records in DNS now."""
    return one(await service.verify_domain(runtime, caller, domain_uuid))


@router.post(
    "/{domain_uuid}/rotate-key",
    responses={200: {"model": Data[DomainView]}, **errors("RESOURCE_NOT_FOUND", "KEY_PENDING")},
)
async def rotate_key(runtime: RuntimeOf, caller: CallerOf, domain_uuid: UUID) -> Response:
    """Make a new DKIM key. The present one signs until the new record is seen."""
    return one(await service.rotate_key(runtime, caller, domain_uuid))
