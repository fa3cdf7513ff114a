"""`/settings/senders`: whom mail comes from."""

from __future__ import annotations

from starlette.responses import Response

from mailwright.domain.ids import parse_id
from mailwright.errors import Conflict, InvalidInput
from mailwright.services import senders as service
from mailwright.web.visits import Visit


async def show(visit: Visit) -> Response:
    """The senders, disabled ones among them."""
    return await _page(visit)


async def create(visit: Visit) -> Response:
    """The new sender, or the form again with what is wrong."""
    form = visit.form
    try:
        made = await service.create_sender(
            visit.runtime,
            visit.caller,
            form.get("email", ""),
            form.get("name", ""),
            form.get("reply_to") or None,
        )
    except (InvalidInput, Conflict) as error:
        return await _page(visit, error)
    if made.confirmed:
        said = "is ready"
    elif made.confirmation_sent_at:
        said = "was mailed a link; it can be used once somebody confirms there"
    else:
        said = "waits to be confirmed, but the mail did not leave; send it again"
    return visit.go("/settings/senders", said=f"{made.email} {said}.")


async def resend(visit: Visit) -> Response:
    """The mail with the link, once more."""
    sender_uuid = parse_id(visit.request.path_params["uuid"], "sender")
    sent = await service.resend_confirmation(visit.runtime, visit.caller, sender_uuid)
    return visit.go("/settings/senders", said=f"The link was sent to {sent.email} again.")


async def switch(visit: Visit) -> Response:
    """Enables or disables a sender."""
    sender_uuid = parse_id(visit.request.path_params["uuid"], "sender")
    enabled = visit.form.get("enabled") == "yes"
    changed = await service.change_sender(
        visit.runtime, visit.caller, sender_uuid, {"enabled": enabled}
    )
    word = "enabled" if changed.enabled else "disabled"
    return visit.go("/settings/senders", said=f"{changed.email} is {word}.")


async def _page(visit: Visit, error: InvalidInput | Conflict | None = None) -> Response:
    paged = await service.page_senders(visit.runtime, visit.caller, visit.page())
    return await visit.show(
        "senders/list.html",
        422 if error else 200,
        paged=paged,
        form=visit.form if error else {},
        errors=error.details if error else {},
        problem=error.message if error and not error.details else "",
    )
