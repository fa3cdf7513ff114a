"""`/templates`: named contents that campaigns and single mails send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from starlette.responses import Response

from mailwright.errors import Conflict, InvalidInput
from mailwright.services import templates as service
from mailwright.services.template_fields import NewTemplate, TemplateChanges
from mailwright.services.template_views import TemplateView, VersionRow
from mailwright.web.forms import Form
from mailwright.web.visits import Visit


@dataclass(frozen=True, slots=True)
class Edition:
    """All variants of one number; the first is the one in the template's own language."""

    number: int
    variants: Sequence[VersionRow]

    @property
    def is_published(self) -> bool:
        """Whether any of it may be sent."""
        return any(variant.state == "published" for variant in self.variants)


async def show_list(visit: Visit) -> Response:
    """Templates by name."""
    search = visit.query("search")
    paged = await service.page_templates(
        visit.runtime, visit.caller, visit.page(), search=search or None
    )
    return await visit.show("templates/list.html", paged=paged, search=search)


async def show_new(visit: Visit) -> Response:
    """An empty form."""
    visit.caller.require("templates:write")
    return await _new(visit, {"default_locale": "en"})


async def create(visit: Visit) -> Response:
    """The new template, on the page where its first version is written."""
    try:
        named = _named(visit.form)
        fields = NewTemplate(**named, locale=named.get("default_locale"))
        made = await service.create_template(visit.runtime, visit.caller, fields, strict=False)
    except (InvalidInput, Conflict) as error:
        return await _new(visit, visit.form, error)
    path = f"/templates/{made.uuid}/versions/{made.versions[0].uuid}"
    return visit.go(path, said="The template is there. Write its first version.")


async def show(visit: Visit) -> Response:
    """A template with its versions, and how the one chosen looks."""
    found = await service.get_template(
        visit.runtime, visit.caller, visit.path_id("uuid", "template")
    )
    return await _page(visit, found)


async def save(visit: Visit) -> Response:
    """The template by its new name, or the form again with what is wrong."""
    template_uuid = visit.path_id("uuid", "template")
    try:
        await service.change_template(
            visit.runtime, visit.caller, template_uuid, _named(visit.form)
        )
    except (InvalidInput, Conflict) as error:
        found = await service.get_template(visit.runtime, visit.caller, template_uuid)
        return await _page(visit, found, error)
    return visit.go(f"/templates/{template_uuid}", said="Saved.")


async def delete(visit: Visit) -> Response:
    """Gone, with all of its versions."""
    await service.delete_template(visit.runtime, visit.caller, visit.path_id("uuid", "template"))
    return visit.go("/templates", said="The template was deleted.")


def editions(template: TemplateView) -> list[Edition]:
    """The versions by number, newest first, each with its variants: own language before others."""
    found = groupby(template.versions, lambda version: version.number)
    return [
        Edition(
            number, sorted(rows, key=lambda row: row.locale not in (None, template.default_locale))
        )
        for number, rows in found
    ]


async def _page(
    visit: Visit, template: TemplateView, error: InvalidInput | Conflict | None = None
) -> Response:
    wanted = visit.query("show")
    found = editions(template)
    every = [variant for edition in found for variant in edition.variants]
    published = [variant for variant in every if variant.state == "published"]
    asked = [variant for variant in every if str(variant.uuid) == wanted]
    values = {
        "name": template.name,
        "slug": template.slug,
        "default_locale": template.default_locale or "",
    }
    return await visit.show(
        "templates/one.html",
        422 if error else 200,
        template=template,
        editions=found,
        shown=next(iter(asked or published or every), None),
        form=visit.form if error else values,
        **visit.faults(error),
    )


async def _new(visit: Visit, form: Form, error: InvalidInput | Conflict | None = None) -> Response:
    return await visit.show(
        "templates/new.html", 422 if error else 200, form=form, **visit.faults(error)
    )


def _named(form: Form) -> TemplateChanges:
    changes: dict[str, Any] = {"name": form.get("name", "")}
    if form.get("slug"):
        changes["slug"] = form["slug"].strip()
    changes["default_locale"] = form.get("default_locale", "").strip() or None
    return changes  # pyright: ignore[reportReturnType]  # the names above are those of the type
