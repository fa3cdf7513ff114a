"""One walk through the nouns, with a receiver that hears of everything that is done to them."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from mailwright.domain.confirmation import DoubleOptIn
from mailwright.domain.doors import Door
from mailwright.domain.scopes import Role
from mailwright.domain.tokens import Confirmation
from mailwright.domain.webhook_event import EventType, WebhookDialect
from mailwright.errors import Conflict
from mailwright.services import (
    account,
    campaign_archive,
    campaign_sending,
    campaigns,
    confirmations,
    consents,
    contact_bulk,
    contacts,
    erasure,
    export_tasks,
    imports,
    invitations,
    list_imports,
    list_joining,
    list_settings,
    lists,
    members,
    password_links,
    segments,
    senders,
    sessions,
    suppressions,
    tags,
    template_versions,
    templates,
)
from mailwright.services.caller import Caller
from mailwright.services.contact_bulk import BulkContact
from mailwright.services.contact_writing import ContactChanges
from mailwright.services.export_tasks import NewExport
from mailwright.services.list_imports import HowToImport, ImportTo, ListRow
from mailwright.services.list_joining import Joining, MemberChanges
from mailwright.services.members import NewMember
from mailwright.services.runtime import Runtime
from mailwright.services.selections import Selection
from mailwright.services.suppressions import NewSuppression
from mailwright.services.template_fields import NewTemplate
from mailwright.store import tables
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_campaign, make_sender, make_tenant
from tests.password_mails import last_token
from tests.services.importing import imported
from tests.services.test_sender_confirmations import away, link_of
from tests.services.webhook_stage import WebhookStage, webhook_stage

PASSWORD = "correct horse battery staple"
EVERYBODY = {"all": [{"field": "email", "op": "contains", "value": "@"}]}


async def _told(stage: WebhookStage) -> list[tuple[str, dict[str, Any]]]:
    """What arrived since the last look, in the order in which it was written, each signed."""
    await stage.deliver()
    sent = {row["event_uuid"].hex: row["id"] for row in await stage.deliveries()}
    bodies = [
        (sent[request.headers["webhook-id"].removeprefix("evt_")], body)
        for request, body in zip(stage.receiver.requests, stage.told(), strict=True)
    ]
    stage.receiver.requests.clear()
    ordered = sorted(bodies, key=lambda pair: pair[0])
    return [(body["type"], body["data"]) for _, body in ordered]


def _types(told: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [type_ for type_, _ in told]


@pytest.mark.checklist("M51")
async def test_what_is_done_to_a_contact_is_told_step_by_step(
    runtime: Runtime, caller: Caller
) -> None:
    async with webhook_stage(runtime, caller) as stage:
        runtime = stage.runtime
        news = await lists.create_list(runtime, caller, {"name": "News"})
        assert await _told(stage) == [
            ("list.created", {"list_uuid": str(news.uuid), "list_name": "News"})
        ]
        fields = ContactChanges(first_name="Ada", contact_lists=[news.uuid])
        ada = await contacts.create_contact(runtime, caller, "ada@example.org", fields)
        who = {"contact_uuid": str(ada.uuid), "email": "ada@example.org"}
        there = {"list_uuid": str(news.uuid), "list_name": "News"}
        by = {"source": "api"}
        assert await _told(stage) == [
            ("contact.created", who | by),
            ("contact.added_to_list", who | by | there),
        ]
        await contacts.change_contact(runtime, caller, ada.uuid, {"last_name": "Lovelace"})
        await contacts.change_contact(runtime, caller, ada.uuid, {})
        assert await _told(stage) == [("contact.updated", who | by | {"changed": ["last_name"]})]
        await tags.set_tags(runtime, caller, ada.uuid, ["vip", "early"])
        await tags.set_tags(runtime, caller, ada.uuid, ["vip"])
        assert await _told(stage) == [
            ("contact.tagged", who | {"tags": ["early", "vip"]}),
            ("contact.untagged", who | {"tags": ["early"]}),
        ]
        await list_joining.leave(runtime, caller, news.uuid, ada.uuid)
        assert await _told(stage) == [("contact.unsubscribed", who | by | there)]
        await consents.unsubscribe_contact(runtime, caller, ada.uuid)
        await consents.resubscribe_contact(runtime, caller, ada.uuid)
        assert await _told(stage) == [
            ("contact.unsubscribed", who | by),
            ("contact.opted_out", who | by),
            ("contact.opted_in", who | by),
        ]
        await lists.remove_from_list(runtime, caller, news.uuid, ada.uuid)
        await lists.add_to_list(runtime, caller, news.uuid, ada.uuid)
        await contacts.delete_contact(runtime, caller, ada.uuid)
        assert await _told(stage) == [
            ("contact.removed_from_list", who | by | there),
            ("contact.added_to_list", who | by | there),
            ("contact.removed_from_list", who | by | there),
            ("contact.deleted", who | by),
        ]


async def test_who_is_erased_leaves_lists_and_is_gone_without_a_name(
    runtime: Runtime, caller: Caller
) -> None:
    news = await lists.create_list(runtime, caller, {"name": "News"})
    fields = ContactChanges(contact_lists=[news.uuid])
    ada = await contacts.create_contact(runtime, caller, "ada@example.org", fields)
    off, gone = EventType.CONTACT_REMOVED_FROM_LIST, EventType.CONTACT_DELETED
    async with webhook_stage(runtime, caller, off, gone) as stage:
        await erasure.erase_contact(stage.runtime, caller, ada.uuid)
        who = {"contact_uuid": str(ada.uuid), "source": "erased"}
        there = {"list_uuid": str(news.uuid), "list_name": "News"}
        assert await _told(stage) == [(off, who | there), (gone, who)]


async def test_members_of_a_list_are_told_of_as_its_door_changes_them(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    async with webhook_stage(runtime, caller) as stage:
        runtime = stage.runtime
        await make_sender(database, tenant.id)
        news = await list_settings.create(runtime, caller, "News", {"language": "en"})
        await list_settings.archive(runtime, caller, news.uuid)
        await list_settings.unarchive(runtime, caller, news.uuid)
        await list_settings.change(runtime, caller, news.uuid, {"language": "de"})
        told = await _told(stage)
        assert _types(told) == ["list.created"] + ["list.updated"] * 3
        assert [data["changed"] for _, data in told[1:]] == [["state"], ["state"], ["language"]]
        joining = Joining("ada@example.org", tags=["vip"], ask=DoubleOptIn.ALWAYS)
        ada = (await list_joining.join(runtime, caller, news.uuid, joining)).contact
        assert _types(await _told(stage)) == [
            "contact.created",
            "contact.added_to_list",
            "contact.tagged",
        ]
        async with database.reading() as connection:
            ids = (await connection.execute(select(tables.list_members))).mappings().one()
        until = int((runtime.now() + timedelta(days=1)).timestamp())
        asked = Confirmation(tenant.id, ids["contact_id"], ids["list_id"], until)
        await confirmations.confirm(runtime, asked)
        await confirmations.confirm(runtime, asked)
        [(type_, data)] = await _told(stage)
        assert (type_, data["source"]) == ("contact.opted_in", "double_opt_in")
        assert data["list_uuid"] == str(news.uuid)
        changes = MemberChanges(email="countess@example.org", tags=["early"])
        await list_joining.change(runtime, caller, news.uuid, ada.uuid, changes)
        told = await _told(stage)
        assert _types(told) == ["contact.updated", "contact.untagged", "contact.tagged"]
        assert told[0][1]["email_before"] == "ada@example.org"
        rows = [ListRow("bob@example.org", {}, ["new"]), ListRow("countess@example.org", {}, None)]
        await list_imports.import_to_list(runtime, caller, news.uuid, rows, HowToImport())
        assert Counter(_types(await _told(stage))) == {
            "contact.created": 1,
            "contact.updated": 1,
            "contact.added_to_list": 1,
            "contact.tagged": 1,
        }
        gone = HowToImport(ImportTo.DELETED)
        await list_imports.import_to_list(runtime, caller, news.uuid, rows, gone)
        assert Counter(_types(await _told(stage))) == {
            "contact.removed_from_list": 2,
            "contact.deleted": 2,
        }


async def test_segments_templates_senders_and_the_account_are_told_of(
    runtime: Runtime, caller: Caller
) -> None:
    async with webhook_stage(runtime, caller) as stage:
        runtime = stage.runtime
        made = await segments.create_segment(runtime, caller, "All", EVERYBODY)
        await segments.change_segment(runtime, caller, made.uuid, {"name": "Everybody"})
        await segments.delete_segment(runtime, caller, made.uuid)
        segment = {"segment_uuid": str(made.uuid), "segment_name": "Everybody"}
        assert await _told(stage) == [
            ("segment.created", segment | {"segment_name": "All"}),
            ("segment.updated", segment | {"changed": ["name"]}),
            ("segment.deleted", segment),
        ]
        new = NewTemplate(name="Hello", html="<p>{{unsubscribe_url}}</p>", subject="Hi")
        template = await templates.create_template(runtime, caller, new)
        uuid, version = template.uuid, template.versions[0].uuid
        await templates.change_template(runtime, caller, uuid, {"description": "For all"})
        await template_versions.change_version(runtime, caller, uuid, version, {"subject": "Ho"})
        await template_versions.publish_version(runtime, caller, uuid, version)
        await template_versions.publish_version(runtime, caller, uuid, version)
        await template_versions.unpublish_version(runtime, caller, uuid, version)
        german = await template_versions.create_variant(runtime, caller, uuid, version, "de")
        await template_versions.delete_version(runtime, caller, uuid, german.uuid)
        await templates.delete_template(runtime, caller, uuid)
        told = await _told(stage)
        assert _types(told) == [
            "template.created",
            "template.updated",
            "template.updated",
            "template.published",
            "template.unpublished",
            "template.updated",
            "template.updated",
            "template.deleted",
        ]
        assert told[3][1] == {
            "template_uuid": str(uuid),
            "template_name": "Hello",
            "version_uuid": str(version),
            "number": 1,
            "locale": None,
        }
        sender = await senders.create_sender(runtime, caller, "ada@example.org", "Ada")
        await senders.change_sender(runtime, caller, sender.uuid, {"name": "Ada L."})
        await senders.delete_sender(runtime, caller, sender.uuid)
        told = await _told(stage)
        assert _types(told) == [
            "sender.created",
            "sender.confirmed",
            "sender.updated",
            "sender.deleted",
        ]
        assert told[2][1] == {
            "sender_uuid": str(sender.uuid),
            "sender_name": "Ada L.",
            "email": "ada@example.org",
            "changed": ["name"],
        }
        await account.change_account(runtime, caller, {"name": "Acme & Daughters"})
        assert await _told(stage) == [("account.updated", {"changed": ["name"]})]
        new = NewMember("bob@example.org", PASSWORD, Role.VIEWER)
        member = await members.create_member(runtime, caller, new)
        await members.change_member(runtime, caller, member.uuid, {"role": Role.EDITOR})
        await sessions.sign_in(runtime, "bob@example.org", PASSWORD, "192.0.2.1")
        await members.delete_member(runtime, caller, member.uuid)
        told = await _told(stage)
        bob = {"member_uuid": str(member.uuid), "email": "bob@example.org", "role": "editor"}
        assert told == [
            ("member.created", bob | {"role": "viewer"}),
            ("member.updated", bob | {"changed": ["role"]}),
            ("member.signed_in", bob),
            ("member.deleted", bob),
        ]


async def test_who_is_mailed_a_link_and_says_yes_is_told_of(
    runtime: Runtime, caller: Caller
) -> None:
    async with (
        away(runtime, system_email="post@mailwright.example") as (sink, leaving),
        webhook_stage(leaving, caller) as stage,
    ):
        runtime = stage.runtime
        new = NewMember("bob@example.org", None, Role.VIEWER)
        bob = await invitations.invite_member(runtime, caller, new)
        await password_links.use_link(runtime, last_token(sink), PASSWORD, Door.DASHBOARD)
        who = {"member_uuid": str(bob.uuid), "email": "bob@example.org", "role": "viewer"}
        assert await _told(stage) == [
            ("member.created", who | {"invited": True}),
            ("member.joined", who),
        ]
        sender = await senders.create_sender(runtime, caller, "ada@example.org", "Ada")
        for _ in range(2):
            await senders.confirm_sender(runtime, link_of(sink).removeprefix("/s/"))
        told = await _told(stage)
        assert _types(told) == ["sender.created", "sender.confirmation_sent", "sender.confirmed"]
        assert {data["sender_uuid"] for _, data in told} == {str(sender.uuid)}


async def test_a_campaigns_way_is_told_and_a_refused_step_is_not(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    async with webhook_stage(runtime, caller) as stage:
        runtime = stage.runtime
        made = await campaigns.create_campaign(runtime, caller, {"name": "March"})
        await campaigns.change_campaign(runtime, caller, made.uuid, {"subject": "Hi"})
        copy = await campaigns.duplicate_campaign(runtime, caller, made.uuid)
        await campaign_archive.archive_campaign(runtime, caller, copy.uuid)
        await campaigns.delete_campaign(runtime, caller, copy.uuid)
        told = await _told(stage)
        assert [(type_, data["campaign_name"]) for type_, data in told] == [
            ("campaign.created", "March"),
            ("campaign.updated", "March"),
            ("campaign.created", "Copy of March"),
            ("campaign.updated", "Copy of March"),
            ("campaign.deleted", "Copy of March"),
        ]
        assert told[1][1]["changed"] == ["subject"]
        for state, step in (
            ("scheduled", campaign_sending.unschedule_campaign),
            ("queued", campaign_sending.pause_campaign),
            ("paused", campaign_sending.resume_campaign),
            ("queued", campaign_sending.cancel_campaign),
        ):
            ready = await make_campaign(database, tenant.id, state=state)
            await step(runtime, caller, ready.uuid)
            with pytest.raises(Conflict):
                await step(runtime, caller, ready.uuid)
        told = await _told(stage)
        assert [(type_, data["status"]) for type_, data in told] == [
            ("campaign.unscheduled", "draft"),
            ("campaign.paused", "paused"),
            ("campaign.resumed", "queued"),
            ("campaign.canceled", "canceled"),
        ]


async def test_suppressions_are_told_one_by_one_and_by_the_wave(
    runtime: Runtime, caller: Caller
) -> None:
    async with webhook_stage(runtime, caller) as stage:
        runtime = stage.runtime
        one = await suppressions.add_suppression(runtime, caller, "*@example.org")
        await suppressions.remove_suppression(runtime, caller, one.uuid)
        about = {
            "suppression_uuid": str(one.uuid),
            "email": "*@example.org",
            "reason": "manual",
            "scope": "all",
            "source": "key:test",
        }
        assert await _told(stage) == [
            ("suppression.added", about),
            ("suppression.removed", about),
        ]
        rows = [NewSuppression(f"p{number}@example.org") for number in range(3)]
        for _ in range(2):
            await suppressions.add_suppressions(runtime, caller, rows)
        since = runtime.now() - timedelta(days=3650)
        undone = await suppressions.undo_wave(runtime, caller, reason="manual", since=since)
        assert undone.removed == 3
        told = await _told(stage)
        assert _types(told) == ["suppression.added"] * 3 + ["suppression.removed"] * 3
        assert {data["email"] for _, data in told[3:]} == {row.email for row in rows}


async def test_an_import_is_told_as_a_whole_and_each_contact_of_it_too(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    async with webhook_stage(runtime, caller) as stage:
        await contacts.create_contact(runtime, caller, "ada@example.org", {})
        await _told(stage)
        text = "email,first_name\nada@example.org,Ada\nbob@example.org,Bob\nnobody,\n"
        made = await imported(stage.runtime, caller, text, list_name="News")
        told = await _told(stage)
        assert Counter(_types(told)) == {
            "list.created": 1,
            "contact.created": 1,
            "contact.updated": 1,
            "contact.added_to_list": 2,
            "import.finished": 1,
        }
        [bob] = [data for type_, data in told if type_ == "contact.created"]
        assert (bob["email"], bob["source"]) == ("bob@example.org", "import")
        whole = told[-1][1]
        assert whole["import_uuid"] == str(made.uuid)
        assert (whole["list_name"], whole["status"]) == ("News", "done")
        assert (whole["created"], whole["updated"], whole["rejected"]) == (1, 1, 1)
        await imports.undo_import(stage.runtime, caller, made.uuid)
        told = await _told(stage)
        assert Counter(_types(told)) == {"contact.removed_from_list": 2, "contact.deleted": 1}
        assert {data["source"] for _, data in told} == {"import undone"}


async def test_tags_on_everybody_are_told_in_one_statement_and_only_of_who_had_none(
    runtime: Runtime, caller: Caller
) -> None:
    rows = [BulkContact(number, f"p{number}@example.org", {}) for number in range(50)]
    await contact_bulk.upsert_contacts(runtime, caller, rows)
    everybody = Selection(rule=EVERYBODY)
    tagged, untagged = EventType.CONTACT_TAGGED, EventType.CONTACT_UNTAGGED
    async with webhook_stage(runtime, caller, tagged, untagged) as stage:
        await tags.change_tags(runtime, caller, everybody, add=["a"])
        await tags.change_tags(runtime, caller, everybody, add=["a", "b"])
        await tags.change_tags(runtime, caller, everybody, remove=["a", "b", "c"])
        told = [(row["type"], tuple(row["payload"]["tags"])) for row in await stage.deliveries()]
        assert Counter(told) == {
            ("contact.tagged", ("a",)): 50,
            ("contact.tagged", ("b",)): 50,
            ("contact.untagged", ("a", "b")): 50,
        }


async def test_exports_are_told_when_asked_for_finished_and_thrown_away(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    async with webhook_stage(runtime, caller) as stage:
        for kind in ("contacts", "suppressions"):
            made = await export_tasks.start_export(runtime, caller, NewExport(kind, {}))
            async with database.reading() as connection:
                found = select(tables.exports.c.id).where(tables.exports.c.uuid == made.uuid)
                export_id = (await connection.execute(found)).scalar_one()
            while await export_tasks.run_chunk(runtime, tenant.id, export_id):
                pass
            for _ in range(2):
                await export_tasks.delete_export(runtime, caller, made.uuid)
        for kind in ("campaign-events", "list-events", "recipients"):
            await export_tasks.start_export(runtime, caller, NewExport(kind, {}))
        told = await _told(stage)
        assert _types(told) == [
            "contacts_export.created",
            "export.finished",
            "contacts_export.deleted",
            "suppressions_export.created",
            "export.finished",
            "suppressions_export.deleted",
            "campaign_log_export.created",
            "list_log_export.created",
        ]
        assert (told[1][1]["kind"], told[1][1]["status"]) == ("contacts", "ready")


async def test_cakemails_receivers_get_its_words_and_the_numbers_its_api_knows(
    runtime: Runtime, database: Database, caller: Caller
) -> None:
    async with webhook_stage(runtime, caller, dialect=WebhookDialect.CAKEMAIL) as stage:
        news = await lists.create_list(runtime, caller, {"name": "News"})
        fields = ContactChanges(contact_lists=[news.uuid])
        ada = await contacts.create_contact(runtime, caller, "ada@example.org", fields)
        await tags.set_tags(runtime, caller, ada.uuid, ["vip"])
        await contacts.delete_contact(runtime, caller, ada.uuid)
        await segments.create_segment(runtime, caller, "All", EVERYBODY)
        await stage.deliver()
        async with database.reading() as connection:
            list_id = (await connection.execute(select(tables.lists.c.id))).scalar_one()
            segment_id = (await connection.execute(select(tables.segments.c.id))).scalar_one()
        bodies = [json.loads(request.body) for request in stage.receiver.requests]
        found = {body["event"]: body["data"] for body in bodies}
        assert found["List.Created"]["list_id"] == list_id
        contact_id = found["Contact.Added"]["contact_id"]
        assert contact_id > 0
        assert found["Contact.Added"]["list_id"] == list_id
        assert found["Contact.Tagged"]["contact_id"] == contact_id
        assert found["Contact.Removed"]["contact_id"] == contact_id
        assert found["Segment.Created"]["segment_id"] == segment_id
        assert "contact.created" in found  # Cakemail has no word: its contacts are on lists


async def test_nobody_elses_things_are_told_and_no_number_of_ours_is_shown_natively(
    runtime: Runtime, database: Database, caller: Caller
) -> None:
    other = await make_tenant(database)
    theirs = Caller(other.id, "key:other", caller.door, caller.granted)
    async with webhook_stage(runtime, caller) as stage:
        news = await lists.create_list(runtime, theirs, {"name": "Theirs"})
        await contacts.create_contact(
            runtime, theirs, "eve@example.org", {"contact_lists": [news.uuid]}
        )
        await segments.create_segment(runtime, caller, "Mine", EVERYBODY)
        [(_, data)] = await _told(stage)
        assert not [name for name in data if name.endswith("_id")]
