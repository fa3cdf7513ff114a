"""Single mails through the engine: what arrives, what servers say, what must not be sent."""

from __future__ import annotations

import asyncio
import quopri
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text, update

from mailwright.domain.email_stream import Stream
from mailwright.domain.ids import new_id
from mailwright.domain.tokens import Tokens
from mailwright.mail.attachments import Attachment
from mailwright.services import emails, quota
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime, utc_now
from mailwright.store import single_batches, tables
from mailwright.wire.smtp_reply import Phase
from tests.builders import MadeTenant, make_contact
from tests.delivery.single_stage import SingleStage, set_single_stage
from tests.delivery.stage import FAST
from tests.smtp_sink import TAKE_AND_DROP


async def execute(stage: SingleStage, statement: Any) -> None:
    async with stage.runtime.database.transaction() as connection:
        await connection.execute(text(statement) if isinstance(statement, str) else statement)


async def suppress(stage: SingleStage, email: str, scope: str) -> None:
    row = {"tenant_id": stage.tenant.id, "uuid": new_id(), "email_key": email}
    row |= {"reason": "manual", "scope": scope}
    await execute(stage, insert(tables.suppressions).values(row))


async def batches_left(stage: SingleStage) -> int:
    async with stage.runtime.database.reading() as connection:
        return (
            await connection.execute(select(func.count()).select_from(tables.batches))
        ).scalar_one()


