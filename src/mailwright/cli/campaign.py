"""`mailwright campaign`: list, show, test, send and cancel from a shell."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailwright.cli.output import JsonOption, TenantOption, emit, table
from mailwright.cli.process import with_runtime

if TYPE_CHECKING:
    from uuid import UUID

    from mailwright.services.caller import Caller
    from mailwright.services.runtime import Runtime

app = typer.Typer(help="List, show, test, send and cancel campaigns.", no_args_is_help=True)

CampaignArgument = Annotated[
    str, typer.Argument(metavar="CAMPAIGN", help="Its id, as `campaign list` shows it.")
]


@app.command("list")
def list_them(
    tenant: TenantOption = "default",
    status: Annotated[
        str | None, typer.Option(help="Only those that are draft, sending, sent, …")
    ] = None,
    search: Annotated[str | None, typer.Option(help="Only those with this in their name.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List campaigns, newest first."""

    async def work(runtime: Runtime) -> list[dict[str, Any]]:
        from mailwright.services import campaigns
        from mailwright.services.paging import Page

        wanted = _state(status) if status else None
        caller = await _operator(runtime, tenant)
        rows: list[dict[str, Any]] = []
        while True:
            page = await campaigns.page_campaigns(
                runtime, caller, Page(len(rows) // 100 + 1), search=search, status=wanted
            )
            rows += [asdict(view) for view in page.items]
            if not page.items or len(rows) >= page.total:
                return rows

    rows = with_runtime(work)
    shown = ("uuid", "status", "recipients_count", "name")
    emit(
        rows,
        as_json,
        lambda: table(
            [[row[column] for column in shown] for row in rows],
            ["ID", "STATUS", "RECIPIENTS", "NAME"],
        ),
    )


@app.command("show")
def show(
    campaign: CampaignArgument, tenant: TenantOption = "default", as_json: JsonOption = False
) -> None:
    """Show one campaign: its status, what is missing, and its figures."""

    async def work(runtime: Runtime) -> dict[str, Any]:
        from mailwright.services import campaigns, reports

        caller, campaign_uuid = await _operator(runtime, tenant), _id(campaign)
        view = await campaigns.get_campaign(runtime, caller, campaign_uuid)
        report = await reports.get_report(runtime, caller, campaign_uuid)
        return {**asdict(view), "report": asdict(report)}

    found = with_runtime(work)
    emit(found, as_json, lambda: _summary(found))


@app.command("test")
def send_test(
    campaign: CampaignArgument,
    email: Annotated[str, typer.Argument(help="Where the test goes.")],
    language: Annotated[
        str | None, typer.Option(help="Of the sample person it addresses; else the campaign's.")
    ] = None,
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Send a test to one address; nothing changes and nobody else gets it."""

    async def work(runtime: Runtime) -> Any:
        from mailwright.services import campaign_tests

        caller = await _operator(runtime, tenant)
        return await campaign_tests.send_test(
            runtime, caller, _id(campaign), email, language=language
        )

    sent = with_runtime(work)
    emit(sent, as_json, lambda: [f"A test went to {sent.email}: {sent.reply}"])


@app.command("send")
def send(
    campaign: CampaignArgument, tenant: TenantOption = "default", as_json: JsonOption = False
) -> None:
    """Send a campaign now; workers take it from here."""

    async def work(runtime: Runtime) -> dict[str, Any]:
        from mailwright.services import campaign_sending

        caller = await _operator(runtime, tenant)
        return asdict(await campaign_sending.send_campaign(runtime, caller, _id(campaign)))

    _moved(with_runtime(work), as_json)


@app.command("cancel")
def cancel(
    campaign: CampaignArgument, tenant: TenantOption = "default", as_json: JsonOption = False
) -> None:
    """Stop a campaign for good; who was not mailed yet never is."""

    async def work(runtime: Runtime) -> dict[str, Any]:
        from mailwright.services import campaign_sending

        caller = await _operator(runtime, tenant)
        return asdict(await campaign_sending.cancel_campaign(runtime, caller, _id(campaign)))

    _moved(with_runtime(work), as_json)


def _moved(campaign: dict[str, Any], as_json: bool) -> None:
    emit(campaign, as_json, lambda: [f"{campaign['name']} is {campaign['status']}."])


async def _operator(runtime: Runtime, tenant: str) -> Caller:
    from mailwright.services import tenants

    return await tenants.operator_of(runtime, tenant)


def _id(text: str) -> UUID:
    from mailwright.domain.ids import parse_id

    return parse_id(text, "campaign")


def _state(word: str) -> Any:
    from mailwright.domain.campaign_lifecycle import CampaignState
    from mailwright.errors import InvalidInput

    try:
        return CampaignState(word)
    except ValueError:
        raise InvalidInput.field("status", f"One of {', '.join(CampaignState)}.") from None


def _summary(campaign: dict[str, Any]) -> list[str]:
    """What people want to know, one fact a line."""
    report = campaign["report"]
    facts: dict[str, object] = {
        "id": campaign["uuid"],
        "name": campaign["name"],
        "status": campaign["status"],
        "why": campaign["stalled_reason"] or campaign["status_reason"],
        "missing": ", ".join(campaign["readiness"]["missing"]),
        "subject": campaign["subject"],
        "from": campaign["from_email"],
        "scheduled": campaign["scheduled_at"],
    }
    figures = ("audience", "sent", "delivered", "opened", "clicked", "bounced", "unsubscribed")
    facts |= {name: report[name] for name in (*figures, "queued", "deferred", "failed")}
    facts["skipped"] = sum(report["skipped"].values())
    return [f"{name:<14}{value}" for name, value in facts.items() if value not in (None, "")]
