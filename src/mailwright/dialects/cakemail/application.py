"""The Cakemail dialect as one application, mounted at `/cakemail`."""

from __future__ import annotations

from fastapi import FastAPI

from mailwright import __version__
from mailwright.dialects.cakemail import (
    account_contacts,
    accounts,
    campaign_sending,
    campaigns,
    contact_exports,
    contact_imports,
    contact_labels,
    contact_pages,
    contacts,
    custom_attributes,
    dkim,
    domains,
    email_groups,
    email_logs,
    emails,
    errors,
    interests,
    lists,
    log_exports,
    logos,
    logs,
    mail_templates,
    openapi,
    report_exports,
    reports,
    segments,
    senders,
    suppressed_email_exports,
    suppressed_emails,
    system_emails,
    tags,
    tasks,
    templates,
    tokens,
    transactional_emails,
    unserved,
    user_codes,
    user_passwords,
    users,
    webhooks,
)
from mailwright.dialects.cakemail.incoming import Incoming
from mailwright.dialects.limits import BodyLimit, RateLimit
from mailwright.dialects.openapi import install as install_document
from mailwright.services.runtime import Runtime

#: One a line, by noun; longer paths of the same beginning before shorter ones.
ROUTERS = (
    tokens.router,
    accounts.router,
    accounts.below,
    user_codes.router,
    user_passwords.router,
    users.router,
    webhooks.router,
    senders.router,
    dkim.router,
    domains.router,
    logos.router,
    system_emails.router,
    contact_imports.router,
    contact_exports.router,
    contact_labels.router,
    contact_pages.router,
    contacts.router,
    segments.router,
    custom_attributes.router,
    interests.router,
    lists.router,
    mail_templates.router,
    suppressed_email_exports.router,
    suppressed_emails.router,
    campaigns.router,
    campaign_sending.router,
    templates.router,
    report_exports.router,
    emails.router,
    email_logs.router,
    transactional_emails.router,
    email_groups.router,
    reports.router,
    log_exports.router,
    logs.router,
    account_contacts.router,
    tags.router,
    tasks.router,
)  # fmt: skip

_DESCRIPTION = """\
Cakemail's API over the same campaigns, lists, contacts and mails as Mailwright's own. Get a token
by `POST /token`, or use an API key; send it as `Authorization: Bearer …`. Times are Unix seconds;
they may come as ISO 8601. A list is `{"pagination", "data"}`, an error is
`{"detail": [{"loc", "msg", "type"}], "message"}`.
"""


def create_cakemail(runtime: Runtime) -> FastAPI:
    """The application. Its OpenAPI document is at `/openapi.json` below its mount."""
    api = FastAPI(
        title="Mailwright, in Cakemail's words",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    api.state.runtime = runtime
    errors.install(api)
    for router in ROUTERS:
        api.include_router(router, responses=openapi.EVERYWHERE)
    api.include_router(unserved.unserved_router())
    install_document(api, "/cakemail")
    api.add_middleware(Incoming)
    api.add_middleware(BodyLimit, refusal=errors.problem_from)
    if runtime.settings.rate_limit_per_minute is not None:
        per_minute = runtime.settings.rate_limit_per_minute
        api.add_middleware(
            RateLimit, now=runtime.now, per_minute=per_minute, refusal=errors.problem_from
        )
    return api