async def test_a_mail_leaves_at_once_and_says_what_was_asked(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_single_stage(runtime, tenant, caller) as stage:
        await make_contact(runtime.database, tenant.id, "ada@example.org", first_name="Ada")
        async with stage.working():
            mail = await stage.submit(
                to_name="Ada Lovelace",
                subject="Order {{ order }}",
                html="<p>Dear {{ first_name }}, {{ order }} costs {{ contact.email }} 12 €.</p>",
                data={"order": "4711", "contact": {"email": "stolen"}},
                headers=[("X-Order", "4711"), ("X-Unicode", "Grüße")],
                reply_to="help@example.com",
            )
            sent = await stage.until_status(mail, "delivered")
        received = stage.received("ada@example.org")
        assert received["Subject"] == "Order 4711"
        assert received["To"] == "Ada Lovelace <ada@example.org>"
        assert received["From"] == "Ada Sender <shop@example.com>"
        assert received["Reply-To"] == "help@example.com"
        assert (received["X-Order"], received["X-Unicode"]) == ("4711", "Grüße")
        assert received["Message-ID"] == mail.message_id
        html, plain = received.get_body(("html",)), received.get_body(("plain",))
        assert html is not None
        assert plain is not None
        assert "Dear Ada, 4711 costs ada@example.org 12 €." in html.get_content()
        assert "Dear Ada, 4711 costs ada@example.org 12 €." in plain.get_content()
        assert received["List-Unsubscribe"] is None
        assert (str(sent.reply)[:3], sent.attempts) == ("250", 1)
        assert await stage.events(mail) == ["submitted", "queued", "sent"]
        assert await batches_left(stage) == 0


async def test_data_named_like_a_field_of_the_contact_stands_for_it(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_single_stage(runtime, tenant, caller) as stage:
        await make_contact(runtime.database, tenant.id, "ada@example.org", first_name="Known")
        words = "{{ firstName }}, {{ contact.first_name }}, {{ last_name | default: '-' }}"
        mail = await stage.submit(html=None, text=words, data={"firstName": "Given"})
        plain = await stage.submit(html=None, text=words)
        async with stage.working():
            await stage.until_status(mail, "delivered")
            await stage.until_status(plain, "delivered")
        said = [quopri.decodestring(sent.raw).strip() for sent in stage.sink.mails]
        assert sum(raw.endswith(b"Given, Given, -") for raw in said) == 1
        assert sum(raw.endswith(b"Known, Known, -") for raw in said) == 1


@pytest.mark.checklist("OUT-06", "OUT-10", "OUT-11", "OUT-12", "OUT-13", "OUT-18")
async def test_marketing_carries_a_way_out_and_a_feedback_id(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_single_stage(runtime, tenant, caller) as stage:
        async with stage.working():
            mail = await stage.submit(stream=Stream.MARKETING, list=stage.list_id)
            await stage.until_status(mail, "delivered")
        received = stage.received("ada@example.org")
        assert received["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert received["List-Id"].startswith("Friends <")
        campaign, tenant_hex, kind, sender = received["Feedback-ID"].split(":")
        assert (campaign, tenant_hex, kind) == ("single", tenant.uuid.hex, "marketing")
        assert 5 <= len(sender) <= 15
        [captured] = stage.sink.mails
        token = received["List-Unsubscribe"].strip("<>").rpartition("/")[2]
        tokens = Tokens(runtime.keys)
        link = tokens.read_unsubscribe(token)
        ref = tokens.read_return_path(captured.envelope_sender.partition("@")[0])
        assert link is not None
        assert link.message == ref
        assert token in stage.sink.mails[0].raw.decode().replace("=\r\n", "")
        assert b"Unsubscribe" in captured.raw


@pytest.mark.checklist("E19")
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252", "shift_jis", "koi8-r"])
async def test_a_mail_carries_the_charset_that_was_asked_for(
    runtime: Runtime, tenant: MadeTenant, caller: Caller, charset: str
) -> None:
    words = {"shift_jis": "こんにちは", "koi8-r": "Привет"}.get(charset, "Grüße, señor")
    async with set_single_stage(runtime, tenant, caller) as stage, stage.working():
        mail = await stage.submit(html=f"<p>{words}</p>", subject=words, encoding=charset.upper())
        await stage.until_status(mail, "delivered")
        received = stage.received("ada@example.org")
        assert received["Subject"] == words
        for kind in ("html", "plain"):
            body = received.get_body((kind,))
            assert body is not None
            assert body.get_content_charset() == charset
            assert words in body.get_content()


@pytest.mark.checklist("E19")
async def test_what_a_charset_lacks_is_not_lost(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_single_stage(runtime, tenant, caller) as stage, stage.working():
        mail = await stage.submit(html="<p>12 €</p>", encoding="iso-8859-1")
        await stage.until_status(mail, "delivered")
        received = stage.received("ada@example.org")
        html, plain = received.get_body(("html",)), received.get_body(("plain",))
        assert html is not None
        assert plain is not None
        assert "12 &#8364;" in html.get_content()
        assert (plain.get_content_charset(), plain.get_content().strip()) == ("utf-8", "12 €")


async def test_files_come_with_the_mail_and_pictures_in_it(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    files = [
        Attachment("Rechnung Nr. 5 – März.pdf", "application/pdf", bytes(range(256)) * 20),
        Attachment("logo.png", "image/png", b"\x89PNG", "logo@shop"),
    ]
    async with set_single_stage(runtime, tenant, caller) as stage, stage.working():
        mail = await stage.submit(html='<img src="cid:logo@shop">', attachments=files)
        await stage.until_status(mail, "delivered")
        received = stage.received("ada@example.org")
        assert received.get_content_type() == "multipart/mixed"
        [bill] = list(received.iter_attachments())
        assert (bill.get_filename(), bill.get_content()) == (files[0].name, files[0].body)
        [picture] = [part for part in received.walk() if part["Content-ID"]]
        assert picture["Content-ID"] == "<logo@shop>"
        assert picture.get_payload(decode=True) == b"\x89PNG"
        assert all(len(line) <= 998 for line in stage.sink.mails[0].raw.split(b"\r\n"))


async def test_a_mail_refused_for_now_is_tried_again_and_one_refused_for_good_is_not(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_single_stage(runtime, tenant, caller, retry_first_seconds=1) as stage:
        stage.sink.answer(Phase.RCPT, "451 4.7.1 later", recipient="slow@*", times=1)
        stage.sink.answer(Phase.RCPT, "550 5.1.1 no such user", recipient="gone@*")
        slow, gone = await stage.submit("slow@x.example"), await stage.submit("gone@x.example")
        async with stage.working():
            bounced = await stage.until_status(gone, "bounced")
            await stage.until_status(slow, "deferred")
            assert (await stage.until_status(slow, "delivered")).attempts == 2
        assert bounced.reply == "550 5.1.1 no such user"
        assert await stage.events(gone) == ["submitted", "queued", "bounced"]
        with pytest.raises(Exception, match="suppressed"):
            await stage.submit("gone@x.example")


async def test_a_repeat_after_a_broken_connection_is_marked_and_at_most_once_is_never_repeated(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_single_stage(runtime, tenant, caller, retry_first_seconds=1) as stage:
        stage.sink.answer(Phase.END_OF_DATA, TAKE_AND_DROP, times=1)
        twice = await stage.submit("twice@x.example")
        once = await stage.submit("once@x.example", at_most_once=True)
        async with stage.working():
            assert (await stage.until_status(twice, "delivered")).possibly_repeated
            failed = await stage.until_status(once, "failed")
        assert (failed.reason, failed.possibly_repeated) == ("outcome_unknown", False)
        assert Counter(stage.sink.recipients) == {"twice@x.example": 2, "once@x.example": 1}


async def test_what_is_scheduled_waits_for_its_time(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_single_stage(runtime, tenant, caller) as stage:
        mail = await stage.submit(scheduled_at=utc_now() + timedelta(seconds=1))
        later = await stage.submit(scheduled_at=utc_now() + timedelta(hours=1))
        async with stage.working():
            await asyncio.sleep(0.3)
            assert stage.sink.recipients == []
            assert (await stage.read(mail)).status == "scheduled"
            await stage.until_status(mail, "delivered")
            await emails.cancel_email(stage.runtime, caller, later.uuid)
        assert await stage.events(mail) == ["submitted", "queued", "sent"]
        assert (await stage.read(later)).status == "canceled"


async def test_what_comes_too_late_is_never_sent(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_single_stage(runtime, tenant, caller, retry_first_seconds=60) as stage:
        stage.sink.answer(Phase.RCPT, "451 4.7.1 later", recipient="slow@*")
        soon = utc_now() + timedelta(seconds=30)
        slow = await stage.submit("slow@x.example", expires_at=soon)
        late = await stage.submit("late@x.example", expires_at=soon)
        row = (await stage.ledger())["late@x.example"]
        past = update(tables.emails).where(tables.emails.c.message_id == row["id"])
        await execute(stage, past.values(expires_at=utc_now() - timedelta(seconds=1)))
        async with stage.working():
            expired = await stage.until_status(late, "failed")
            refused = await stage.until_status(slow, "failed")
        assert (expired.reason, expired.attempts) == ("expired", 0)
        assert (refused.reason, refused.attempts) == ("expired", 1)
        assert stage.sink.recipients == []
        assert (await quota.get_quota(stage.runtime, caller)).used == 0, "given back"


@pytest.mark.checklist("OUT-17", "OUT-18")
async def test_who_said_no_between_accept_and_sending_is_skipped_with_the_reason(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_single_stage(runtime, tenant, caller) as stage:
        marketing: dict[str, Any] = {"stream": Stream.MARKETING, "list": stage.list_id}
        left = await stage.submit("left@x.example", **marketing)
        gone = await stage.submit("gone@x.example", **marketing)
        off = await stage.submit("off@x.example", **marketing)
        erased = await stage.submit("erased@x.example")
        receipt = await stage.submit("left@x.example")
        await execute(
            stage,
            "UPDATE list_members SET state = 'unsubscribed' WHERE contact_id ="
            " (SELECT id FROM contacts WHERE email = 'left@x.example')",
        )
        await execute(stage, "DELETE FROM contacts WHERE email = 'gone@x.example'")
        await execute(
            stage, "UPDATE contacts SET consent = 'unsubscribed' WHERE email = 'off@x.example'"
        )
        await suppress(stage, "erased@x.example", "all")
        await suppress(stage, "left@x.example", "marketing")
        async with stage.working():
            await stage.until_status(receipt, "delivered")
            reasons = {
                mail.to: (await stage.until_status(mail, "skipped")).reason
                for mail in (left, gone, off, erased)
            }
        assert stage.sink.recipients == ["left@x.example"]
        assert reasons == {
            "left@x.example": "suppressed",
            "gone@x.example": "contact_deleted",
            "off@x.example": "unsubscribed",
            "erased@x.example": "suppressed",
        }
        assert await stage.events(erased) == ["submitted", "queued", "skipped"]


async def test_a_transport_that_is_down_parks_the_project_and_the_mails_wait(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_single_stage(runtime, tenant, caller, route_outage_seconds=1) as stage:
        stage.sink.answer(Phase.GREETING, "421 4.3.2 not now", times=3)
        made = [await stage.submit(f"p{number}@x.example") for number in range(5)]
        async with stage.working(replace(FAST, refused_seconds=0.1)):
            for mail in made:
                await stage.until_status(mail, "delivered")
        assert set(Counter(stage.sink.recipients).values()) == {1}
        assert [(await stage.read(mail)).attempts for mail in made] == [1] * 5


async def test_a_limited_rate_holds_for_single_mails(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_single_stage(runtime, tenant, caller, url="?rate=20") as stage:
        for number in range(12):
            await stage.submit(f"p{number}@x.example")
        began = asyncio.get_running_loop().time()
        async with stage.working():
            await stage.until(lambda: len(stage.sink.recipients) == 12)
        assert asyncio.get_running_loop().time() - began > 0.4


async def test_test_keys_send_to_the_inbox_and_nowhere_else(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_single_stage(runtime, tenant, replace(caller, sandbox=True)) as stage:
        mail = await stage.submit()
        async with stage.working(replace(FAST, refused_seconds=0.1)):
            await asyncio.sleep(0.3)  # no inbox is running: it waits for one
        waiting = await stage.read(mail)
        assert (waiting.sandbox, waiting.status) == (True, "queued")
        assert stage.sink.recipients == []


async def test_a_content_that_cannot_be_written_fails_its_own_mail_only(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_single_stage(runtime, tenant, caller) as stage, stage.working():
        looping = "{% for i in all %}{% for j in all %}{{ j }}{% endfor %}{% endfor %}"
        broken = await stage.submit("broken@x.example", text=looping, data={"all": [1] * 9_000})
        fine = await stage.submit("fine@x.example")
        await stage.until_status(fine, "delivered")
        failed = await stage.until_status(broken, "failed")
        assert failed.reason == "not-sendable"


async def test_a_batch_whose_lease_ran_out_goes_back_to_the_ledger_and_its_worker_notices(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_single_stage(runtime, tenant, caller) as stage:
        once = await stage.submit("once@x.example", at_most_once=True)
        twice = await stage.submit("twice@x.example")
        await stage.submit("waiting@x.example")
        claim: dict[str, Any] = {"worker": "w", "busy_lanes": [], "after": (0, 0), "size": 50}
        async with stage.runtime.database.raw() as raw:
            lease = await single_batches.claim(raw, lease_seconds=0.0, **claim)
            assert lease is not None
            assert await single_batches.claim(raw, lease_seconds=9.0, **claim) is None
            in_flight = list(lease.message_ids or ())[:2]
            await raw.execute("UPDATE batches SET in_flight = $1", in_flight)
            assert await single_batches.rescue(raw) == 3
            assert await single_batches.rescue(raw) == 0
            again = await single_batches.claim(raw, lease_seconds=9.0, **claim)
            assert again is not None
            assert again.number != lease.number
            assert len(again.message_ids or ()) == 2
            await single_batches.release(raw, lease)
            assert await batches_left(stage) == 1, "the old lease changes nothing"
            await single_batches.release(raw, again)
        failed = await stage.read(once)
        assert (failed.status, failed.reason) == ("failed", "outcome_unknown")
        assert (await stage.read(twice)).possibly_repeated
        assert await stage.events(once) == ["submitted", "queued", "failed"]
        async with stage.working():
            await stage.until_status(twice, "delivered")
        assert "once@x.example" not in stage.sink.recipients


async def test_lanes_take_turns_and_busy_ones_are_left_out(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_single_stage(runtime, tenant, caller) as stage:
        await stage.submit("live@x.example")
        sandbox = replace(stage, caller=replace(caller, sandbox=True))
        await sandbox.submit("test@x.example")
        claim: dict[str, Any] = {"worker": "w", "lease_seconds": 9.0, "size": 1}
        inbox, project = f"{tenant.id}/inbox", f"{tenant.id}/{tenant.project_id}"
        async with stage.runtime.database.raw() as raw:
            first = await single_batches.claim(raw, busy_lanes=[], after=(tenant.id, 0), **claim)
            assert first is not None
            assert (first.lane, first.sandbox) == (project, False)
            none = await single_batches.claim(raw, busy_lanes=[inbox], after=(0, 0), **claim)
            assert none is None
            second = await single_batches.claim(raw, busy_lanes=[project], after=(0, 0), **claim)
            assert second is not None
            assert (second.lane, second.sandbox, second.project_id) == (
                inbox,
                True,
                tenant.project_id,
            )
