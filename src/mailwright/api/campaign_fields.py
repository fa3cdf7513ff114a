"""The bodies of calls that write campaigns."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints

from mailwright.api.fields import Body, Name, example

Line = Annotated[str, StringConstraints(max_length=998)]
#: Blanks at the start of Markdown mean something.
Markdown = Annotated[str, StringConstraints(strip_whitespace=False)]
DelaySeconds = Annotated[int, Field(ge=0, le=30 * 86_400)]


def _moment(value: object) -> datetime:
    """A point in time, or local time, from ISO 8601 and nothing else."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or len(str(value)) < len("2027-05-01T18:00"):
        raise ValueError("Use ISO 8601 with Z or an offset, such as 2027-05-01T18:00:00+02:00.")
    return found


Moment = Annotated[datetime, BeforeValidator(_moment, json_schema_input_type=str)]


class CampaignFields(Body):
    """What can be set on a campaign. `null` clears."""

    subject: Line | None = None
    preheader: Line | None = None
    from_name: Name | None = None
    reply_to: str | None = None
    from_identity: UUID | None = None
    list_uuid: UUID | None = None
    segment_uuid: UUID | None = None
    project_uuid: UUID | None = None
    template_version_uuid: UUID | None = Field(
        None,
        description="A template version, sent instead of a body; published at the latest then.",
    )
    require_locale_variant: bool = Field(
        default=False, description="Leave out whose language the template does not have."
    )
    audience_filter: dict[str, Any] | None = Field(
        None,
        description="A rule as in segments, or `locale`, `opt_in`, `project_uuid`, `attributes`. "
        "`{}` is everybody who may be mailed.",
    )
    timezone: str | None = Field(None, description="For scheduling: an IANA name.")
    language: str = "en"
    track_opens: bool = True
    track_clicks: bool = True
    track_text_clicks: bool = Field(default=False, description="Links of the text part, too.")
    link_parameters: str | None = Field(
        None, description="Added to every tracked link, such as `utm_source=newsletter`."
    )
    unsubscribe_footer: bool = Field(
        default=False, description="Even where the body has a way out of its own."
    )
    max_delay_seconds: DelaySeconds = 3600
    content: Markdown | None = Field(None, description="The body as Markdown.")
    document: dict[str, Any] | None = Field(None, description="The body as a block tree.")
    html: Markdown | None = Field(None, description="The body as a page of your own.")
    text: Markdown | None = Field(None, description="The text part beside `html`.")
    design_kind: str | None = None
    design: dict[str, Any] | None = Field(
        None, description="What an editor of your own keeps beside `html`."
    )
    overwrite: bool = Field(
        default=False, description="Replace a body whose styling or layout this would lose."
    )


class CampaignCreate(CampaignFields):
    """A new draft."""

    name: Name

    model_config = example(
        {
            "name": "May newsletter",
            "subject": 'Hello {{ contact.first_name | default: "friend" }}',
            "from_name": "Harbour Post",
            "content": "# Ahoy\n\nThe new lighthouse opens on **Saturday**.",
        }
    )


class CampaignPatch(CampaignFields):
    """What to change; absent fields stay."""

    name: Name = ""

    model_config = example({"preheader": "What is new at the harbour", "overwrite": False})


class ScheduleBody(Body):
    """When to send. Without Z or an offset it is local time in `timezone`, an IANA name."""

    scheduled_at: Moment
    timezone: str | None = None

    model_config = example({"scheduled_at": "2027-05-01T18:00:00+02:00"})


class TestBody(Body):
    """Where a test mail goes. `language`: whose sample person it addresses."""

    __test__ = False  # pytest: not a test case

    email: str
    language: str | None = None

    model_config = example({"email": "me@harbour.example"})


class RenderBody(Body):
    """Whose mail to show; without a contact it is a sample person's.

    `sanitize`: the HTML is safe to show inside a page of yours.
    """

    contact_uuid: UUID | None = None
    language: str | None = None
    sanitize: bool = True

    model_config = example({"contact_uuid": "0198e1b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b"})
