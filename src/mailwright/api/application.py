"""The native API as one application, mounted at `/api/v1`."""

from __future__ import annotations

from fastapi import FastAPI

from mailwright import __version__
from mailwright.api import contacts, custom_fields, errors, inbox, lists, segments, suppressions
from mailwright.services.runtime import Runtime

ROUTERS = (
    contacts.router,
    custom_fields.router,
    inbox.router,
    lists.router,
    segments.router,
    suppressions.router,
)

_DESCRIPTION = """\
Mailwright's own API. Send `Authorization: Bearer <API key>`; ids are UUIDs in `uuid`; times are
ISO 8601 in UTC. A success is `{"data": …}`, a list adds `"pagination"`, an error is
`{"error": {"code", "message", "details"?}}`. Fields nobody knows are refused by name.
"""


def create_api(runtime: Runtime) -> FastAPI:
    """The application. Its OpenAPI document is at `/openapi.json` below its mount."""
    api = FastAPI(
        title="Mailwright",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    api.state.runtime = runtime
    errors.install(api)
    for router in ROUTERS:
        api.include_router(router)
    return api
