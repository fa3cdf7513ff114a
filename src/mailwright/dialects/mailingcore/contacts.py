"""`/contacts`: upserted by `externalId` or `email`, alone or a thousand at a time."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import ValidationError
from starlette.responses import Response

from mailwright.dialects.mailingcore.contact_shapes import (
    BulkError,
    BulkShape,
    ContactBulk,
    ContactPatch,
    ContactPut,
    ContactShape,
    contact_shape,
)
from mailwright.dialects.mailingcore.dependencies import LIMIT, CallerOf, RuntimeOf
from mailwright.dialects.mailingcore.errors import invalid_sentence, sentence_of
from mailwright.dialects.mailingcore.fields import Moment, Search
from mailwright.dialects.mailingcore.shapes import DataPage, many, nothing, one
from mailwright.domain.wall_clock import instant
from mailwright.errors import Conflict, InvalidInput
from mailwright.services import consents, contact_bulk, erasure
from mailwright.services import contact_directory as directory
from mailwright.services import contacts as service
from mailwright.services.caller import Caller
from mailwright.services.contact_bulk import BulkContact, BulkRowResult
from mailwright.services.contact_directory import DirectoryFilter
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime

router = APIRouter(prefix="/contacts", tags=["contacts"])

CONTACTS_LIMIT_MAX = 500  # vendors.md 2.1


async def _page(
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    limit: Annotated[int, Query(ge=1, le=CONTACTS_LIMIT_MAX)] = LIMIT,
) -> Page:
    return Page(page, limit, CONTACTS_LIMIT_MAX)


async def _filter(
    locale: Annotated[Search | None, Query()] = None,
    opt_in: Annotated[bool | None, Query(alias="optIn")] = None,
    updated_since: Annotated[Moment | None, Query(alias="updatedSince")] = None,
    project_id: Annotated[UUID | None, Query(alias="projectId")] = None,
    cursor: Annotated[
        int | None, Query(ge=0, lt=2**63, description="`meta.nextCursor` of the page before.")
    ] = None,
) -> DirectoryFilter:
    return DirectoryFilter(locale, opt_in, _aware(updated_since), project_id, cursor)


@router.get("", responses={200: {"model": DataPage[ContactShape]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    page: Annotated[Page, Depends(_page)],
    wanted: Annotated[DirectoryFilter, Depends(_filter)],
) -> Response:
    """List contacts, newest first. Read long lists on with `cursor`."""
    found = await directory.page_directory(runtime, caller, page, wanted)
    following = None if found.next_below_id is None else str(found.next_below_id)
    shapes = [contact_shape(entry) for entry in found.items]
    return many(shapes, page, found.total, next_cursor=following)


@router.get("/{reference}", responses={200: {"model": ContactShape}})
async def get(runtime: RuntimeOf, caller: CallerOf, reference: str) -> Response:
    """Get a contact by its id or its `externalId`."""
    return one(contact_shape(await directory.get_entry(runtime, caller, reference)))


@router.put("", responses={200: {"model": ContactShape}})
async def put(runtime: RuntimeOf, caller: CallerOf, body: ContactPut) -> Response:
    """Create a contact or change the one that is there.

    Whoever left is opted in again only with a `consentVersion`; a suppression always stays.
    """
    found = await contact_bulk.upsert_contacts(
        runtime,
        caller,
        [_row(0, body)],
        source=body.consent_source(),
        resubscribe=body.consent_version is not None,
    )
    (row,) = found.rows
    if row.uuid is None:
        raise _refusal(row, body)
    return one(contact_shape(await directory.entry_after_change(runtime, caller, row.uuid)))


@router.post("/bulk", responses={200: {"model": BulkShape}})
async def bulk(runtime: RuntimeOf, caller: CallerOf, body: ContactBulk) -> Response:
    """Create or change up to 1,000 contacts. It opts nobody in again who left."""
    errors: list[BulkError] = []
    by_source: dict[str | None, list[BulkContact]] = defaultdict(list)
    for index, given in enumerate(body.contacts):
        try:
            row = ContactPut.model_validate(given)
        except ValidationError as error:
            errors.append(BulkError(index=index, message=invalid_sentence(error.errors())))
            continue
        by_source[row.consent_source()].append(_row(index, row))
    created = updated = 0
    for source, rows in by_source.items():
        found = await contact_bulk.upsert_contacts(runtime, caller, rows, source=source)
        created, updated = created + found.created, updated + found.updated
        errors += [_error(row) for row in found.rows if row.errors]
    errors.sort(key=lambda error: error.index)
    return one(BulkShape(created=created, updated=updated, failed=len(errors), errors=errors))


@router.patch("/{reference}", responses={200: {"model": ContactShape}})
async def change(
    runtime: RuntimeOf, caller: CallerOf, reference: str, body: ContactPatch
) -> Response:
    """Change a contact. Its address never changes."""
    contact_uuid = await directory.find_contact(runtime, caller, reference)
    await service.change_contact(runtime, caller, contact_uuid, body.ours())
    await _set_consent(runtime, caller, contact_uuid, body)
    return one(contact_shape(await directory.entry_after_change(runtime, caller, contact_uuid)))


@router.delete("/{reference}", status_code=204)
async def delete(runtime: RuntimeOf, caller: CallerOf, reference: str) -> Response:
    """Erase a contact, for good. What was sent stays in the counts, without their address."""
    contact_uuid = await directory.find_contact(runtime, caller, reference)
    await erasure.erase_contact(runtime, caller, contact_uuid)
    return nothing()


def _row(index: int, body: ContactPut) -> BulkContact:
    consent = None
    if body.opt_in is not None:
        consent = "subscribed" if body.opt_in else "unsubscribed"
    return BulkContact(index, body.email, body.ours(), consent)


async def _set_consent(
    runtime: Runtime, caller: Caller, contact_uuid: UUID, body: ContactPatch
) -> None:
    if body.opt_in is None:
        return
    act = consents.resubscribe_contact if body.opt_in else consents.unsubscribe_contact
    await act(runtime, caller, contact_uuid)


def _refusal(row: BulkRowResult, body: ContactPut) -> Conflict | InvalidInput:
    """Why the only row was not taken: an external id that another contact has is a collision."""
    errors = row.errors or {}
    if body.email is not None and "external_id" in errors:
        return Conflict(f"externalId: {' '.join(errors['external_id'])}")
    return InvalidInput.fields(errors)


def _error(row: BulkRowResult) -> BulkError:
    return BulkError(index=row.index, message=sentence_of(InvalidInput.fields(row.errors or {})))


def _aware(time: datetime | None) -> datetime | None:
    if time is None:
        return None
    if time.tzinfo is None:
        raise InvalidInput.field("updatedSince", "Give the time with Z or an offset.")
    return instant(time, None, field="updatedSince")
