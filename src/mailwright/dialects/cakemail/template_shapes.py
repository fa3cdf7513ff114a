"""The forms of templates: one content each, which is the newest version's."""

from __future__ import annotations

from html import escape
from typing import Annotated, Any, Literal, cast

from pydantic import Field, StringConstraints

from mailwright.dialects.cakemail.fields import Body, example
from mailwright.dialects.cakemail.shapes import Shape, Unix
from mailwright.errors import InvalidInput
from mailwright.services.template_fields import NewTemplate, TemplateChanges, VersionChanges
from mailwright.services.template_views import TemplateRow, TemplateView, VersionView

#: The words of `filter` and `sort`, and ours for them.
FILTERS = ("tag", "name", "is_owner", "is_not_owner")
SORTS = {"id": "id", "created_on": "created_at", "updated_on": "updated_at", "name": "name"}

Words = Annotated[str, StringConstraints(min_length=1)]
Page = Annotated[str, StringConstraints(min_length=1, strip_whitespace=False)]
Kind = Literal["html", "text", "bee", "custom"]


class TemplateContentBody(Body):
    """What it says. `json`: the design that an editor keeps beside the page."""

    type: Kind | None = None
    subject: str | None = None
    html: Page | None = None
    text: Page | None = None
    design: dict[str, Any] | None = Field(default=None, alias="json")


class TemplatePatch(Body):
    """What to change; what is not named stays. The program sends `html` and the like flat."""

    name: Words | None = None
    description: str | None = None
    tags: list[str] | None = None
    content: TemplateContentBody | None = None
    subject: str | None = None
    html: Page | None = None
    text: Page | None = None

    model_config = example({"name": "Letter", "content": {"type": "html", "html": "<p>Hi</p>"}})

    def own(self) -> TemplateChanges:
        """What changes of the template itself."""
        given = self.given()
        found = TemplateChanges()
        if given.get("name") is not None:
            found["name"] = given["name"]
        if "description" in given:
            found["description"] = self.description
        if self.tags is not None:
            found["tags"] = self.tags
        return found

    def said(self) -> VersionChanges:
        """What changes of its content. Raises InvalidInput for a text template without text."""
        body = self.content or TemplateContentBody()
        found = VersionChanges()
        subject = self.subject if body.subject is None else body.subject
        html, text = body.html or self.html, body.text or self.text
        if subject is not None:
            found["subject"] = subject
        if body.type == "text" and html is None and text is not None:
            html = _page_of(text)
        if html is not None:
            found["html"] = html
        if text is not None:
            found["text"] = text
        if body.design is not None:
            found["design"] = body.design
        if body.type is not None:
            found["design_kind"] = None if body.type == "html" else body.type
        return found


class TemplateCreate(TemplatePatch):
    """A new template."""

    model_config = example(
        {"name": "Letter", "content": {"type": "html", "subject": "News", "html": "<p>Hi</p>"}}
    )

    def new(self) -> NewTemplate:
        """The template as a service takes it. Raises InvalidInput without a name."""
        if self.name is None:
            raise InvalidInput.field("name", "This field is required.")
        return cast("NewTemplate", {**self.own(), **self.said()})


class SharingShape(Shape):
    """Whether others see it: nobody does."""

    shared: bool = False


class TemplateContentShape(Shape):
    """What it says."""

    type: str
    subject: str | None
    html: str | None
    text: str | None
    design: dict[str, Any] | None = Field(serialization_alias="json")


class TemplateSummary(Shape):
    """A template as it stands among others."""

    id: int
    name: str
    description: str | None
    created_on: Unix
    updated_on: Unix
    tags: list[str]
    is_owner: bool = True
    sharing: SharingShape = SharingShape()


class TemplateShape(TemplateSummary):
    """A template with what it says."""

    content: TemplateContentShape


def summary(view: TemplateRow, number: int) -> TemplateSummary:
    """The form of a template in a list."""
    return TemplateSummary(**_common(view, number))


def whole(view: TemplateView, number: int, content: VersionView) -> TemplateShape:
    """The form of a template."""
    return TemplateShape(**_common(view, number), content=_content(content))


def _common(view: TemplateRow | TemplateView, number: int) -> dict[str, Any]:
    return {
        "id": number,
        "name": view.name,
        "description": view.description,
        "created_on": view.created_at,
        "updated_on": view.updated_at,
        "tags": view.tags,
    }


def _content(version: VersionView) -> TemplateContentShape:
    kind = version.design_kind or "html"
    return TemplateContentShape(
        type=kind if kind in ("text", "bee", "custom") else "html",
        subject=version.subject,
        html=None if kind == "text" else version.html,
        text=version.text,
        design=version.design,
    )


def _page_of(text: str) -> str:
    """A plain text as a page, for whoever reads pages."""
    look = "white-space:pre-wrap;font-family:inherit"
    return f'<html><body><p style="{look}">{escape(text, quote=False)}</p></body></html>'
