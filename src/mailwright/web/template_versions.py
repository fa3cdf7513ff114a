"""`/templates/…/versions/…`: what a template says, in one language."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from starlette.responses import Response

from mailwright.errors import Conflict, InvalidInput
from mailwright.mail.merge_variables import is_about_the_contact
from mailwright.services import body_previews, template_rendering, templates
from mailwright.services import template_versions as service
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.services.template_fields import VARIABLE_TYPES, Variable, VersionChanges
from mailwright.services.template_views import TemplateView, VersionRow, VersionView
from mailwright.web.body_forms import body_of, body_problems, keep_editor, version_body_values
from mailwright.web.forms import Form, numbered
from mailwright.web.inbox import sandboxed
from mailwright.web.security import POLICY_WITH_IMAGES, SANDBOX_WITH_IMAGES
from mailwright.web.templates import editions
from mailwright.web.visits import Visit, render

Deed = Callable[[Runtime, Caller, UUID, UUID], Awaitable[VersionView]]

#: The path's last word → what happens → what the next page says.
DEEDS: dict[str, tuple[Deed, str]] = {
    "publish": (
        service.publish_version,
        "Published: campaigns can send it, and it stays as it is.",
    ),
    "unpublish": (service.unpublish_version, "A draft again: it can be changed, and is not sent."),
    "next": (service.create_next_version, "A new draft to work on, in all of its languages."),
}
EMPTY_ROWS = 1  # for variables that the text does not ask for yet


async def show(visit: Visit) -> Response:
    """A version: its form while it is a draft, else what it says."""
    return await _page(visit)


async def save(visit: Visit) -> Response:
    """The draft with the changes, or the form again with what is wrong beside each field."""
    template_uuid, version_uuid = _ids(visit)
    try:
        changes = _changes(visit.form)
        await service.change_version(
            visit.runtime, visit.caller, template_uuid, version_uuid, changes, strict=False
        )
        said = "Saved."
        if "publish" in visit.form:
            await service.publish_version(visit.runtime, visit.caller, template_uuid, version_uuid)
            said = DEEDS["publish"][1]
    except (InvalidInput, Conflict) as error:
        return await _page(visit, error)
    response = visit.go(_path(template_uuid, version_uuid), said=said)
    return keep_editor(visit.runtime, response, visit.form)


async def change_state(visit: Visit) -> Response:
    """Publishes, takes back, or begins the next version."""
    deed, said = DEEDS[visit.request.url.path.rpartition("/")[2]]
    template_uuid, version_uuid = _ids(visit)
    made = await deed(visit.runtime, visit.caller, template_uuid, version_uuid)
    return visit.go(_path(template_uuid, made.uuid), said=said)


async def delete(visit: Visit) -> Response:
    """The draft is gone; the others of its template stay."""
    template_uuid, version_uuid = _ids(visit)
    await service.delete_version(visit.runtime, visit.caller, template_uuid, version_uuid)
    return visit.go(f"/templates/{template_uuid}", said="The draft was deleted.")


async def add_language(visit: Visit) -> Response:
    """A variant that begins with the words of this one."""
    visit.caller.require("templates:write")
    template_uuid, version_uuid = _ids(visit)
    locale = visit.form.get("locale", "").strip()
    try:
        if not locale:
            raise InvalidInput.field("locale", "Which language?")
        made = await service.create_variant(
            visit.runtime, visit.caller, template_uuid, version_uuid, locale
        )
    except (InvalidInput, Conflict) as error:
        return visit.go(_path(template_uuid, version_uuid), error=error.message)
    return visit.go(_path(template_uuid, made.uuid), said=f"Translate it into {made.locale} here.")


async def show_body(visit: Visit) -> Response:
    """The version as a made-up reader would see it, sandboxed."""
    rendered = await template_rendering.render_version(
        visit.runtime, visit.caller, *_ids(visit), sanitize=False
    )
    return sandboxed(rendered.html or "", SANDBOX_WITH_IMAGES)


async def preview(visit: Visit) -> Response:
    """The body in the form as mail, sandboxed."""
    fallbacks = {row["name"]: row.get("fallback") for row in _variables(visit.form)}
    locale = visit.form.get("locale") or visit.form.get("default_locale") or "en"
    try:
        page = await body_previews.render_template_body(
            visit.caller, body_of(visit.form), locale, fallbacks
        )
    except InvalidInput as error:
        sentences = body_problems(error.details) or [error.message]
        return sandboxed(render("editor/problem.html", sentences=sentences))
    return sandboxed(page, SANDBOX_WITH_IMAGES)


async def _page(visit: Visit, error: InvalidInput | Conflict | None = None) -> Response:
    template_uuid, version_uuid = _ids(visit)
    key = (visit.runtime, visit.caller)
    version = await service.get_version(*key, template_uuid, version_uuid)
    template = await templates.get_template(*key, template_uuid)
    is_editable = version.state == "draft" and visit.may("templates:write")
    form = visit.form if error else _values(visit, version)
    response = await visit.show(
        "templates/version.html",
        422 if error else 200,
        template=template,
        version=version,
        siblings=_siblings(template, version),
        is_editable=is_editable,
        form=form,
        variables=_variables(form, blank=True) if error else _rows(version),
        variable_types=VARIABLE_TYPES,
        needs_overwrite=False,
        saved_editor="html" if version.kind == "html" else "document",
        **visit.faults(error),
        body_problems=body_problems(error.details if isinstance(error, InvalidInput) else {}),
    )
    if is_editable:  # the editor shows the pictures of the body from wherever they lie
        response.headers["content-security-policy"] = POLICY_WITH_IMAGES
    return response


def _siblings(template: TemplateView, version: VersionView) -> Sequence[VersionRow]:
    """The variants of the version, itself among them, in the order of the template's page."""
    return next(one.variants for one in editions(template) if one.number == version.number)


