"""What people send to write campaigns: the document's form, the seed's, and the program's flat one.

`{"sender": {"id": "3"}}`, `{"sender": {"sender_id": 3}}` and `{"sender_id": "3"}` mean the same.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AliasChoices, BeforeValidator, Field, StringConstraints

from mailwright.dialects.cakemail.encodings import Encoding
from mailwright.dialects.cakemail.fields import Address, Body, Moment, Number, example
from mailwright.errors import InvalidInput, NotFound
from mailwright.services import sender_defaults
from mailwright.services.caller import Caller
from mailwright.services.campaign_fields import CampaignChanges
from mailwright.services.numbers import Noun, uuid_of
from mailwright.services.runtime import Runtime
from mailwright.services.template_contents import get_content

Words = Annotated[str, StringConstraints(min_length=1)]
Page = Annotated[str, StringConstraints(min_length=1, strip_whitespace=False)]


class AudienceBody(Body):
    """Whom it is for."""

    list_id: Number | None = None
    segment_id: Number | None = None


class TrackingBody(Body):
    """What is counted. `additional_params`: added to every link that is."""

    opens: bool | None = None
    clicks_html: bool | None = None
    clicks_text: bool | None = None
    additional_params: str | None = None


class SenderBody(Body):
    """Who writes. `name`: instead of the sender's own."""

    id: Number | None = Field(default=None, validation_alias=AliasChoices("id", "sender_id"))
    name: Words | None = None


class TemplateBody(Body):
    """A template whose words the campaign begins with."""

    id: Number


class ContentBody(Body):
    """What it says. `json`: the design that an editor keeps beside the page."""

    subject: Words | None = None
    html: Page | None = None
    text: Page | None = None
    design: dict[str, Any] | None = Field(default=None, alias="json")
    type: Literal["html", "custom", "bee"] | None = None
    encoding: Encoding | None = None
    template: TemplateBody | None = None
    default_unsubscribe_link: bool | None = None


class CampaignFields(Body):
    """What a campaign is made of; what is not named stays."""

    audience: AudienceBody | None = None
    tracking: TrackingBody | None = None
    sender: SenderBody | None = None
    reply_to_email: Address | None = None
    content: ContentBody | None = None
    list_id: Number | None = None
    segment_id: Number | None = None
    sender_id: Number | None = None
    template_id: Number | None = None
    subject: Words | None = None
    html: Page | None = None
    text: Page | None = None

    async def changes(self, runtime: Runtime, caller: Caller) -> CampaignChanges:
        """The same in our words. Raises InvalidInput for ids that are not the caller's."""
        found = CampaignChanges()
        given = self.given()
        if given.get("name") is not None:
            found["name"] = given["name"]
        if "reply_to_email" in given:
            found["reply_to"] = self.reply_to_email
        _put_tracking(found, self.tracking)
        await self._put_audience(runtime, caller, found)
        await self._put_sender(runtime, caller, found)
        await self._put_content(runtime, caller, found)
        return found

    async def _put_audience(self, runtime: Runtime, caller: Caller, found: CampaignChanges) -> None:
        named = (self.audience.given() if self.audience else {}) or self.given()
        key = runtime, caller
        if "list_id" in named:
            found["list_uuid"] = await _maybe(*key, "list", named["list_id"], "audience.list_id")
        if "segment_id" in named:
            place = "audience.segment_id"
            found["segment_uuid"] = await _maybe(*key, "segment", named["segment_id"], place)

    async def _put_sender(self, runtime: Runtime, caller: Caller, found: CampaignChanges) -> None:
        body = self.sender or SenderBody()
        number = body.id or self.sender_id
        if body.name is not None:
            found["from_name"] = body.name
        if number is None:
            return
        uuid = await _own(runtime, caller, "sender", number, "sender.id")
        found["from_identity"] = uuid
        if body.name is None:
            found["from_name"] = await sender_defaults.name_of(runtime, caller, uuid)

    async def _put_content(self, runtime: Runtime, caller: Caller, found: CampaignChanges) -> None:
        body = self.content or ContentBody()
        template_id = body.template.id if body.template else self.template_id
        if template_id is not None:
            uuid = await _own(runtime, caller, "template", template_id, "content.template.id")
            words = await get_content(runtime, caller, uuid)
            found["subject"], found["html"], found["text"] = words.subject, words.html, words.text
            found["design"], found["design_kind"] = words.design, words.design_kind
            found["overwrite"] = True
        if (subject := body.subject or self.subject) is not None:
            found["subject"] = subject
        html, text = body.html or self.html, body.text or self.text
        if html is not None:
            found["html"], found["overwrite"] = html, True
            found["design"], found["design_kind"] = body.design, None
        if text is not None:
            found["text"] = text
        if body.design is not None:
            found["design"] = body.design
        if body.type is not None:
            found["design_kind"] = None if body.type == "html" else body.type
        if body.default_unsubscribe_link is not None:
            found["unsubscribe_footer"] = body.default_unsubscribe_link


