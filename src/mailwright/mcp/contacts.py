"""The tool `contacts`."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import Field, ValidationError

from mailwright.errors import InvalidInput
from mailwright.mcp import previews
from mailwright.mcp.fields import Form
from mailwright.mcp.operations import Operation, Tool
from mailwright.mcp.parameters import by_field, changes_form
from mailwright.services import consents, custom_fields, erasure
from mailwright.services import contacts as service
from mailwright.services.caller import Caller
from mailwright.services.contact_bulk import (
    BULK_MAX,
    BulkContact,
    BulkResult,
    BulkRowResult,
    rejected_row,
    upsert_contacts,
)
from mailwright.services.contact_bulk_plan import Consent
from mailwright.services.contacts import ContactChanges
from mailwright.services.runtime import Runtime

_READ = "contacts:read"
_WRITE = "contacts:write"


@cache
def _row_form() -> type[Form]:
    return changes_form(
        ContactChanges,
        email=(str | None, Field(None, max_length=1000)),
        consent=(Consent | None, None),
    )


async def _import(
    runtime: Runtime,
    caller: Caller,
    contacts: list[dict[str, Any]],
    *,
    consent_source: str | None = None,
    resubscribe: bool = False,
) -> BulkResult:
    return await _upsert(runtime, caller, contacts, consent_source, resubscribe=resubscribe)


async def _importing(
    runtime: Runtime,
    caller: Caller,
    contacts: list[dict[str, Any]],
    *,
    consent_source: str | None = None,
    resubscribe: bool = False,
) -> dict[str, Any]:
    found = await _upsert(
        runtime, caller, contacts, consent_source, resubscribe=resubscribe, dry_run=True
    )
    return {
        "will": "Create or change these contacts",
        "created": found.created,
        "updated": found.updated,
        "rejected": [row for row in found.rows if row.status == "rejected"],
    }


async def _upsert(
    runtime: Runtime,
    caller: Caller,
    contacts: list[dict[str, Any]],
    source: str | None,
    *,
    resubscribe: bool,
    dry_run: bool = False,
) -> BulkResult:
    if not 1 <= len(contacts) <= BULK_MAX:
        raise InvalidInput.field("contacts", f"1 to {BULK_MAX} rows a call.")
    rows: list[BulkContact] = []
    refused: list[BulkRowResult] = []
    for index, given in enumerate(contacts):
        try:
            row = _row_form().model_validate(given)
        except ValidationError as error:
            refused.append(rejected_row(index, by_field(error)))
            continue
        fields: Any = {name: getattr(row, name) for name in row.model_fields_set}
        email, consent = fields.pop("email", None), fields.pop("consent", None)
        rows.append(BulkContact(index, email, fields, consent))
    return await upsert_contacts(
        runtime,
        caller,
        rows,
        refused=refused,
        source=source,
        resubscribe=resubscribe,
        dry_run=dry_run,
    )


CONTACTS = Tool(
    "contacts",
    "The people who are mailed, with languages, attributes, lists and consent.",
    {
        "list": Operation(
            service.page_contacts, _READ, "search: a whole address, a name, the start of a phone"
        ),
        "get": Operation(service.get_contact, _READ),
        "create": Operation(
            service.create_contact, _WRITE, "subscribed; the address never changes"
        ),
        "update": Operation(service.change_contact, _WRITE),
        "import": Operation(
            _import,
            _WRITE,
            "up to 1,000 rows of email and fields; who left stays out",
            preview=_importing,
        ),
        "unsubscribe": Operation(consents.unsubscribe_contact, _WRITE),
        "resubscribe": Operation(
            consents.resubscribe_contact,
            _WRITE,
            "only when the person asked for it",
            preview=previews.about(
                service.get_contact, "Mail this person again", "email", "status", "subscription"
            ),
        ),
        "custom_fields": Operation(
            custom_fields.page_custom_fields, "custom-fields:read", "which attributes there are"
        ),
        "erase": Operation(
            erasure.erase_contact,
            _WRITE,
            "forget the person for good",
            preview=previews.about(service.get_contact, "Erase this person for good", "email"),
        ),
        "delete": Operation(
            service.delete_contact,
            _WRITE,
            preview=previews.about(
                service.get_contact, "Delete this contact", "email", "first_name", "last_name"
            ),
        ),
    },
)
