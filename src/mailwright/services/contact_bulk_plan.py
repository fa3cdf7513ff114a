"""What the rows of a bulk call come to: each becomes a plan, or is rejected with its reasons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.attributes import check_attributes, merged
from mailwright.domain.custom_field import CustomField, parse_known
from mailwright.domain.email_address import EmailAddress
from mailwright.domain.ids import new_id
from mailwright.errors import InvalidInput
from mailwright.services import custom_fields
from mailwright.services.caller import Caller
from mailwright.services.contact_writing import ContactChanges, contact_columns
from mailwright.services.forgotten import FORGOTTEN, forgotten
from mailwright.services.runtime import Runtime
from mailwright.store import contact_bulk as store
from mailwright.store import lists
from mailwright.store.rows import Row

Consent = Literal["subscribed", "unconfirmed", "unsubscribed"]
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class BulkContact:
    """A row: `email`, or without one the external id in `fields`, says whom it is about.

    `consent`: None: `if_new` for somebody new, else as it is.
    """

    index: int
    email: str | None
    fields: ContactChanges
    consent: Consent | None = None
    if_new: Consent = "subscribed"


@dataclass(frozen=True, slots=True)
class BulkRowResult:
    """What became of a row: created, updated or rejected; `errors` by field."""

    index: int
    status: Literal["created", "updated", "rejected"]
    uuid: UUID | None
    errors: dict[str, list[str]] | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A row that can be carried out. `values`: every column the contact ends with."""

    index: int
    uuid: UUID
    contact_id: int | None  # None: a new one
    values: dict[str, Any]
    list_ids: tuple[int, ...]
    consent: str | None  # what the person agreed to or took back; None: nothing changes
    source: str


@dataclass(frozen=True, slots=True)
class _Read:
    """A row, checked by itself."""

    row: BulkContact
    columns: dict[str, Any]
    attributes: dict[str, Any]
    list_ids: tuple[int, ...]


def rejected_row(index: int, errors: Mapping[str, Sequence[str]]) -> BulkRowResult:
    """A row that could not be taken."""
    named = {name: list(messages) for name, messages in errors.items()}
    return BulkRowResult(index, "rejected", None, named)


