"""Campaigns in MailingCore's words (seeds 002 and 004)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, cast
from uuid import UUID

from pydantic import Field, StringConstraints

from mailwright.dialects.mailingcore import fields
from mailwright.dialects.mailingcore.fields import Address, Body, example
from mailwright.dialects.mailingcore.shapes import Moment, Shape
from mailwright.domain.campaign_lifecycle import CampaignState as S
from mailwright.services.campaign_fields import CampaignChanges
from mailwright.services.campaign_views import CampaignRow, CampaignView

#: Our state → MailingCore's word (design section 6). It has none for the moment between "send"
#: and the first mail; PAUSED and FAILED are ours, shown as they are.
STATUS: Mapping[S, str] = {
    S.DRAFT: "DRAFT",
    S.SCHEDULED: "SCHEDULED",
    S.QUEUED: "SENDING",
    S.SENDING: "SENDING",
    S.PAUSED: "PAUSED",
    S.SENT: "SENT",
    S.FAILED: "FAILED",
    S.CANCELED: "CANCELLED",
}
#: And back: the states that a word of theirs means.
STATES: Mapping[str, tuple[S, ...]] = {
    word: tuple(state for state in S if STATUS[state] == word) for word in STATUS.values()
}

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]  # seed 004
Subject = Annotated[str, StringConstraints(max_length=998)]


class AudienceFilter(Body):
    """Who receives the campaign: contacts that fit every field that is given."""

    locale: str | None = None
    opt_in: bool | None = None
    project_id: UUID | None = None
    attributes: dict[str, str | int | float | bool] | None = None

    model_config = example({"locale": "en", "optIn": True, "attributes": {"plan": "pro"}})

    def ours(self) -> dict[str, Any]:
        """The simple form of domain/audience_filter.py."""
        found = {
            "locale": self.locale,
            "opt_in": self.opt_in,
            "project_uuid": str(self.project_id) if self.project_id else None,
            "attributes": self.attributes,
        }
        return {name: value for name, value in found.items() if value is not None}


class CampaignFields(Body):
    """What can be set on a campaign."""

    template_version_id: UUID | None = None
    subject: Subject | None = None
    audience_filter: AudienceFilter | None = None
    project_id: UUID | None = Field(
        None, description="The SMTP project; that of the filter where only it names one."
    )
    timezone: str | None = None

    def ours(self) -> CampaignChanges:
        """The fields that the caller sent, as the services call them."""
        given = self.given()
        found = {name: given[name] for name in ("name", "subject", "timezone") if name in given}
        if "template_version_id" in given:
            found["template_version_uuid"] = self.template_version_id
        if "audience_filter" in given:  # null: everybody who may be mailed
            found["audience_filter"] = self.audience_filter.ours() if self.audience_filter else {}
        project = self.audience_filter.project_id if self.audience_filter else None
        if "project_id" in given or project is not None:
            found["project_uuid"] = self.project_id if "project_id" in given else project
            found |= {"from_identity": None, "from_name": None}  # the project's own speaks
        return cast("CampaignChanges", found)


class CampaignPatch(CampaignFields):
    """What to change of a draft; absent fields stay."""

    name: Name = ""

    model_config = example(
        {
            "subject": "Updated subject line",
            "audienceFilter": {"optIn": True, "locale": "en"},
        }
    )


class CampaignCreate(CampaignFields):
    """A new draft."""

    name: Name

    model_config = example(
        {
            "name": "June product update",
            "subject": "What is new in June",
            "audienceFilter": {"locale": "en", "optIn": True, "attributes": {"plan": "pro"}},
            "timezone": "Europe/Madrid",
        }
    )

    def ours(self) -> CampaignChanges:
        """As above; without a filter it is for everybody who may be mailed."""
        return {"audience_filter": {}, **super().ours()}


class TestBody(Body):
    """Where the test goes: 1 to 5 addresses (seed 002)."""

    __test__ = False  # pytest: not a test case

    emails: list[Address] = Field(min_length=1, max_length=5)

    model_config = example({"emails": ["ada@example.com", "grace@example.com"]})


class ScheduleBody(Body):
    """When to send. A time without `Z` or an offset is told by the clocks of `timezone`."""

    scheduled_at: fields.Moment
    timezone: str | None = None

    model_config = example({"scheduledAt": "2027-07-01T09:00:00.000Z", "timezone": "Europe/Madrid"})


class CampaignRowShape(Shape):
    """A campaign in a list."""

    id: str
    name: str
    status: str
    subject: str | None
    timezone: str | None
    scheduled_at: Moment | None
    recipients_count: int
    created_at: Moment
    updated_at: Moment


class CampaignShape(CampaignRowShape):
    """A campaign in full. `status_reason`: why it is PAUSED or FAILED.

    `audience_filter` has a `rule` where one was set through another door.
    """

    status_reason: str | None
    template_id: str | None
    template_version_id: str | None
    audience_filter: dict[str, Any] | None
    project_id: str | None
    from_email: str | None
    started_at: Moment | None
    finished_at: Moment | None


class TestResult(Shape):
    """What the mail server said to one address: SENT or REJECTED, with its words."""

    __test__ = False  # pytest: not a test case

    email: str
    status: str
    message: str


class TestShape(Shape):
    """What became of a test."""

    __test__ = False  # pytest: not a test case

    sent: int
    results: list[TestResult]


class CoverageShape(Shape):
    """How many people of the audience read a language, and whether there is a variant for them."""

    locale: str | None
    count: int
    has_template: bool


def campaign_row_shape(row: CampaignRow) -> CampaignRowShape:
    """A row of a list in MailingCore's form."""
    return CampaignRowShape(**_row(row))


def campaign_shape(view: CampaignView) -> CampaignShape:
    """The campaign in MailingCore's form."""
    return CampaignShape(
        **_row(view),
        status_reason=view.status_reason,
        template_id=_text(view.template_uuid),
        template_version_id=_text(view.template_version_uuid),
        audience_filter=_filter(view.audience_filter),
        project_id=_text(view.project_uuid),
        from_email=view.from_email,
        started_at=view.started_at,
        finished_at=view.finished_at,
    )


def _row(view: CampaignRow | CampaignView) -> dict[str, Any]:
    return {
        "id": str(view.uuid),
        "name": view.name,
        "status": STATUS[S(view.status)],
        "subject": view.subject,
        "timezone": view.timezone,
        "scheduled_at": view.scheduled_at,
        "recipients_count": view.recipients_count,
        "created_at": view.created_at,
        "updated_at": view.updated_at,
    }


def _filter(ours: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if ours is None:
        return None
    theirs = {"locale": "locale", "opt_in": "optIn", "project_uuid": "projectId"}
    if set(ours) - {*theirs, "attributes"}:
        return {"rule": dict(ours)}
    return {theirs.get(name, name): value for name, value in ours.items()}


def _text(uuid: UUID | None) -> str | None:
    return None if uuid is None else str(uuid)
