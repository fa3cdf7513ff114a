"""`/lists`: named sets of contacts."""

from __future__ import annotations

from starlette.responses import Response

from mailwright.errors import Conflict, InvalidInput
from mailwright.services import account_reports, contacts
from mailwright.services import lists as service
from mailwright.services.lists import ListChanges, ListView
from mailwright.web.forms import Form
from mailwright.web.visits import Visit

NAME_LENGTH_MAX = 255


async def show_list(visit: Visit) -> Response:
    """Lists by name, with how many are on them."""
    return await _all(visit, {})


async def create(visit: Visit) -> Response:
    """The new list, or the form again with what is wrong."""
    try:
        made = await service.create_list(visit.runtime, visit.caller, _changes(visit.form))
    except (InvalidInput, Conflict) as error:
        return await _all(visit, visit.form, error)
    return visit.go(f"/lists/{made.uuid}", said="The list is there.")


async def show(visit: Visit) -> Response:
    """A list and who is on it."""
    found = await _existing(visit)
    return await _page(visit, found, {"name": found.name, "description": found.description or ""})


async def figures(visit: Visit) -> Response:
    """The people of a list by what they are now, and what became of the campaigns to it."""
    found = await _existing(visit)
    if not visit.is_partial:
        return visit.go(f"/lists/{found.uuid}")
    report = await account_reports.get_list_report(visit.runtime, visit.caller, found.uuid)
    return visit.part("lists/figures.html", report=report)


async def save(visit: Visit) -> Response:
    """The changes, or the form again with what is wrong."""
    found = await _existing(visit)
    try:
        await service.change_list(visit.runtime, visit.caller, found.uuid, _changes(visit.form))
    except (InvalidInput, Conflict) as error:
        return await _page(visit, found, visit.form, error)
    return visit.go(f"/lists/{found.uuid}", said="Saved.")


async def delete(visit: Visit) -> Response:
    """Gone; its contacts stay."""
    await service.delete_list(visit.runtime, visit.caller, visit.path_id("uuid", "list"))
    return visit.go("/lists", said="The list was deleted; its contacts are still there.")


async def take_off(visit: Visit) -> Response:
    """The contact is no longer on it."""
    list_uuid = visit.path_id("uuid", "list")
    contact_uuid = visit.path_id("contact", "contact")
    await service.remove_from_list(visit.runtime, visit.caller, list_uuid, contact_uuid)
    return visit.go(f"/lists/{list_uuid}", said="Taken off the list.")


async def _existing(visit: Visit) -> ListView:
    return await service.get_list(visit.runtime, visit.caller, visit.path_id("uuid", "list"))


async def _all(visit: Visit, form: Form, error: InvalidInput | Conflict | None = None) -> Response:
    search = visit.query("search")
    paged = await service.page_lists(
        visit.runtime, visit.caller, visit.page(), search=search or None
    )
    return await visit.show(
        "lists/list.html",
        422 if error else 200,
        paged=paged,
        search=search,
        form=form,
        **visit.faults(error),
    )


async def _page(
    visit: Visit, found: ListView, form: Form, error: InvalidInput | Conflict | None = None
) -> Response:
    search = visit.query("search")
    paged = await contacts.page_contacts(
        visit.runtime, visit.caller, visit.page(), search=search or None, list_uuid=found.uuid
    )
    return await visit.show(
        "lists/one.html",
        422 if error else 200,
        found=found,
        paged=paged,
        search=search,
        form=form,
        **visit.faults(error),
    )


def _changes(form: Form) -> ListChanges:
    name = form.get("name", "").strip()
    if not 1 <= len(name) <= NAME_LENGTH_MAX:
        raise InvalidInput.field("name", f"A name has 1 to {NAME_LENGTH_MAX} characters.")
    return {"name": name, "description": form.get("description", "").strip()[:1000] or None}
