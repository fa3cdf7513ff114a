"""Operations of Cakemail's document for which Mailwright has no feature: 501, in form.

Each is named with the reason, so that a program meets a sentence and not a riddle. Whoever builds
one takes it out here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter, Depends

from mailwright.dialects.cakemail.dependencies import caller_of
from mailwright.dialects.cakemail.errors import NotOffered

#: Operations by the reason why there are none.
UNSERVED: Mapping[str, tuple[str, ...]] = {
    "Mailwright has no workflows.": (
        "GET /workflows",
        "POST /workflows",
        "GET /workflows/{workflow_id}",
        "DELETE /workflows/{workflow_id}",
        "PATCH /workflows/{workflow_id}",
        "POST /workflows/{workflow_id}/activate",
        "POST /workflows/{workflow_id}/deactivate",
        "POST /workflows/{workflow_id}/lock",
        "POST /workflows/{workflow_id}/unlock",
        "GET /workflows/{workflow_id}/actions",
        "POST /workflows/{workflow_id}/actions",
        "GET /workflows/{workflow_id}/actions/{action_id}",
        "DELETE /workflows/{workflow_id}/actions/{action_id}",
        "PATCH /workflows/{workflow_id}/actions/{action_id}",
        "GET /workflows/{workflow_id}/actions/{action_id}/render",
        "POST /workflows/{workflow_id}/actions/{action_id}/send-test",
        "GET /workflows/{workflow_id}/actions/{action_id}/links",
        "GET /reports/workflows/{workflow_id}/actions/{action_id}",
        "GET /logs/workflows/{workflow_id}/actions/{action_id}",
        "GET /workflow-blueprints",
        "GET /workflow-blueprints/{blueprint_id}",
        "GET /workflow-blueprints/{blueprint_id}/actions",
        "GET /workflow-blueprints/{blueprint_id}/actions/{action_id}",
    ),
    "Mailwright has no ready-made designs; templates are your own.": (
        "GET /campaign-blueprints",
        "GET /campaign-blueprints/{blueprint_id}",
        "GET /campaign-blueprints/{blueprint_id}/render",
    ),
    "Mailwright has no subscription forms; contacts come by API, import or the dashboard.": (
        "GET /forms",
        "POST /forms",
        "GET /forms/{form_id}",
        "DELETE /forms/{form_id}",
        "PATCH /forms/{form_id}",
        "GET /lists/{list_id}/forms",
        "POST /lists/{list_id}/forms",
        "GET /lists/{list_id}/forms/{form_id}",
        "DELETE /lists/{list_id}/forms/{form_id}",
        "PATCH /lists/{list_id}/forms/{form_id}",
        "POST /lists/{list_id}/forms/{form_id}/enable",
        "POST /lists/{list_id}/forms/{form_id}/disable",
    ),
    "Tenants are made by the operator, with `mailwright tenant create`; there are none below.": (
        "POST /accounts",
        "DELETE /accounts/{account_id}",
        "PATCH /accounts/{account_id}",
        "POST /accounts/{account_id}/suspend",
        "POST /accounts/{account_id}/unsuspend",
        "POST /accounts/{account_id}/confirm",
        "POST /accounts/resend-verification-email",
        "POST /accounts/{account_id}/convert-to-organization",
        "POST /accounts/self/convert-to-organization",
    ),
}


def unserved_router() -> APIRouter:
    """Routes for them all; they come after every other."""
    router = APIRouter(tags=["not offered"], dependencies=[Depends(caller_of)])
    for reason, operations in UNSERVED.items():
        for operation in operations:
            method, _, path = operation.partition(" ")
            router.add_api_route(
                path,
                _refusal(reason),
                methods=[method],
                name=operation,
                status_code=501,
                description=reason,
            )
    return router


def _refusal(reason: str) -> Callable[[], Awaitable[None]]:
    async def refuse() -> None:
        raise NotOffered(reason)

    return refuse
