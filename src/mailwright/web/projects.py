"""`/settings/projects`: the SMTP transports that mail leaves through."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from starlette.responses import Response

from mailwright.errors import Conflict, InvalidInput
from mailwright.services import projects as service
from mailwright.services import senders
from mailwright.services.paging import Page
from mailwright.services.projects import ProjectChanges, ProjectTest, ProjectView
from mailwright.web.forms import Form
from mailwright.web.visits import Visit

KINDS = (
    ("smtp", "A mail server of your own"),
    ("installation", "As this installation sends"),
    ("capture", "The built-in inbox: nothing leaves"),
)
TLS_MODES = (
    ("starttls", "STARTTLS, required"),
    ("implicit", "TLS from the start"),
    ("none", "None: everything can be read on the way"),
)
_NEW = {"transport": "smtp", "tls": "starttls", "verify": "on", "connections": "4"}
_SERVER = ("host", "username")


async def show_list(visit: Visit) -> Response:
    """Projects by name, with what their servers are up to."""
    paged = await service.page_projects(visit.runtime, visit.caller, visit.page())
    return await visit.show("projects/list.html", paged=paged, kinds=dict(KINDS))


async def show_new(visit: Visit) -> Response:
    """An empty form."""
    visit.caller.require("projects:write")
    return await _form(visit, None, _NEW)


async def create(visit: Visit) -> Response:
    """The new project, or the form again with what is wrong."""
    try:
        made = await service.create_project(visit.runtime, visit.caller, _changes(visit.form, None))
    except (InvalidInput, Conflict) as error:
        return await _form(visit, None, visit.form, error)
    said = f"{made.name} is there. Try it before you send."
    return visit.go(f"/settings/projects/{made.uuid}", said=said)


async def show(visit: Visit) -> Response:
    """A project: its form, its state, and the way to try it."""
    found = await _existing(visit)
    return await _form(visit, found, _values(found))


async def save(visit: Visit) -> Response:
    """The changes, or the form again with what is wrong."""
    found = await _existing(visit)
    try:
        changes = _changes(visit.form, found)
        await service.change_project(visit.runtime, visit.caller, found.uuid, changes)
    except (InvalidInput, Conflict) as error:
        return await _form(visit, found, visit.form, error)
    return visit.go(f"/settings/projects/{found.uuid}", said="Saved.")


async def try_out(visit: Visit) -> Response:
    """What the server says to us now, step by step; no mail is sent."""
    found = await _existing(visit)
    test = await service.check_project(visit.runtime, visit.caller, found.uuid)
    return await _form(visit, found, _values(found), test=test)


async def delete(visit: Visit) -> Response:
    """Gone, with its password."""
    await service.delete_project(visit.runtime, visit.caller, visit.path_id("uuid", "project"))
    return visit.go("/settings/projects", said="The project was deleted.")


async def _existing(visit: Visit) -> ProjectView:
    return await service.get_project(visit.runtime, visit.caller, visit.path_id("uuid", "project"))


async def _form(
    visit: Visit,
    project: ProjectView | None,
    form: Form,
    error: InvalidInput | Conflict | None = None,
    test: ProjectTest | None = None,
) -> Response:
    usable = await senders.page_identities(visit.runtime, visit.caller, Page())
    return await visit.show(
        "projects/one.html",
        422 if error else 200,
        project=project,
        form=form,
        test=test,
        kinds=KINDS,
        tls_modes=TLS_MODES,
        senders=[(each.uuid, f"{each.from_name} <{each.email}>") for each in usable.items],
        **visit.faults(error),
    )


def _values(project: ProjectView) -> dict[str, str]:
    values = {
        "name": project.name,
        "transport": project.transport,
        "host": project.host or "",
        "port": str(project.port or ""),
        "tls": project.tls or "starttls",
        "username": project.username or "",
        "rate_per_second": f"{project.rate_per_second:g}" if project.rate_per_second else "",
        "connections": str(project.connections),
        "default_sender_uuid": str(project.default_sender_uuid or ""),
    }
    switches = {"verify": project.verify, "is_default": project.is_default}
    return values | {name: "on" for name, on in switches.items() if on}


def _changes(form: Form, before: ProjectView | None) -> ProjectChanges:
    """What the form says; an empty password leaves the one there is."""
    name = form.get("name", "").strip()
    if not name:
        raise InvalidInput.field("name", "Give it a name.")
    kind = form.get("transport", "smtp")
    if kind not in dict(KINDS):
        raise InvalidInput.field("transport", "Choose one of the list.")
    changes: dict[str, Any] = {"name": name, "transport": kind}
    if before is None or "is_default" in form or before.is_default:
        changes["is_default"] = "is_default" in form
    changes["default_sender_uuid"] = _uuid(form.get("default_sender_uuid", ""))
    if kind == "smtp":
        changes |= {field: form.get(field, "").strip() or None for field in _SERVER}
        changes |= {"tls": form.get("tls") or None, "verify": "verify" in form}
        changes["port"] = _number(form, "port")
        changes["connections"] = _number(form, "connections") or 1
        changes["rate_per_second"] = _rate(form)
        if form.get("password"):
            changes["password"] = form["password"]
    return changes  # pyright: ignore[reportReturnType]  # the names above are those of the type


def _number(form: Form, field: str) -> int | None:
    text = form.get(field, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 6):
        raise InvalidInput.field(field, "A whole number.")
    return int(text)


def _rate(form: Form) -> float | None:
    text = form.get("rate_per_second", "").strip()
    try:
        found = float(text) if text else None
    except ValueError:
        found = -1.0
    if found is not None and not 0 < found <= 100_000:
        raise InvalidInput.field("rate_per_second", "A number above 0, or nothing for no limit.")
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidInput.field("default_sender_uuid", "Choose one of the list.") from None
