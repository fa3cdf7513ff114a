"""`/api-keys`: machine credentials, shown once."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, many, nothing, one
from mailwright.api.fields import Body, Moment, Name, example
from mailwright.api.problems import errors
from mailwright.services import api_keys as service
from mailwright.services.api_keys import ApiKeyView, NewApiKey

router = APIRouter(prefix="/api-keys", tags=["api-keys"])


class ApiKeyCreate(Body):
    """A new key. `sandbox`: an `mw_test_` key, whose mails all go to the built-in inbox."""

    name: Name
    scopes: list[str]
    sandbox: bool = False
    expires_at: Moment | None = None

    model_config = example({"name": "newsletter script", "scopes": ["campaigns:write"]})


@router.post("", status_code=201, responses={201: {"model": Data[ApiKeyView]}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: ApiKeyCreate) -> Response:
    """Create a key. `key` is in this answer and never shown again."""
    new = NewApiKey(body.name, tuple(body.scopes), body.sandbox, body.expires_at)
    view, key = await service.create_api_key(runtime, caller, new)
    shown: dict[str, Any] = {field.name: getattr(view, field.name) for field in fields(view)}
    return one({**shown, "key": key}, 201)


@router.get("", responses={200: {"model": DataPage[ApiKeyView]}})
async def page(runtime: RuntimeOf, caller: CallerOf, page: PageOf) -> Response:
    """List keys, newest first, the revoked ones among them."""
    return many(await service.page_api_keys(runtime, caller, page))


@router.get(
    "/{key_uuid}", responses={200: {"model": Data[ApiKeyView]}, **errors("RESOURCE_NOT_FOUND")}
)
async def get(runtime: RuntimeOf, caller: CallerOf, key_uuid: UUID) -> Response:
    """Get a key's particulars, never the key itself."""
    return one(await service.get_api_key(runtime, caller, key_uuid))


@router.delete("/{key_uuid}", status_code=204, responses=errors("RESOURCE_NOT_FOUND"))
async def delete(runtime: RuntimeOf, caller: CallerOf, key_uuid: UUID) -> Response:
    """Revoke a key: it opens nothing any more."""
    await service.revoke_api_key(runtime, caller, key_uuid)
    return nothing()
