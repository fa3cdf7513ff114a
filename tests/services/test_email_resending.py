"""Mails that did not arrive, sent once more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from mailwright.domain.email_status import EmailStatus
from mailwright.errors import Conflict, Forbidden, InvalidInput, NotFound
from mailwright.mail.attachments import Attachment
from mailwright.services import email_previews, emails, suppressions
from mailwright.services.caller import Caller
from mailwright.services.email_resending import resend_email
from mailwright.services.email_views import EmailView
from mailwright.services.emails import NewEmail
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime
from mailwright.wire.smtp_reply import Phase
from tests.builders import MadeTenant, make_list, make_sender, make_template, make_tenant
from tests.delivery.single_stage import set_single_stage

OF_ITS_OWN = {"uuid", "message_id", "created_at", "next_attempt_at", "scheduled_at", "expires_at"}
OF_ITS_END = {"status", "state", "reason", "reply", "attempts", "bounced_at"}


async def canceled(runtime: Runtime, caller: Caller, **fields: Any) -> EmailView:
    made = await emails.submit(runtime, caller, NewEmail("ada@example.org", **fields))
    return await emails.cancel_email(runtime, caller, made.uuid)


def facts(view: EmailView) -> dict[str, Any]:
    apart = OF_ITS_OWN | OF_ITS_END
    return {name: getattr(view, name) for name in view.__dataclass_fields__ if name not in apart}


@pytest.fixture
async def sender(runtime: Runtime, tenant: MadeTenant) -> UUID:
    return (await make_sender(runtime.database, tenant.id, "shop@example.com")).uuid


async def test_the_new_mail_says_and_carries_the_same(
    runtime: Runtime, caller: Caller, tenant: MadeTenant, sender: UUID
) -> None:
    made_list = await make_list(runtime.database, tenant.id)
    other = await make_sender(runtime.database, tenant.id, "other@example.com")
    old = await canceled(
        runtime,
        caller,
        to_name="Ada",
        subject="Order {{ n }}",
        html="<p>{{ n }}</p>",
        text="n {{ n }}",
        encoding="iso-8859-1",
        data={"n": 7},
        sender=other.id,
        from_name="Shop",
        reply_to="help@example.com",
        list=made_list.id,
        headers=[("X-Order", "7")],
        attachments=[Attachment("a.pdf", "application/pdf", b"%PDF")],
        tags=["order"],
        metadata={"order": "7"},
        track_text_clicks=True,
        at_most_once=True,
        scheduled_at=runtime.now().replace(year=runtime.now().year + 1),
    )
    new = await resend_email(runtime, caller, old.uuid)
    assert (new.status, new.scheduled_at) == (EmailStatus.QUEUED, None)
    assert new.uuid != old.uuid
    read = await emails.get_email(runtime, caller, new.uuid)
    assert facts(read) == facts(old)
    assert await email_previews.render_email(
        runtime, caller, new.uuid
    ) == await email_previews.render_email(runtime, caller, old.uuid)


async def test_what_a_template_said_it_says_still(
    runtime: Runtime, caller: Caller, tenant: MadeTenant, sender: UUID
) -> None:
    variable = {"name": "n", "fallback": "none"}
    made = await make_template(
        runtime.database, tenant.id, html="<p>Order {{ n }}</p>", variables=[variable]
    )
    old = await canceled(runtime, caller, template_version_uuid=made.version.uuid)
    new = await resend_email(runtime, caller, old.uuid)
    rendered = await email_previews.render_email(runtime, caller, new.uuid)
    assert rendered.html is not None
    assert "Order none" in rendered.html


async def test_who_bounced_is_sent_to_again_once_they_are_no_longer_suppressed(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_single_stage(runtime, tenant, caller) as stage, stage.working():
        stage.sink.answer(Phase.RCPT, "550 5.1.1 no such user", recipient="ada@*", times=1)
        old = await stage.submit()
        await stage.until_status(old, "bounced")
        with pytest.raises(InvalidInput) as refused:
            await resend_email(stage.runtime, caller, old.uuid)
        assert refused.value.code == "RECIPIENT_SUPPRESSED"
        [found] = (await suppressions.page_suppressions(stage.runtime, caller, Page())).items
        await suppressions.remove_suppression(stage.runtime, caller, found.uuid)
        new = await resend_email(stage.runtime, caller, old.uuid)
        await stage.until_status(new, "delivered")
        with pytest.raises(Conflict) as conflict:
            await resend_email(stage.runtime, caller, new.uuid)
        assert conflict.value.code == "EMAIL_NOT_RESENDABLE"
        assert len(stage.sink.mails) == 1


async def test_it_needs_the_right_and_is_the_tenants_own(
    runtime: Runtime, caller: Caller, sender: UUID
) -> None:
    old = await canceled(runtime, caller, subject="Hi", text="Hi")
    other = await make_tenant(runtime.database, "globex", name="Globex")
    with pytest.raises(NotFound):
        await resend_email(runtime, replace(caller, tenant_id=other.id), old.uuid)
    with pytest.raises(NotFound):
        await resend_email(runtime, caller, uuid4())
    with pytest.raises(Forbidden):
        await resend_email(runtime, replace(caller, granted=frozenset({"emails:read"})), old.uuid)
    asked = NewEmail("bo@example.org", subject="Hi", text="Hi")
    waiting = await emails.submit(runtime, caller, asked)
    with pytest.raises(Conflict):
        await resend_email(runtime, caller, waiting.uuid)
