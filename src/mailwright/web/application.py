"""The dashboard as one application, mounted at `/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from mailwright.errors import MailwrightError
from mailwright.services.runtime import Runtime
from mailwright.web import (
    account,
    api_keys,
    audit_log,
    body_forms,
    campaign_actions,
    campaign_audiences,
    campaign_reports,
    campaign_revisions,
    campaign_schedules,
    campaigns,
    contacts,
    domains,
    emails,
    home,
    imports,
    inbox,
    lists,
    login,
    members,
    passwords,
    projects,
    security_page,
    segments,
    senders,
    suppressions,
    template_versions,
    templates,
    webhooks,
)
from mailwright.web.security import SecurityHeaders
from mailwright.web.visits import Handler, error_page, signed_in

STATIC = Path(__file__).parent / "static"

#: (path, what GET shows, what POST does); every one is for members only.
PAGES: tuple[tuple[str, Handler | None, Handler | None], ...] = (
    ("/", home.show, None),
    ("/campaigns", campaigns.show_list, None),
    ("/campaigns/new", campaigns.show_new, campaigns.create),
    ("/campaigns/preview", None, campaigns.preview),
    ("/campaigns/convert", None, body_forms.convert),
    ("/campaigns/audience", campaign_audiences.count, None),
    ("/campaigns/{uuid}", campaigns.show, campaigns.save),
    ("/campaigns/{uuid}/body", campaigns.show_body, None),
    ("/campaigns/{uuid}/preflight", campaigns.show_preflight, None),
    ("/campaigns/{uuid}/progress", campaign_reports.progress, None),
    ("/campaigns/{uuid}/recipients", campaign_reports.recipients_table, None),
    ("/campaigns/{uuid}/recipients.csv", campaign_reports.export, None),
    ("/campaigns/{uuid}/test", None, campaign_actions.send_test),
    ("/campaigns/{uuid}/schedule", None, campaign_schedules.schedule),
    ("/campaigns/{uuid}/revisions/{number}", campaign_revisions.show, campaign_revisions.restore),
    ("/campaigns/{uuid}/revisions/{number}/body", campaign_revisions.show_body, None),
    ("/campaigns/{uuid}/duplicate", None, campaign_actions.duplicate),
    ("/campaigns/{uuid}/delete", None, campaign_actions.delete),
    ("/templates", templates.show_list, None),
    ("/templates/new", templates.show_new, templates.create),
    ("/templates/preview", None, template_versions.preview),
    ("/templates/{uuid}", templates.show, templates.save),
    ("/templates/{uuid}/delete", None, templates.delete),
    ("/templates/{uuid}/versions/{version}", template_versions.show, template_versions.save),
    ("/templates/{uuid}/versions/{version}/body", template_versions.show_body, None),
    ("/templates/{uuid}/versions/{version}/delete", None, template_versions.delete),
    ("/templates/{uuid}/versions/{version}/language", None, template_versions.add_language),
    ("/contacts", contacts.show, None),
    ("/contacts/new", contacts.show_new, contacts.create),
    ("/contacts/export.csv", contacts.export, None),
    ("/contacts/{uuid}", contacts.show_one, contacts.save),
    ("/contacts/{uuid}/unsubscribe", None, contacts.unsubscribe),
    ("/contacts/{uuid}/resubscribe", None, contacts.resubscribe),
    ("/contacts/{uuid}/suppress", None, contacts.suppress),
    ("/contacts/{uuid}/delete", None, contacts.delete),
    ("/contacts/{uuid}/erase", None, contacts.erase),
    ("/lists", lists.show_list, lists.create),
    ("/lists/{uuid}", lists.show, lists.save),
    ("/lists/{uuid}/figures", lists.figures, None),
    ("/lists/{uuid}/delete", None, lists.delete),
    ("/lists/{uuid}/contacts/{contact}/remove", None, lists.take_off),
    ("/segments", segments.show_list, None),
    ("/segments/new", segments.show_new, segments.create),
    ("/segments/preview", None, segments.preview),
    ("/segments/{uuid}", segments.show, segments.save),
    ("/segments/{uuid}/delete", None, segments.delete),
    ("/imports", imports.show_list, None),
    ("/imports/new", imports.show_new, imports.create),
    ("/imports/{uuid}", imports.show, None),
    ("/imports/{uuid}/errors.csv", imports.errors, None),
    ("/imports/{uuid}/start", None, imports.start),
    ("/imports/{uuid}/discard", None, imports.discard),
    ("/imports/{uuid}/undo", None, imports.undo),
    ("/emails", emails.show_list, None),
    ("/emails/{uuid}", emails.show, None),
    ("/emails/{uuid}/body", emails.body, None),
    ("/emails/{uuid}/cancel", None, emails.cancel),
    ("/emails/{uuid}/resend", None, emails.resend),
    ("/inbox", inbox.show, None),
    ("/inbox/seen", None, inbox.mark_every_mail_seen),
    ("/inbox/delete", None, inbox.delete_all),
    ("/inbox/{uuid}", inbox.show, None),
    ("/inbox/{uuid}/html", inbox.html, None),
    ("/inbox/{uuid}/mail.eml", inbox.raw, None),
    ("/inbox/{uuid}/delete", None, inbox.delete),
    ("/suppressions", suppressions.show, suppressions.add),
    ("/suppressions/undo", None, suppressions.undo_wave),
    ("/suppressions/{uuid}/remove", None, suppressions.remove),
    ("/settings/account", account.show, account.save),
    ("/settings/account/logo", None, account.save_logo),
    ("/settings/account/logo/remove", None, account.remove_logo),
    ("/settings/account/confirmation-mail", None, account.save_confirmation_mail),
    ("/settings/account/confirmation-mail/remove", None, account.remove_confirmation_mail),
    ("/settings/projects", projects.show_list, None),
    ("/settings/projects/new", projects.show_new, projects.create),
    ("/settings/projects/{uuid}", projects.show, projects.save),
    ("/settings/projects/{uuid}/test", None, projects.try_out),
    ("/settings/projects/{uuid}/delete", None, projects.delete),
    ("/settings/members", members.show, members.create),
    ("/settings/members/{uuid}", None, members.change),
    ("/settings/members/{uuid}/suspend", None, members.suspend),
    ("/settings/members/{uuid}/unsuspend", None, members.unsuspend),
    ("/settings/members/{uuid}/remove", None, members.remove),
    ("/settings/members/{uuid}/invite", None, members.resend),
    ("/settings/members/{uuid}/reset", None, members.reset_password),
    ("/settings/audit-log", audit_log.show, None),
    ("/settings/webhooks", webhooks.show_list, None),
    ("/settings/webhooks/new", webhooks.show_new, webhooks.create),
    ("/settings/webhooks/{uuid}", webhooks.show, webhooks.save),
    ("/settings/webhooks/{uuid}/secret", None, webhooks.rotate),
    ("/settings/webhooks/{uuid}/test", None, webhooks.send_test),
    ("/settings/webhooks/{uuid}/replay", None, webhooks.replay_dead),
    ("/settings/webhooks/{uuid}/deliveries/{delivery}/replay", None, webhooks.replay),
    ("/settings/webhooks/{uuid}/delete", None, webhooks.delete),
    ("/settings/senders", senders.show, senders.create),
    ("/settings/senders/{uuid}", None, senders.switch),
    ("/settings/senders/{uuid}/resend", None, senders.resend),
    ("/settings/domains", domains.show_list, domains.create),
    ("/settings/domains/{uuid}", domains.show, domains.save),
    ("/settings/domains/{uuid}/verify", None, domains.verify),
    ("/settings/domains/{uuid}/rotate-key", None, domains.rotate),
    ("/settings/domains/{uuid}/delete", None, domains.delete),
    ("/settings/api-keys", api_keys.show, api_keys.create),
    ("/settings/api-keys/{uuid}/revoke", None, api_keys.revoke),
    ("/settings/security", security_page.show, None),
    ("/settings/security/password", None, security_page.change_password),
    ("/settings/security/begin", None, security_page.begin),
    ("/settings/security/activate", None, security_page.activate),
    ("/settings/security/recovery-codes", None, security_page.renew_codes),
    ("/settings/security/authenticators/{uuid}/remove", None, security_page.remove),
    ("/logout", None, login.sign_out),
)


class _Static(StaticFiles):
    """Files that a browser keeps and asks about again: they change only with a release."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "no-cache"
        return response


