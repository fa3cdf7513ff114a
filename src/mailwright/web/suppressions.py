"""`/suppressions`: addresses that are left alone, and why."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from mailwright.errors import Conflict, InvalidInput
from mailwright.services import actors
from mailwright.services import suppressions as service
from mailwright.services.suppressions import REASONS, UNDOABLE
from mailwright.web.forms import Form
from mailwright.web.visits import Visit

PATH = "/suppressions"
#: What may be given as the reason by hand; the others happen.
GIVEN = (
    ("manual", "Left out by hand"),
    ("complaint", "A complaint"),
    ("unsubscribe", "They asked"),
)
SCOPES = (("all", "Every mail"), ("marketing", "Campaigns only"))
#: How far back a wave can be undone: hours and their words.
WAVES = (
    ("1", "The last hour"),
    ("6", "The last 6 hours"),
    ("24", "The last day"),
    ("168", "The last week"),
)


async def show(visit: Visit) -> Response:
    """Suppressions, newest first."""
    return await _page(visit, {})


async def add(visit: Visit) -> Response:
    """The address is left alone from now on."""
    form = visit.form
    try:
        made = await service.add_suppression(
            visit.runtime,
            visit.caller,
            form.get("email", "").strip(),
            reason=form.get("reason") or "manual",
            scope=form.get("scope") or "all",
        )
    except (InvalidInput, Conflict) as error:
        return await _page(visit, form, error)
    return visit.go(PATH, said=f"{made.email} is left alone from now on.")


async def remove(visit: Visit) -> Response:
    """The address may be mailed again."""
    suppression_uuid = visit.path_id("uuid", "suppression")
    await service.remove_suppression(visit.runtime, visit.caller, suppression_uuid)
    return visit.go(PATH, said="The address may be mailed again.")


async def undo_wave(visit: Visit) -> Response:
    """Lifts what came for one reason within the last hours: providers do refuse everybody."""
    hours = visit.form.get("hours", "")
    if hours not in dict(WAVES):
        raise InvalidInput.field("hours", "Choose one of the list.")
    since = visit.runtime.now() - timedelta(hours=int(hours))
    undone = await service.undo_wave(
        visit.runtime, visit.caller, reason=visit.form.get("wave", ""), since=since
    )
    return visit.go(PATH, said=f"{undone.removed:,} suppressions were lifted.")


async def _page(visit: Visit, form: Form, error: InvalidInput | Conflict | None = None) -> Response:
    search, reason = visit.query("search"), visit.query("reason")
    chosen = reason if reason in REASONS else ""
    paged = await service.page_suppressions(
        visit.runtime, visit.caller, visit.page(), search=search or None, reason=chosen or None
    )
    return await visit.show(
        "suppressions/list.html",
        422 if error else 200,
        paged=paged,
        names=await actors.names_of(
            visit.runtime, visit.caller, [row.source or "" for row in paged.items]
        ),
        search=search,
        chosen=chosen,
        reasons=REASONS,
        given=GIVEN,
        scopes=SCOPES,
        waves=WAVES,
        undoable=UNDOABLE,
        form=form,
        **visit.faults(error),
    )