class CampaignPatch(CampaignFields):
    """What to change."""

    name: Words | None = None

    model_config = example(
        {
            "sender": {"sender_id": 123},
            "audience": {"list_id": 456},
            "content": {"subject": "Our April Newsletter", "html": "<p>Hello!</p>"},
        }
    )


class CampaignCreate(CampaignFields):
    """A new draft: a name is enough."""

    name: Words

    model_config = example({"name": "April Newsletter"})

    async def changes(self, runtime: Runtime, caller: Caller) -> CampaignChanges:
        """As of every campaign; links of the text are counted, too, unless told otherwise."""
        found = await super().changes(runtime, caller)
        found.setdefault("track_text_clicks", True)
        return found


def _nothing_is_none(value: object) -> object:
    return None if value in ("", None) else value


class ScheduleBody(Body):
    """When: nothing is now. The seed's name, the document's, the program's."""

    scheduled_for: Annotated[Moment | None, BeforeValidator(_nothing_is_none)] = None
    date: Annotated[Moment | None, BeforeValidator(_nothing_is_none)] = None
    scheduled_at: Annotated[Moment | None, BeforeValidator(_nothing_is_none)] = None

    model_config = example({"scheduled_for": "2027-04-15T10:00:00Z"})

    @property
    def moment(self) -> Moment | None:
        """The time that was given, whichever name it came under."""
        return self.scheduled_for or self.date or self.scheduled_at


class TestAddress(Body):
    """An older form of where a test goes."""

    __test__ = False  # pytest: not a test case

    email: Address
    type: Literal["merged", "separated"] | None = None


TESTS_MAX = 20  # addresses of one call


class TestBody(Body):
    """Where a test goes, in four forms. `separated`: page and text as a mail each."""

    __test__ = False  # pytest: not a test case

    email: Address | None = None
    test_email: Address | TestAddress | None = None
    emails: Annotated[list[Address], Field(max_length=TESTS_MAX)] | None = None
    type: Literal["merged", "separated"] | None = None

    model_config = example({"test_email": "you@example.com"})

    @property
    def addresses(self) -> list[str]:
        """Every address named, each once. Raises InvalidInput where there is none."""
        named = self.test_email.email if isinstance(self.test_email, TestAddress) else None
        plain = self.test_email if isinstance(self.test_email, str) else None
        found = [each for each in (self.email, plain, named, *(self.emails or ())) if each]
        if not found:
            raise InvalidInput.field("email", "Name the address that gets the test.")
        return list(dict.fromkeys(found))

    @property
    def kind(self) -> Literal["merged", "separated"]:
        """How page and text leave."""
        inner = self.test_email.type if isinstance(self.test_email, TestAddress) else None
        return self.type or inner or "merged"


def _put_tracking(found: CampaignChanges, tracking: TrackingBody | None) -> None:
    if tracking is None:
        return
    if tracking.opens is not None:
        found["track_opens"] = tracking.opens
    if tracking.clicks_html is not None:
        found["track_clicks"] = tracking.clicks_html
    if tracking.clicks_text is not None:
        found["track_text_clicks"] = tracking.clicks_text
    if "additional_params" in tracking.given():
        found["link_parameters"] = tracking.additional_params


async def _maybe(
    runtime: Runtime, caller: Caller, noun: Noun, number: int | None, field: str
) -> UUID | None:
    return None if number is None else await _own(runtime, caller, noun, number, field)


async def _own(runtime: Runtime, caller: Caller, noun: Noun, number: int, field: str) -> UUID:
    try:
        return await uuid_of(runtime, caller, noun, number)
    except NotFound:
        raise InvalidInput.field(field, f"There is no {noun} {number} in this account.") from None