def create_web(runtime: Runtime) -> Starlette:
    """The application. It holds no state but the runtime."""
    web = Starlette(
        routes=[
            Mount("/static", _Static(directory=STATIC)),
            Route("/login", login.show, methods=["GET"]),
            Route("/login", login.sign_in, methods=["POST"]),
            Route("/login/code", login.give_code, methods=["POST"]),
            Route("/forgot-password", passwords.show_forgotten, methods=["GET"]),
            Route("/forgot-password", passwords.ask, methods=["POST"]),
            Route("/password/{token}", passwords.show, methods=["GET"]),
            Route("/password/{token}", passwords.save, methods=["POST"]),
            *_routes(),
        ],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={
            MailwrightError: error_page,
            HTTPException: error_page,
            Exception: error_page,
        },
    )
    web.router.redirect_slashes = False
    web.state.runtime = runtime
    return web


def _routes() -> list[BaseRoute]:
    routes: list[BaseRoute] = []
    for path, shows, acts in (*PAGES, *_transitions()):
        if shows is not None:
            routes.append(Route(path, signed_in(shows), methods=["GET"]))
        if acts is not None:
            routes.append(Route(path, signed_in(acts), methods=["POST"]))
    return routes


def _transitions() -> list[tuple[str, None, Handler]]:
    versions = "/templates/{uuid}/versions/{version}"
    return [
        *(
            (f"/campaigns/{{uuid}}/{action}", None, campaign_actions.transition)
            for action in campaign_actions.TRANSITIONS
        ),
        *(
            (f"{versions}/{deed}", None, template_versions.change_state)
            for deed in template_versions.DEEDS
        ),
    ]