def _values(visit: Visit, version: VersionView) -> dict[str, str]:
    return {
        "locale": version.locale or "",
        "subject": version.subject or "",
        "preheader": version.preheader or "",
        **version_body_values(visit, version),
    }


def _rows(version: VersionView) -> list[Variable]:
    """What the author may say something about: not what every contact has by itself."""
    known = [
        Variable(name=each.name, type=each.type, fallback=each.fallback, declared=each.declared)
        for each in version.variables
        if each.declared or not is_about_the_contact(each.name)
    ]
    return [*known, *_blank()]


def _blank() -> list[Variable]:
    return [Variable(name="", type="string", fallback=None, declared=True)] * EMPTY_ROWS


def _changes(form: Form) -> VersionChanges:
    changes: dict[str, Any] = {
        "locale": form.get("locale", "").strip() or None,
        "subject": form.get("subject", ""),
        "preheader": form.get("preheader", ""),
        **body_of(form),
    }
    # A name that is only found in the text stays found: it goes when the text no longer has it.
    changes["variables"] = [row for row in _variables(form) if row.get("declared")]
    return changes  # pyright: ignore[reportReturnType]  # the names above are those of the type


def _variables(form: Form, *, blank: bool = False) -> list[Variable]:
    rows: list[Variable] = []
    for row in numbered(form, "variable"):
        name, fallback = row.get("name", "").strip(), row.get("fallback", "")
        kind = row.get("type", "string")
        if name:
            declared = "found" not in row or bool(fallback) or kind != "string"
            rows.append(
                Variable(name=name, type=kind, fallback=fallback or None, declared=declared)
            )
    return [*rows, *_blank()] if blank else rows


def _ids(visit: Visit) -> tuple[UUID, UUID]:
    return visit.path_id("uuid", "template"), visit.path_id("version", "version")


def _path(template_uuid: UUID, version_uuid: UUID) -> str:
    return f"/templates/{template_uuid}/versions/{version_uuid}"
