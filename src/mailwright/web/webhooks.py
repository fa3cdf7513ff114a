"""`/settings/webhooks`: programs that are told what happens, and how that goes."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from mailwright.domain.webhook_event import DeliveryState, EventType, WebhookDialect
from mailwright.errors import InvalidInput
from mailwright.services import webhook_log
from mailwright.services import webhooks as service
from mailwright.services.paging import Page
from mailwright.services.webhook_delivery import LOG_KEPT
from mailwright.services.webhook_log import REPLAYED_MAX, ReplayRange
from mailwright.services.webhooks import NewWebhook, WebhookChanges, WebhookView
from mailwright.web.forms import Form, ticked
from mailwright.web.visits import Visit

PATH = "/settings/webhooks"
DIALECTS = (
    (WebhookDialect.NATIVE, "Standard Webhooks"),
    (WebhookDialect.MAILINGCORE, "MailingCore"),
    (WebhookDialect.CAKEMAIL, "Cakemail"),
)


#: Below which heading the events of a noun stand.
HEADINGS: Mapping[str, str] = {
    "email": "Mails",
    "campaign": "Campaigns",
    "contact": "Contacts",
    "list": "Lists",
    "segment": "Segments",
    "suppression": "Suppressions",
    "template": "Templates",
    "sender": "Senders",
    "import": "Imports and exports",
    "export": "Imports and exports",
    "contacts_export": "Imports and exports",
    "campaign_log_export": "Imports and exports",
    "list_log_export": "Imports and exports",
    "suppressions_export": "Imports and exports",
    "account": "Account and members",
    "member": "Account and members",
}


def grouped() -> dict[str, list[tuple[str, str]]]:
    """Every event by heading, with what a form calls it below that."""
    groups: dict[str, list[tuple[str, str]]] = {heading: [] for heading in HEADINGS.values()}
    for event in EventType:
        noun, _, deed = event.partition(".")
        heading = HEADINGS[noun]
        is_alone = list(HEADINGS.values()).count(heading) == 1
        label = deed if is_alone else f"{noun} {deed}"
        groups[heading].append((event, label.replace("_", " ")))
    return groups


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


async def replay_dead(visit: Visit) -> Response:
    """Everything that was given up is on its way again, as far as one call goes."""
    webhook_uuid = visit.path_id("uuid", "webhook")
    now = visit.runtime.now()
    kept = ReplayRange(now - LOG_KEPT, now)
    done = await webhook_log.replay_deliveries(visit.runtime, visit.caller, webhook_uuid, kept)
    said = f"{done.replayed:,} on their way again." if done.replayed else "Nothing was given up."
    if done.more:
        said += " There are more: send again once these have arrived."
    return visit.go(f"{PATH}/{webhook_uuid}", said=said)


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
        nouns=grouped(),
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
    dead = await webhook_log.page_deliveries(
        visit.runtime, visit.caller, webhook.uuid, Page(1, 1), state=DeliveryState.DEAD
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
        nouns=grouped(),
        log=log,
        dead_count=dead.total,
        replayed_max=REPLAYED_MAX,
        state=wanted or "",
        states=[""] + [each.value for each in DeliveryState],
        **visit.faults(error),
    )
