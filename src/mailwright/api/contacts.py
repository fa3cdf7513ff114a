"""`/contacts`: the people a tenant writes to, and their custom fields."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints, ValidationError
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, many, nothing, one
from mailwright.api.errors import by_field
from mailwright.api.fields import Body, Search, example
from mailwright.services import consents, contact_bulk, contact_fields, erasure
from mailwright.services import contacts as service
from mailwright.services.contact_bulk import (
    BULK_MAX,
    BulkContact,
    BulkResult,
    BulkRowResult,
    rejected_row,
)
from mailwright.services.contact_views import ContactRow, ContactView, FieldValue
from mailwright.services.erasure import Erasure

router = APIRouter(prefix="/contacts", tags=["contacts"])

Email = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
PersonName = Annotated[str, StringConstraints(max_length=255)]
Phone = Annotated[str, StringConstraints(max_length=32)]
Language = Annotated[str, StringConstraints(max_length=35)]
CountryCode = Annotated[str, StringConstraints(max_length=2)]
FieldKey = Annotated[str, StringConstraints(max_length=255)]
Item = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class ContactPatch(Body):
    """What to change; absent fields stay, null and "" clear.

    `attributes` are merged key by key; `contact_lists` are joined, none is left.
    """

    first_name: PersonName | None = None
    last_name: PersonName | None = None
    phone: Phone | None = None
    external_id: PersonName | None = None
    language: Language | None = None
    country_code: CountryCode | None = None
    attributes: dict[str, Any] | None = None
    contact_lists: tuple[UUID, ...] = ()
    project_uuid: UUID | None = None

    model_config = example({"first_name": "Zoë", "attributes": {"plan": "pro", "city": None}})


class ContactCreate(ContactPatch):
    """A new contact, subscribed. Lists that are not yours refuse the whole call."""

    email: Email

    model_config = example(
        {
            "email": "zoe@example.com",
            "first_name": "Zoë",
            "language": "es",
            "attributes": {"plan": "pro"},
        }
    )

    def details(self) -> Any:
        """Everything but the address."""
        return {name: value for name, value in self.changes().items() if name != "email"}


class BulkRow(ContactPatch):
    """One row: found by `email`, else by `external_id`; what it names is set, the rest stays."""

    email: Email | None = None
    consent: Literal["subscribed", "unconfirmed", "unsubscribed"] | None = None


class ContactBulk(Body):
    """Up to 1,000 rows. `resubscribe`: rows with consent `subscribed` bring people back who left;
    say in `consent_source` how you know that they want to. `dry_run`: tell, and change nothing.
    """

    contacts: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=BULK_MAX)]
    consent_source: PersonName | None = None
    resubscribe: bool = False
    dry_run: bool = False

    model_config = example(
        {
            "contacts": [
                {"email": "zoe@example.com", "language": "es", "attributes": {"plan": "pro"}},
                {"external_id": "4711", "last_name": "Okafor"},
            ],
            "consent_source": "shop checkout",
        }
    )


class Erase(Body):
    """Whom to forget."""

    email: Email

    model_config = example({"email": "zoe@example.com"})


class Value(Body):
    """The value of a custom field, in the form of its type; null clears."""

    value: Any

    model_config = example({"value": "pro"})


class ItemBody(Body):
    """One item of a list field."""

    value: Item

    model_config = example({"value": "harbour"})


@router.post("", status_code=201, responses={201: {"model": Data[ContactView]}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: ContactCreate) -> Response:
    """Create a contact. 409 `DUPLICATE_RESOURCE` when the address or external id is taken."""
    return one(await service.create_contact(runtime, caller, body.email, body.details()), 201)


@router.post("/bulk", responses={200: {"model": Data[BulkResult]}})
async def upsert(runtime: RuntimeOf, caller: CallerOf, body: ContactBulk) -> Response:
    """Create or change up to 1,000 contacts. Wrong rows are named and keep no other back."""
    rows: list[BulkContact] = []
    refused: list[BulkRowResult] = []
    for index, given in enumerate(body.contacts):
        try:
            row = BulkRow.model_validate(given)
        except ValidationError as error:
            refused.append(rejected_row(index, by_field(error.errors())))
            continue
        fields = row.changes()
        email, consent = fields.pop("email", None), fields.pop("consent", None)
        rows.append(BulkContact(index, email, fields, consent))
    found = await contact_bulk.upsert_contacts(
        runtime,
        caller,
        rows,
        refused=refused,
        source=body.consent_source,
        resubscribe=body.resubscribe,
        dry_run=body.dry_run,
    )
    return one(found)


@router.get("", responses={200: {"model": DataPage[ContactRow]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    page: PageOf,
    search: Annotated[Search | None, Query()] = None,
    list_uuid: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Contacts, newest first. `search`: a whole address, else names or the start of a phone."""
    found = await service.page_contacts(runtime, caller, page, search=search, list_uuid=list_uuid)
    return many(found)


