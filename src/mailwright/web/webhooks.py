"""`/settings/webhooks`: programs that are told what happens, and how that goes."""

from __future__ import annotations

from starlette.responses import Response

from mailwright.domain.webhook_event import DeliveryState, EventType, WebhookDialect
from mailwright.errors import InvalidInput
from mailwright.services import webhook_log
from mailwright.services import webhooks as service
from mailwright.services.webhooks import NewWebhook, WebhookChanges, WebhookView
from mailwright.web.forms import Form, ticked
from mailwright.web.visits import Visit

PATH = "/settings/webhooks"
DIALECTS = (
    (WebhookDialect.NATIVE, "Standard Webhooks"),
    (WebhookDialect.MAILINGCORE, "MailingCore"),
    (WebhookDialect.CAKEMAIL, "Cakemail"),
)


async def show_list(visit: Visit) -> Response:
    """Endpoints, oldest first."""
    paged = await service.page_webhooks(visit.runtime, visit.caller, visit.page())
    return await visit.show("webhooks/list.html", paged=paged)


async def show_new(visit: Visit) -> Response:
    """An empty form."""
    visit.caller.require("webhooks:write")
    return await _new(visit, {})


async def create(visit: Visit) -> Response:
    """The new endpoint with its secret, on this page only."""
    form = visit.form
    try:
        dialect = WebhookDialect(form.get("dialect") or "native")
    except ValueError:
        raise InvalidInput.field("dialect", "Choose one of the list.") from None
    new = NewWebhook(
        url=form.get("url", "").strip(),
        events=ticked(form, "event"),
        description=form.get("description", "").strip()[:255] or None,
        dialect=dialect,
    )
    try:
        made, secret = await service.create_webhook(visit.runtime, visit.caller, new)
    except InvalidInput as error:
        return await _new(visit, form, error)
    return await _page(visit, made, secret=secret)


async def show(visit: Visit) -> Response:
    """An endpoint: its form and its log."""
    return await _page(visit, await _existing(visit))


async def save(visit: Visit) -> Response:
    """The changes, or the form again with what is wrong."""
    form = visit.form
    changes: WebhookChanges = {
        "url": form.get("url", "").strip(),
        "events": ticked(form, "event"),
        "description": form.get("description", "").strip()[:255] or None,
        "enabled": "enabled" in form,
    }
    webhook_uuid = visit.path_id("uuid", "webhook")
    try:
        await service.change_webhook(visit.runtime, visit.caller, webhook_uuid, changes)
    except InvalidInput as error:
        return await _page(visit, await _existing(visit), error=error)
    return visit.go(f"{PATH}/{webhook_uuid}", said="Saved.")


async def rotate(visit: Visit) -> Response:
    """A new secret, on this page only; the old one signs for another day."""
    changed, secret = await service.rotate_secret(
        visit.runtime, visit.caller, visit.path_id("uuid", "webhook")
    )
    return await _page(visit, changed, secret=secret)


async def send_test(visit: Visit) -> Response:
    """A test event is on its way; the log shows how it went."""
    webhook_uuid = visit.path_id("uuid", "webhook")
    await webhook_log.send_test(visit.runtime, visit.caller, webhook_uuid)
    said = "A test is on its way. The log below shows how it goes; reload it in a moment."
    return visit.go(f"{PATH}/{webhook_uuid}", said=said)


async def replay(visit: Visit) -> Response:
    """One delivery, on its way again."""
    webhook_uuid = visit.path_id("uuid", "webhook")
    delivery_uuid = visit.path_id("delivery", "delivery")
    await webhook_log.replay_delivery(visit.runtime, visit.caller, webhook_uuid, delivery_uuid)
    return visit.go(f"{PATH}/{webhook_uuid}", said="It is on its way again.")


async def delete(visit: Visit) -> Response:
    """Gone, with its log."""
    await service.delete_webhook(visit.runtime, visit.caller, visit.path_id("uuid", "webhook"))
    return visit.go(PATH, said="The webhook was deleted.")


async def _existing(visit: Visit) -> WebhookView:
    return await service.get_webhook(visit.runtime, visit.caller, visit.path_id("uuid", "webhook"))


async def _new(visit: Visit, form: Form, error: InvalidInput | None = None) -> Response:
    return await visit.show(
        "webhooks/new.html",
        422 if error else 200,
        form=form,
        events=list(EventType),
        dialects=DIALECTS,
        **visit.faults(error),
    )


async def _page(
    visit: Visit, webhook: WebhookView, *, secret: str = "", error: InvalidInput | None = None
) -> Response:
    state = visit.query("state")
    wanted = DeliveryState(state) if state in set(DeliveryState) else None
    log = await webhook_log.page_deliveries(
        visit.runtime, visit.caller, webhook.uuid, visit.page(), state=wanted
    )
    values = {"url": webhook.url, "description": webhook.description or ""}
    values |= {f"event.{event}": "on" for event in webhook.events}
    values |= {"enabled": "on"} if webhook.enabled else {}
    return await visit.show(
        "webhooks/one.html",
        422 if error else 200,
        webhook=webhook,
        secret=secret,
        form=visit.form if error else values,
        events=list(EventType),
        log=log,
        state=wanted or "",
        states=[""] + [each.value for each in DeliveryState],
        **visit.faults(error),
    )
