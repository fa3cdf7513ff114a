"""`/contacts`: everybody, and one of them."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response, StreamingResponse

from mailwright.errors import Conflict, InvalidInput
from mailwright.services import consents, contact_history, erasure, exports, suppressions
from mailwright.services import contacts as service
from mailwright.services import lists as list_service
from mailwright.services.contact_views import ContactView
from mailwright.services.contacts import ContactChanges
from mailwright.services.paging import Page
from mailwright.web.campaign_audiences import chosen_uuid
from mailwright.web.forms import Form, numbered
from mailwright.web.visits import Visit

#: What contacts can be narrowed to.
STATUSES = ("subscribed", "unconfirmed", "unsubscribed")
_TEXTS = ("first_name", "last_name", "phone", "external_id", "language", "country_code")


async def show(visit: Visit) -> Response:
    """Contacts, newest first, by name or address, and by whether they agreed."""
    search, status = visit.query("search"), visit.query("status")
    status = status if status in STATUSES else ""
    paged = await service.page_contacts(
        visit.runtime,
        visit.caller,
        visit.page(),
        search=search or None,
        consent=status or None,
    )
    return await visit.show(
        "contacts/list.html", paged=paged, search=search, status=status, statuses=STATUSES
    )


async def show_new(visit: Visit) -> Response:
    """An empty form."""
    visit.caller.require("contacts:write")
    return await _new(visit, {})


async def create(visit: Visit) -> Response:
    """The new contact, or the form again with what is wrong."""
    form = visit.form
    try:
        fields = _changes(form)
        if chosen := chosen_uuid(form, "list_uuid"):
            fields["contact_lists"] = [chosen]
        email = form.get("email", "").strip()
        made = await service.create_contact(visit.runtime, visit.caller, email, fields)
    except (InvalidInput, Conflict) as error:
        return await _new(visit, form, error)
    return visit.go(f"/contacts/{made.uuid}", said="The contact is there.")


async def show_one(visit: Visit) -> Response:
    """A contact: fields, consent, lists, and what they were sent."""
    found = await _existing(visit)
    return await _page(visit, found, _values(found))


async def save(visit: Visit) -> Response:
    """The changes, or the form again with what is wrong."""
    found = await _existing(visit)
    try:
        await service.change_contact(visit.runtime, visit.caller, found.uuid, _changes(visit.form))
    except (InvalidInput, Conflict) as error:
        return await _page(visit, found, visit.form, error)
    return visit.go(f"/contacts/{found.uuid}", said="Saved.")


async def unsubscribe(visit: Visit) -> Response:
    """No campaign is sent to them any more."""
    contact_uuid = visit.path_id("uuid", "contact")
    await consents.unsubscribe_contact(visit.runtime, visit.caller, contact_uuid)
    return visit.go(f"/contacts/{contact_uuid}", said="Unsubscribed: no campaign reaches them.")


async def resubscribe(visit: Visit) -> Response:
    """Subscribed again, on the word of whoever presses the button."""
    contact_uuid = visit.path_id("uuid", "contact")
    await consents.resubscribe_contact(visit.runtime, visit.caller, contact_uuid)
    return visit.go(f"/contacts/{contact_uuid}", said="Subscribed again, as you say.")


async def suppress(visit: Visit) -> Response:
    """No mail at all is sent to the address."""
    found = await _existing(visit)
    await suppressions.add_suppression(visit.runtime, visit.caller, found.email)
    return visit.go(f"/contacts/{found.uuid}", said=f"{found.email} gets no mail at all.")


async def delete(visit: Visit) -> Response:
    """Gone; an unsubscribe outlives them."""
    await service.delete_contact(visit.runtime, visit.caller, visit.path_id("uuid", "contact"))
    return visit.go("/contacts", said="The contact was deleted.")


async def erase(visit: Visit) -> Response:
    """Nothing that names them stays."""
    await erasure.erase_contact(visit.runtime, visit.caller, visit.path_id("uuid", "contact"))
    return visit.go("/contacts", said="Erased for good, here and in the logs.")


async def export(visit: Visit) -> Response:
    """Everybody, or whoever is on a list or in a segment, as a CSV file."""
    query = {name: visit.query(name) for name in ("list_uuid", "segment_uuid")}
    pieces = await exports.export_contacts(
        visit.runtime,
        visit.caller,
        list_uuid=chosen_uuid(query, "list_uuid"),
        segment_uuid=chosen_uuid(query, "segment_uuid"),
    )
    headers = {"content-disposition": 'attachment; filename="contacts.csv"'}
    return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=headers)


async def _existing(visit: Visit) -> ContactView:
    return await service.get_contact(visit.runtime, visit.caller, visit.path_id("uuid", "contact"))


async def _new(visit: Visit, form: Form, error: InvalidInput | Conflict | None = None) -> Response:
    named = await list_service.page_lists(visit.runtime, visit.caller, Page())
    return await visit.show(
        "contacts/new.html",
        422 if error else 200,
        form=form,
        lists=[(one.uuid, one.name) for one in named.items],
        **visit.faults(error),
    )


async def _page(
    visit: Visit,
    contact: ContactView,
    form: Form,
    error: InvalidInput | Conflict | None = None,
) -> Response:
    history = await contact_history.get_history(visit.runtime, visit.caller, contact.uuid)
    return await visit.show(
        "contacts/one.html",
        422 if error else 200,
        contact=contact,
        history=history,
        form=form,
        rows=[*[r for r in numbered(form, "attribute") if r.get("key")], {"key": "", "value": ""}],
        **visit.faults(error),
    )


def _values(contact: ContactView) -> dict[str, str]:
    values = {name: getattr(contact, name) or "" for name in _TEXTS}
    for number, (key, value) in enumerate(sorted(contact.attributes.items())):
        text = _text(value)
        values |= {f"attribute.{number}.key": key, f"attribute.{number}.value": text}
    return values


def _text(value: Any) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def _changes(form: Form) -> ContactChanges:
    changes: dict[str, Any] = {name: form[name].strip() for name in _TEXTS if name in form}
    rows = numbered(form, "attribute")
    attributes = {
        row["key"].strip(): row.get("value", "")
        for row in rows
        if row.get("key") and row.get("value", "") != row.get("before", "")
    }
    if attributes:
        changes["attributes"] = attributes
    return changes  # pyright: ignore[reportReturnType]  # the names above are those of the type
