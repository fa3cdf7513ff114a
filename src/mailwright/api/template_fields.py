"""The bodies of calls that write templates."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from mailwright.api.campaign_fields import Line, Markdown
from mailwright.api.fields import Body, Name, example

Slug = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class VariableBody(Body):
    """A name the text asks for, beyond those of the contact."""

    name: str
    type: str = "string"
    fallback: str | None = None


class VersionFields(Body):
    """What a version says. `null` clears."""

    locale: str | None = Field(None, description="A language such as es, or a tag such as pt-BR.")
    subject: Line | None = None
    preheader: Line | None = None
    content: Markdown | None = Field(None, description="The body as Markdown.")
    document: dict[str, Any] | None = Field(None, description="The body as a block tree.")
    html: Markdown | None = Field(None, description="The body as a page of your own.")
    mjml: Markdown | None = Field(None, description="The body as MJML, made into a page.")
    text: Markdown | None = Field(None, description="The text part beside `html` or `mjml`.")
    design_kind: str | None = None
    design: dict[str, Any] | None = Field(
        None, description="What your own editor keeps beside its `html`."
    )
    variables: list[VariableBody] = Field(
        default=[], description="Names the text may use, with what stands where they are empty."
    )

    def changes(self) -> Any:
        """The fields that the caller sent, as a service takes them."""
        found = super().changes()
        if "variables" in found:
            found["variables"] = [variable.model_dump() for variable in self.variables]
        return found


class TemplateCreate(VersionFields):
    """A template with its first draft."""

    name: Name
    slug: Slug = ""
    description: str | None = None
    tags: list[str] = Field(default=[])
    default_locale: str | None = None

    model_config = example(
        {
            "name": "Monthly letter",
            "default_locale": "en",
            "subject": "News for {{ contact.first_name | default: 'you' }}",
            "content": "# Ahoy\n\nThe lighthouse opens.\n\n[Leave]({{ unsubscribeUrl }})",
        }
    )


class TemplatePatch(Body):
    """What to change of the template itself; absent fields stay."""

    name: Name = ""
    slug: Slug = ""
    description: str | None = None
    tags: list[str] = Field(default=[])
    default_locale: str | None = None

    model_config = example({"name": "Letter of the month"})


class VersionCreate(VersionFields):
    """A new draft; with `locale_group`, a variant of the versions in that group."""

    locale_group: UUID = Field(default=UUID(int=0))

    model_config = example({"subject": "News", "content": "Something new."})


class VersionPatch(VersionFields):
    """What to change of a draft; absent fields stay."""

    locale_group: UUID = Field(default=UUID(int=0))

    model_config = example({"subject": "Better news"})


class VariantBody(Body):
    """The language of the variant."""

    locale: str

    model_config = example({"locale": "es"})


class VersionRenderBody(Body):
    """Values for the variables, and whose mail to show; else a sample person's."""

    data: dict[str, Any] = Field(default={}, max_length=200)
    contact_uuid: UUID | None = None
    sanitize: bool = True

    model_config = example({"data": {"order_number": "1042"}})
