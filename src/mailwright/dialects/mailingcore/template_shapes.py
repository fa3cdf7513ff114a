"""Templates and their versions in MailingCore's words (vendors.md 2.1, "Templates")."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import StringConstraints

from mailwright.dialects.mailingcore.fields import Body, example
from mailwright.dialects.mailingcore.shapes import Moment, Shape
from mailwright.services.bodies import MJML
from mailwright.services.template_views import TemplateRow, TemplateView, VersionRow, VersionView

Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Subject = Annotated[str, StringConstraints(max_length=998)]
#: Blanks at the start of a text mean something.
Text = Annotated[str, StringConstraints(strip_whitespace=False)]

#: MailingCore's name → ours.
_OURS = {
    "name": "name",
    "slug": "slug",
    "subject": "subject",
    "html_body": "html",
    "text_body": "text",
    "locale": "locale",
    "locale_group_id": "locale_group",
    "mjml_source": "mjml",
}
_UNLAYER = "unlayer"


class VariableBody(Body):
    """A name the text asks for, beyond those of the contact."""

    name: str
    type: str = "string"
    fallback: str | None = None


class VersionBody(Body):
    """What a draft says; absent fields stay. Variants share `localeGroupId`, the base's id."""

    subject: Subject | None = None
    html_body: Text | None = None
    text_body: Text | None = None
    locale: str | None = None
    locale_group_id: UUID | None = None
    mjml_source: Text | None = None
    unlayer_design: dict[str, Any] | None = None
    variables: list[VariableBody] | None = None

    model_config = example(
        {
            "subject": "Novedades de junio",
            "htmlBody": "<p>Hola.</p><p><a href='{{unsubscribeUrl}}'>Baja</a></p>",
            "locale": "es",
            "localeGroupId": "0198e1b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b",
        }
    )

    def ours(self) -> Any:
        """The fields that the caller sent, as the services call them."""
        given = self.given()
        found = {ours: given[theirs] for theirs, ours in _OURS.items() if theirs in given}
        if self.locale_group_id is None:  # null: the version is its own anchor, as it was
            found.pop("locale_group", None)
        found |= self._design(found)
        if self.variables is not None:
            found["variables"] = [each.model_dump() for each in self.variables]
        return found

    def _design(self, found: dict[str, Any]) -> dict[str, Any]:
        """What is kept beside `htmlBody`; alone, MJML is made into a page."""
        if self.unlayer_design is not None:
            return {"design_kind": _UNLAYER, "design": self.unlayer_design}
        if self.html_body and self.mjml_source:
            return {"design_kind": MJML, "design": {"source": found.pop("mjml")}}
        return {}


class TemplateBody(VersionBody):
    """A template with its first draft."""

    name: Name
    slug: str | None = None

    model_config = example(
        {
            "name": "Monthly letter",
            "subject": "What is new in June",
            "htmlBody": "<p>Ahoy.</p><p><a href='{{unsubscribeUrl}}'>Unsubscribe</a></p>",
        }
    )

    def ours(self) -> Any:
        """As above; without a slug it is made from the name."""
        found = super().ours()
        if found.get("slug") is None:
            found.pop("slug", None)
        return found


class VariableShape(Shape):
    """A name the text asks for."""

    name: str
    type: str
    fallback: str | None


class VersionRowShape(Shape):
    """A version without what it says."""

    id: str
    version: int
    status: str
    locale: str | None
    locale_group_id: str
    subject: str | None
    created_at: Moment
    updated_at: Moment
    published_at: Moment | None


class VersionShape(VersionRowShape):
    """A version in full."""

    template_id: str
    html_body: str | None
    text_body: str | None
    mjml_source: str | None
    unlayer_design: dict[str, Any] | None
    variables: list[VariableShape]


class TemplateRowShape(Shape):
    """A template in a list."""

    id: str
    slug: str
    name: str
    created_at: Moment
    updated_at: Moment


class TemplateShape(TemplateRowShape):
    """A template with its versions, the newest first."""

    versions: list[VersionRowShape]


def template_row_shape(row: TemplateRow) -> TemplateRowShape:
    """A row of a list in MailingCore's form."""
    return TemplateRowShape(**_template(row))


def template_shape(view: TemplateView) -> TemplateShape:
    """The template in MailingCore's form."""
    versions = [VersionRowShape(**_version(version)) for version in view.versions]
    return TemplateShape(**_template(view), versions=versions)


def version_shape(view: VersionView) -> VersionShape:
    """The version in MailingCore's form."""
    return VersionShape(
        **_version(view),
        template_id=str(view.template_uuid),
        html_body=view.html,
        text_body=view.text,
        mjml_source=view.mjml,
        unlayer_design=view.design if view.design_kind == _UNLAYER else None,
        variables=[
            VariableShape(name=each.name, type=each.type, fallback=each.fallback)
            for each in view.variables
        ],
    )


def _template(view: TemplateRow | TemplateView) -> dict[str, Any]:
    return {
        "id": str(view.uuid),
        "slug": view.slug,
        "name": view.name,
        "created_at": view.created_at,
        "updated_at": view.updated_at,
    }


def _version(view: VersionRow | VersionView) -> dict[str, Any]:
    return {
        "id": str(view.uuid),
        "version": view.number,
        "status": view.state.upper(),
        "locale": view.locale,
        "locale_group_id": str(view.locale_group),
        "subject": view.subject,
        "created_at": view.created_at,
        "updated_at": view.updated_at,
        "published_at": view.published_at,
    }
