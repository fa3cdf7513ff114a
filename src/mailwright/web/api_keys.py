"""`/settings/api-keys`: made, shown once, revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from starlette.responses import Response

from mailwright.domain.ids import parse_id
from mailwright.domain.scopes import ALL, NOUNS
from mailwright.errors import InvalidInput
from mailwright.services import api_keys as service
from mailwright.services.api_keys import NewApiKey
from mailwright.web.forms import Form, ticked
from mailwright.web.visits import Visit

PATH = "/settings/api-keys"
RIGHTS = ("read", "write")

#: What people mean when they make a key.
GRANTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "all": ("Everything", (ALL,)),
    "read": ("Read everything, change nothing", tuple(f"{noun}:read" for noun in NOUNS)),
    "campaigns": (
        "Campaigns and contacts",
        tuple(
            f"{noun}:{right}"
            for noun in ("campaigns", "contacts", "lists", "segments", "custom-fields", "senders")
            for right in RIGHTS
        ),
    ),
    "single": ("Send single mails", ("emails:read", "emails:write", "templates:read")),
    "inbox": ("The built-in inbox", ("inbox:read", "inbox:write")),
}
#: The choice that leaves it to the boxes.
CHOSEN = "chosen"

#: Nouns of rights as a person looks for them; all of them once.
GROUPS: dict[str, tuple[str, ...]] = {
    "Mail": ("campaigns", "emails", "templates", "senders", "inbox"),
    "People": ("contacts", "lists", "segments", "custom-fields", "imports", "suppressions"),
    "Figures": ("reports", "events", "exports", "audit-log"),
    "Settings": ("account", "api-keys", "domains", "members", "projects", "webhooks"),
}


async def show(visit: Visit) -> Response:
    """The keys, without any key."""
    return await _page(visit, form={})


async def create(visit: Visit) -> Response:
    """The new key, on this page only: it cannot be shown again."""
    form = visit.form
    try:
        new = NewApiKey(
            form.get("name", ""),
            _scopes(form),
            sandbox="sandbox" in form,
            expires_at=_end_of_day(form.get("expires_on", "")),
        )
        _, key = await service.create_api_key(visit.runtime, visit.caller, new)
    except InvalidInput as error:
        return await _page(visit, form=form, error=error)
    return await _page(visit, form={}, key=key)


async def revoke(visit: Visit) -> Response:
    """The key opens nothing any more."""
    key_uuid = parse_id(visit.request.path_params["uuid"], "API key")
    view = await service.revoke_api_key(visit.runtime, visit.caller, key_uuid)
    return visit.go(PATH, said=f"“{view.name}” was revoked.")


def told(scopes: Sequence[str]) -> str:
    """What a key may do, in a few words."""
    for label, granted in GRANTS.values():
        if sorted(granted) == sorted(scopes):
            return label
    rights: dict[str, list[str]] = {}
    for scope in scopes:
        noun, _, right = scope.partition(":")
        rights.setdefault(noun, []).append(right)
    by_right: dict[str, list[str]] = {}
    for noun, found in rights.items():
        by_right.setdefault(" and ".join(sorted(found)), []).append(noun.replace("-", " "))
    parts = [f"{right} {', '.join(nouns)}" for right, nouns in sorted(by_right.items())]
    return "; ".join(parts).capitalize()


def _scopes(form: Form) -> tuple[str, ...]:
    grant = form.get("grant", "")
    if grant == CHOSEN:
        return tuple(ticked(form, "scope"))
    if grant not in GRANTS:
        raise InvalidInput.field("scopes", "Choose what the key may do.")
    return GRANTS[grant][1]


def _end_of_day(text: str) -> datetime | None:
    """The first moment after that day, in UTC: it is the last on which the key works."""
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise InvalidInput.field("expires_at", "Give a day, or nothing.") from None


async def _page(
    visit: Visit, *, form: Form, key: str = "", error: InvalidInput | None = None
) -> Response:
    paged = await service.page_api_keys(visit.runtime, visit.caller, visit.page())
    return await visit.show(
        "api_keys/list.html",
        422 if error else 200,
        rows=[(row, told(row.scopes)) for row in paged.items],
        paged=paged,
        now=visit.runtime.now(),
        key=key,
        errors=error.details if error else {},
        form=form,
        grants=GRANTS,
        chosen=CHOSEN,
        groups_of_rights=GROUPS,
        rights=RIGHTS,
    )
