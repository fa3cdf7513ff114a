"""Files that are written in the background, in Cakemail's words: exports and tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field
from starlette.responses import Response

from mailwright.dialects.cakemail.shapes import Shape, Unix, answer, plain, unix
from mailwright.services.export_tasks import ExportView
from mailwright.services.task_list import Requester, TaskView

SORTS = {"status": "status", "created_on": "created_at", "expires_on": "expires_at"}
FILTERS = ("status", "progress")

#: What the document calls the kinds.
TYPES: Mapping[str, str] = {
    "contacts": "contactsexport",
    "campaign-events": "campaignlogexport",
    "campaign-reports": "campaignsreportsexport",
    "suppressions": "suppressedemailsexport",
    "list-events": "listlogsexport",
}
OTHER_TYPE = "unknown"
#: A task that failed is in `error`; an export `failed`.
TASK_STATUS = {"failed": "error"}


class ContactsExportShape(Shape):
    """An export of contacts: whom it is of, in the words that asked for it."""

    id: str
    status: str
    description: str | None
    segment_id: int | None
    filter: str | None
    query: str | None
    fiql: str | None
    json_: dict[str, Any] | None = Field(None, serialization_alias="json")
    created_on: Unix
    expires_on: Unix
    progress: int


class RequesterShape(Shape):
    """Who asked for it."""

    id: int
    email: str


class TaskShape(Shape):
    """Something that is done in the background."""

    id: str
    status: str
    created_on: Unix
    expires_on: Unix
    progress: int
    requested_by: RequesterShape
    type: str
    description: str | None
    payload: dict[str, Any]


class DownloadShape(Shape):
    """Where the file is, for a while; whoever has the address has the file."""

    url: str
    expires_on: int


def contacts_export_shape(view: ExportView) -> ContactsExportShape:
    """The form of an export of contacts."""
    origin = view.origin or {}
    return ContactsExportShape(
        id=str(view.uuid),
        status=view.status,
        description=view.description,
        segment_id=origin.get("segment_id"),
        filter=origin.get("filter"),
        query=origin.get("query"),
        fiql=origin.get("fiql"),
        json_=origin.get("json"),
        created_on=view.created_at,
        expires_on=view.expires_at,
        progress=view.progress,
    )


def requester_shape(requester: Requester) -> RequesterShape:
    """The form of whoever asked."""
    return RequesterShape(id=requester.number, email=requester.email)


def task_shape(view: TaskView) -> TaskShape:
    """The form of a task."""
    return TaskShape(
        id=str(view.uuid),
        status=TASK_STATUS.get(view.status, view.status),
        created_on=view.created_at,
        expires_on=view.expires_at,
        progress=view.progress,
        requested_by=requester_shape(view.requested_by),
        type=TYPES.get(view.kind, OTHER_TYPE),
        description=view.description,
        payload={name: value for name, value in view.payload.items() if value is not None},
    )


def download_answer(url: str, view: ExportView | TaskView) -> Response:
    """`{"data": {url, expires_on}}`, also on top, for programs that look there."""
    data = plain(DownloadShape(url=url, expires_on=unix(view.expires_at)))
    return answer({**data, "data": data})
