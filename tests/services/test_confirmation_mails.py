"""Double opt-in in the tenant's own words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from mailwright.domain.confirmation import DoubleOptIn
from mailwright.domain.ids import new_id
from mailwright.errors import Conflict, InvalidInput
from mailwright.services import (
    confirmation_mails,
    email_previews,
    emails,
    list_joining,
    senders,
    template_versions,
    templates,
)
from mailwright.services.caller import Caller
from mailwright.services.confirmation_mails import ConfirmationMailView
from mailwright.services.contact_writing import ContactChanges
from mailwright.services.emails import EmailFilter
from mailwright.services.list_joining import Joining
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from tests.builders import (
    Made,
    MadeTenant,
    make_list,
    make_sender,
    make_template,
    make_tenant,
)

ASK = '<html><body><p>Salut !</p><a href="{{ confirm_url }}">Oui</a> {{ list_name }}</body></html>'


@dataclass(frozen=True)
class Asked:
    """A mail that asks, as its reader sees it."""

    from_email: str
    subject: str
    html: str


@pytest.fixture
async def news(database: Database, tenant: MadeTenant) -> Made:
    await make_sender(database, tenant.id, "news@example.com")
    return await make_list(database, tenant.id, "News")


async def _asked(
    runtime: Runtime, caller: Caller, news: Made, email: str, locale: str | None
) -> Asked:
    """The mail that asks somebody of that locale."""
    fields: ContactChanges = {"language": locale}
    joining = Joining(email, fields, ask=DoubleOptIn.ALWAYS)
    await list_joining.join(runtime, caller, news.uuid, joining)
    page = await emails.page_emails(runtime, caller, EmailFilter(), per_page=100)
    mail = next(row for row in page.items if row.to == email)
    said = await email_previews.render_email(runtime, caller, mail.uuid)
    return Asked(mail.from_email, said.subject, said.html or "")


async def _template(database: Database, tenant: MadeTenant, **columns: Any) -> UUID:
    values: dict[str, Any] = {"html": ASK, "subject": "Dites oui : {{ list_name }}"}
    return (await make_template(database, tenant.id, **values | columns)).uuid


async def _set(
    runtime: Runtime, caller: Caller, *mails: ConfirmationMailView
) -> list[ConfirmationMailView]:
    return await confirmation_mails.put_confirmation_mails(runtime, caller, mails)


async def test_a_language_says_what_its_template_says_in_its_senders_name(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant, news: Made
) -> None:
    template = await _template(database, tenant)
    sender = await make_sender(database, tenant.id, "bonjour@example.com")
    await _set(runtime, caller, ConfirmationMailView("fr", template, sender.uuid))
    french = await _asked(runtime, caller, news, "a@example.com", "fr-CA")
    assert french.from_email == "bonjour@example.com"
    assert french.subject == "Dites oui : News"
    german = await _asked(runtime, caller, news, "b@example.com", "de")
    assert german.from_email == "news@example.com"
    assert german.subject == "Bitte bestätigen: News"
    unknown = await _asked(runtime, caller, news, "c@example.com", None)
    assert unknown.subject == "Please confirm: News"


async def test_a_sender_alone_sends_our_words_and_a_template_alone_from_the_usual_sender(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant, news: Made
) -> None:
    template = await _template(database, tenant)
    sender = await make_sender(database, tenant.id, "hallo@example.com")
    wanted = [
        ConfirmationMailView("de", None, sender.uuid),
        ConfirmationMailView("en", template, None),
    ]
    assert await _set(runtime, caller, *wanted) == wanted
    german = await _asked(runtime, caller, news, "a@example.com", "de-AT")
    assert german.from_email == "hallo@example.com"
    assert german.subject == "Bitte bestätigen: News"
    english = await _asked(runtime, caller, news, "b@example.com", "en-GB")
    assert english.from_email == "news@example.com"
    assert english.subject == "Dites oui : News"


async def test_what_becomes_of_a_template_or_sender_never_keeps_people_from_saying_yes(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant, news: Made
) -> None:
    template = await _template(database, tenant)
    sender = await make_sender(database, tenant.id, "bonjour@example.com")
    await _set(runtime, caller, ConfirmationMailView("fr", template, sender.uuid))
    with pytest.raises(Conflict) as used:
        await senders.delete_sender(runtime, caller, sender.uuid)
    assert used.value.code == "SENDER_IN_USE"
    await senders.change_sender(runtime, caller, sender.uuid, {"enabled": False})
    mail = await _asked(runtime, caller, news, "a@example.com", "fr")
    assert mail.from_email == "news@example.com"
    view = await templates.get_template(runtime, caller, template)
    await template_versions.unpublish_version(runtime, caller, template, view.versions[0].uuid)
    mail = await _asked(runtime, caller, news, "b@example.com", "fr")
    assert mail.subject == "Veuillez confirmer : News"
    await templates.delete_template(runtime, caller, template)
    assert await confirmation_mails.list_confirmation_mails(runtime, caller) == []


@pytest.mark.checklist("SEC-10")
async def test_what_cannot_be_is_refused_by_its_place_and_changes_nothing(
    runtime: Runtime,
    caller: Caller,
    database: Database,
    tenant: MadeTenant,
    news: Made,
) -> None:
    good = ConfirmationMailView("fr", await _template(database, tenant), None)
    await _set(runtime, caller, good)
    other = await _other_tenants(database)
    for bad, field in (
        (ConfirmationMailView("klingon!"), "mails.1.language"),
        (ConfirmationMailView("FR"), "mails.1.language"),
        (ConfirmationMailView("de", new_id()), "mails.1.template_uuid"),
        (ConfirmationMailView("de", other[0]), "mails.1.template_uuid"),
        (ConfirmationMailView("de", None, new_id()), "mails.1.sender_uuid"),
        (ConfirmationMailView("de", None, other[1]), "mails.1.sender_uuid"),
        (
            ConfirmationMailView("de", await _template(database, tenant, state="draft")),
            "mails.1.template_uuid",
        ),
        (
            ConfirmationMailView("de", await _template(database, tenant, html="<p>Hello</p>")),
            "mails.1.template_uuid",
        ),
    ):
        with pytest.raises(InvalidInput) as refused:
            await _set(runtime, caller, good, bad)
        assert list(refused.value.details) == [field]
    unconfirmed = await make_sender(database, tenant.id, confirmed_at=None, enabled=False)
    with pytest.raises(InvalidInput, match="not confirmed"):
        await _set(runtime, caller, ConfirmationMailView("de", None, unconfirmed.uuid))
    assert await confirmation_mails.list_confirmation_mails(runtime, caller) == [good]


async def _other_tenants(database: Database) -> tuple[UUID, UUID]:
    """A template and a sender of somebody else."""
    other = await make_tenant(database)
    return await _template(database, other), (await make_sender(database, other.id)).uuid


async def test_the_link_in_a_template_of_ones_own_confirms(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant, news: Made
) -> None:
    await _set(runtime, caller, ConfirmationMailView("fr", await _template(database, tenant)))
    mail = await _asked(runtime, caller, news, "a@example.com", "fr")
    assert re.search(r'href="http://[^"]+/j/[\w-]+"', mail.html)
