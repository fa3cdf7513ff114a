"""`/settings/api-keys`: made, shown once, revoked."""

from __future__ import annotations

from starlette.responses import Response

from mailwright.domain.ids import parse_id
from mailwright.domain.scopes import NOUNS
from mailwright.errors import InvalidInput
from mailwright.services import api_keys as service
from mailwright.services.api_keys import NewApiKey
from mailwright.web.forms import Form
from mailwright.web.visits import Visit

#: What people mean when they make a key; exact scopes are the API's and the command's business.
GRANTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "all": ("Everything", ("*",)),
    "read": ("Read everything, change nothing", tuple(f"{noun}:read" for noun in NOUNS)),
    "campaigns": (
        "Campaigns and contacts",
        tuple(
            f"{noun}:{right}"
            for noun in ("campaigns", "contacts", "lists", "segments", "custom-fields", "senders")
            for right in ("read", "write")
        ),
    ),
    "inbox": ("The built-in inbox", ("inbox:read", "inbox:write")),
}


async def show(visit: Visit) -> Response:
    """The keys, without any key."""
    return await _page(visit)


async def create(visit: Visit) -> Response:
    """The new key, on this page only: it cannot be shown again."""
    grant = GRANTS.get(visit.form.get("grant", ""), GRANTS["all"])
    new = NewApiKey(visit.form.get("name", ""), grant[1], sandbox="sandbox" in visit.form)
    try:
        _, key = await service.create_api_key(visit.runtime, visit.caller, new)
    except InvalidInput as error:
        return await _page(visit, 422, error=error.message)
    return await _page(visit, key=key)


async def revoke(visit: Visit) -> Response:
    """The key opens nothing any more."""
    key_uuid = parse_id(visit.request.path_params["uuid"], "API key")
    view = await service.revoke_api_key(visit.runtime, visit.caller, key_uuid)
    return visit.go("/settings/api-keys", said=f"“{view.name}” was revoked.")


async def _page(visit: Visit, status: int = 200, *, key: str = "", error: str = "") -> Response:
    paged = await service.page_api_keys(visit.runtime, visit.caller, visit.page())
    form: Form = visit.form if error else {}
    return await visit.show(
        "api_keys/list.html", status, paged=paged, key=key, error=error, form=form, grants=GRANTS
    )