class Planner:
    """Plans one call. `resubscribe`: rows may bring back people who left."""

    def __init__(self, caller: Caller, runtime: Runtime, source: str, *, resubscribe: bool) -> None:
        self._runtime = runtime
        self._tenant_id = caller.tenant_id
        self._now = runtime.now()
        self._source = source
        self._resubscribe = resubscribe
        self._rejected: list[BulkRowResult] = []
        self._fields: Mapping[str, CustomField] = {}
        self._lists: Mapping[UUID, int] = {}
        self._projects: Mapping[UUID, int] = {}
        self._by_key: dict[str, Row] = {}
        self._by_external_id: dict[str, Row] = {}
        self._forgotten: set[str] = set()
        self._named: set[object] = set()  # addresses, external ids and contacts of earlier rows

    async def plan(
        self, connection: AsyncConnection, rows: Sequence[BulkContact]
    ) -> tuple[list[Plan], list[BulkRowResult]]:
        """The plans and the rejected rows; the contacts they are about are held."""
        await self._look_up(connection, rows)
        read = [found for row in rows if (found := self._try(row.index, self._read, row))]
        await self._hold(connection, read)
        plans = [plan for found in read if (plan := self._try(found.row.index, self._plan, found))]
        return plans, self._rejected

    def _try(self, index: int, step: Callable[..., Found], argument: object) -> Found | None:
        try:
            return step(argument)
        except InvalidInput as error:
            self._rejected.append(rejected_row(index, error.details or {"row": [error.message]}))
            return None

    async def _look_up(self, connection: AsyncConnection, rows: Sequence[BulkContact]) -> None:
        self._fields = await custom_fields.definitions(connection, self._tenant_id)
        wanted = {found for row in rows for found in row.fields.get("contact_lists", ())}
        if wanted:
            self._lists = await lists.ids_of(connection, self._tenant_id, wanted)
        projects = {found for row in rows if (found := row.fields.get("project_uuid"))}
        if projects:
            self._projects = await store.project_ids(connection, self._tenant_id, list(projects))

    async def _hold(self, connection: AsyncConnection, read: Sequence[_Read]) -> None:
        keys = [found.columns["email_key"] for found in read if "email_key" in found.columns]
        external = [wanted for found in read if (wanted := found.columns.get("external_id"))]
        for row in await store.held(connection, self._tenant_id, keys, external):
            self._by_key[row["email_key"]] = row
            if row["external_id"]:
                self._by_external_id[row["external_id"]] = row
        self._forgotten = await forgotten(connection, self._runtime, self._tenant_id, keys)

    def _read(self, row: BulkContact) -> _Read:
        """The row, checked by itself. Raises InvalidInput."""
        columns = contact_columns(row.fields)
        if row.email is not None:
            address = EmailAddress.parse(row.email)
            columns |= {"email": address.text, "email_key": address.key}
        elif not columns.get("external_id"):
            raise InvalidInput.field("email", "Give an address, or the external id of a contact.")
        if "project_uuid" in row.fields:
            columns["project_id"] = self._project_id(row.fields["project_uuid"])
        attributes = parse_known(self._fields, check_attributes(row.fields.get("attributes") or {}))
        list_ids = tuple(self._list_id(uuid) for uuid in row.fields.get("contact_lists", ()))
        return _Read(row, columns, attributes, list_ids)

    def _plan(self, found: _Read) -> Plan:
        """What becomes of the row. Raises InvalidInput."""
        present = self._present(found)
        self._name(found, present)
        row = found.row
        attributes = merged(present["attributes"] if present else {}, found.attributes)
        check_attributes(attributes)  # not too many of them in all
        uuid: UUID = present["uuid"] if present else new_id()
        values = {name: present[name] if present else None for name in store.COLUMNS}
        consent = self._consent(row, present)
        values |= found.columns | self._consent_columns(consent)
        values |= {"uuid": uuid, "attributes": attributes}
        if present is not None:
            values |= {"email": present["email"], "email_key": present["email_key"]}
        contact_id = present["id"] if present else None
        return Plan(row.index, uuid, contact_id, values, found.list_ids, consent, self._source)

    def _present(self, found: _Read) -> Row | None:
        """The contact that the row is about, None for a new one."""
        external_id = found.columns.get("external_id")
        holder = self._by_external_id.get(external_id) if external_id else None
        if found.row.email is None:
            if holder is None:
                raise InvalidInput.field(
                    "external_id", "No contact has it; give an address to make one."
                )
            return holder
        if found.columns["email_key"] in self._forgotten:
            raise InvalidInput.field("email", FORGOTTEN)
        present = self._by_key.get(found.columns["email_key"])
        if holder is not None and (present is None or holder["id"] != present["id"]):
            raise InvalidInput.field("external_id", "Another contact has this external id.")
        return present

    def _name(self, found: _Read, present: Row | None) -> None:
        """One call says one thing about one person."""
        names: dict[str, object] = {}
        if present is not None:
            names["email"] = present["id"]
        elif found.row.email is not None:
            names["email"] = found.columns["email_key"]
        if external_id := found.columns.get("external_id"):
            names["external_id"] = ("external_id", external_id)
        for field, name in names.items():
            if name in self._named:
                raise InvalidInput.field(field, "It appears earlier in this call.")
        self._named.update(names.values())

    def _consent(self, row: BulkContact, present: Row | None) -> str | None:
        """The consent to set and record; None: it stays as it is."""
        if present is None:
            return row.consent or row.if_new
        if row.consent == present["consent"]:
            return None
        may_return = row.consent == "subscribed" and self._resubscribe
        return row.consent if row.consent == "unsubscribed" or may_return else None

    def _consent_columns(self, consent: str | None) -> dict[str, Any]:
        if consent is None:
            return {}
        values: dict[str, Any] = {"consent": consent}
        if consent == "unsubscribed":
            return values | {"unsubscribed_at": self._now}
        opted_in_at = self._now if consent == "subscribed" else None
        return values | {
            "consent_source": self._source,
            "opted_in_at": opted_in_at,
            "unsubscribed_at": None,
        }

    def _project_id(self, uuid: UUID | None) -> int | None:
        if uuid is not None and uuid not in self._projects:
            raise InvalidInput.field("project_uuid", "There is no such project in this account.")
        return self._projects[uuid] if uuid else None

    def _list_id(self, uuid: UUID) -> int:
        if uuid not in self._lists:
            raise InvalidInput.field("contact_lists", f"There is no such list: {uuid}.")
        return self._lists[uuid]
