"""The native API as one application, mounted at `/api/v1`."""

from __future__ import annotations

from fastapi import FastAPI

from mailwright import __version__
from mailwright.api import (
    account,
    api_keys,
    audit_log,
    campaign_events,
    campaign_results,
    campaign_revisions,
    campaign_sending,
    campaigns,
    confirmation_mails,
    contacts,
    custom_fields,
    domains,
    emails,
    errors,
    events,
    exports,
    imports,
    inbound,
    inbox,
    interests,
    list_members,
    list_settings,
    lists,
    logo,
    members,
    openapi,
    projects,
    reports,
    segments,
    senders,
    suppressions,
    tags,
    templates,
    webhooks,
)
from mailwright.api.limits import BodyLimit
from mailwright.api.problems import EVERYWHERE
from mailwright.api.rate_limits import RateLimit
from mailwright.services.runtime import Runtime

#: In the order in which paths are tried and shown: what is asked for most comes first.
ROUTERS = (
    campaigns.router,
    campaign_sending.router,
    campaign_results.router,
    emails.router,
    events.router,
    campaign_events.router,
    campaign_revisions.router,
    account.router,
    confirmation_mails.router,
    logo.router,
    api_keys.router,
    audit_log.router,
    tags.router,
    contacts.router,
    custom_fields.router,
    domains.router,
    exports.router,
    imports.router,
    inbound.router,
    inbox.router,
    interests.router,
    list_settings.router,
    list_members.router,
    lists.router,
    members.router,
    projects.router,
    reports.router,
    segments.router,
    senders.identities,
    senders.router,
    suppressions.router,
    templates.router,
    webhooks.router,
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
        api.include_router(router, responses=EVERYWHERE)
    openapi.install(api)
    api.add_middleware(BodyLimit)
    if runtime.settings.rate_limit_per_minute is not None:
        per_minute = runtime.settings.rate_limit_per_minute
        api.add_middleware(RateLimit, runtime=runtime, per_minute=per_minute)
    return api