@router.get("/{contact_uuid}", responses={200: {"model": Data[ContactView]}})
async def get(runtime: RuntimeOf, caller: CallerOf, contact_uuid: UUID) -> Response:
    """One contact in full."""
    return one(await service.get_contact(runtime, caller, contact_uuid))


@router.patch("/{contact_uuid}", responses={200: {"model": Data[ContactView]}})
async def change(
    runtime: RuntimeOf, caller: CallerOf, contact_uuid: UUID, body: ContactPatch
) -> Response:
    """Change a contact. Its address never changes."""
    return one(await service.change_contact(runtime, caller, contact_uuid, body.changes()))


@router.delete("/{contact_uuid}", status_code=204)
async def delete(runtime: RuntimeOf, caller: CallerOf, contact_uuid: UUID) -> Response:
    """Delete a contact; what was sent to it stays in the reports."""
    await service.delete_contact(runtime, caller, contact_uuid)
    return nothing()


@router.post("/erase", responses={200: {"model": Data[Erasure]}})
async def erase_address(runtime: RuntimeOf, caller: CallerOf, body: Erase) -> Response:
    """Erase whoever has an address, contact or not, as `POST /contacts/{uuid}/erase` does."""
    return one(await erasure.erase_address(runtime, caller, body.email))


@router.post("/{contact_uuid}/erase", responses={200: {"model": Data[Erasure]}})
async def erase(runtime: RuntimeOf, caller: CallerOf, contact_uuid: UUID) -> Response:
    """Forget a person for good. Their address is refused with 409 `CONTACT_ERASED` from then on.

    Every word about them goes, waiting mails are canceled; reports still add up.
    """
    return one(await erasure.erase_contact(runtime, caller, contact_uuid))


@router.post("/{contact_uuid}/unsubscribe", responses={200: {"model": Data[ContactView]}})
async def unsubscribe(runtime: RuntimeOf, caller: CallerOf, contact_uuid: UUID) -> Response:
    """No marketing mail to this contact any more. Idempotent."""
    return one(await consents.unsubscribe_contact(runtime, caller, contact_uuid))


@router.post("/{contact_uuid}/resubscribe", responses={200: {"model": Data[ContactView]}})
async def resubscribe(runtime: RuntimeOf, caller: CallerOf, contact_uuid: UUID) -> Response:
    """Marketing mail again, if the address is not suppressed. Idempotent."""
    return one(await consents.resubscribe_contact(runtime, caller, contact_uuid))


@router.get("/{contact_uuid}/custom-fields", responses={200: {"model": Data[list[FieldValue]]}})
async def field_values(runtime: RuntimeOf, caller: CallerOf, contact_uuid: UUID) -> Response:
    """Every custom field with this contact's value."""
    return one(await contact_fields.get_field_values(runtime, caller, contact_uuid))


@router.put("/{contact_uuid}/custom-fields/{field}", responses={200: {"model": Data[FieldValue]}})
async def set_field(
    runtime: RuntimeOf, caller: CallerOf, contact_uuid: UUID, field: FieldKey, body: Value
) -> Response:
    """Set a custom field, by its key or uuid."""
    value = await contact_fields.set_field_value(runtime, caller, contact_uuid, field, body.value)
    return one(value)


@router.delete("/{contact_uuid}/custom-fields/{field}", status_code=204)
async def clear_field(
    runtime: RuntimeOf, caller: CallerOf, contact_uuid: UUID, field: FieldKey
) -> Response:
    """Clear a custom field."""
    await contact_fields.set_field_value(runtime, caller, contact_uuid, field, None)
    return nothing()


@router.post(
    "/{contact_uuid}/custom-fields/{field}/items",
    responses={200: {"model": Data[FieldValue]}},
)
async def add_item(
    runtime: RuntimeOf, caller: CallerOf, contact_uuid: UUID, field: FieldKey, body: ItemBody
) -> Response:
    """Add an item to a list field; one that is there already stays once."""
    value = await contact_fields.add_field_item(runtime, caller, contact_uuid, field, body.value)
    return one(value)


@router.delete(
    "/{contact_uuid}/custom-fields/{field}/items",
    responses={200: {"model": Data[FieldValue]}},
)
async def remove_item(
    runtime: RuntimeOf, caller: CallerOf, contact_uuid: UUID, field: FieldKey, body: ItemBody
) -> Response:
    """Take an item out of a list field."""
    value = await contact_fields.remove_field_item(runtime, caller, contact_uuid, field, body.value)
    return one(value)
