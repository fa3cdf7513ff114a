"""The MailingCore dialect as one application, mounted at `/mailingcore`."""

from __future__ import annotations

from functools import partial

from fastapi import FastAPI

from mailwright import __version__
from mailwright.dialects.limits import BodyLimit, RateLimit
from mailwright.dialects.mailingcore import (
    analytics,
    campaign_sending,
    campaigns,
    contacts,
    domains,
    emails,
    errors,
    openapi,
    scheduled_emails,
    suppressions,
    templates,
    webhooks,
)
from mailwright.dialects.openapi import install as install_document
from mailwright.services.runtime import Runtime

ROUTERS = (
    campaigns.router,
    campaign_sending.router,
    contacts.router,
    emails.router,
    scheduled_emails.router,
    templates.router,
    suppressions.router,
    webhooks.router,
    domains.router,
    analytics.router,
)

_DESCRIPTION = """\
MailingCore's API over the same campaigns, contacts and templates as Mailwright's own. Send
`Authorization: Bearer <API key>`, and `X-Tenant-Id` if you like; ids are text; times are ISO 8601
in UTC with milliseconds. A list is `{"data", "meta"}`, an error is
`{"statusCode", "message", "path", "timestamp"}`.
"""


def create_mailingcore(runtime: Runtime) -> FastAPI:
    """The application. Its OpenAPI document is at `/openapi.json` below its mount."""
    api = FastAPI(
        title="Mailwright, in MailingCore's words",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    api.state.runtime = runtime
    errors.install(api, runtime)
    for router in ROUTERS:
        api.include_router(router, responses=openapi.EVERYWHERE)
    install_document(api, "/mailingcore")
    refusal = partial(errors.problem_from, runtime)
    api.add_middleware(BodyLimit, refusal=refusal)
    if runtime.settings.rate_limit_per_minute is not None:
        per_minute = runtime.settings.rate_limit_per_minute
        api.add_middleware(RateLimit, now=runtime.now, per_minute=per_minute, refusal=refusal)
    return api
