"""The story of `mailwright demo`: from a CSV file to a report that is proved.

Everything goes the way a stranger's program would go: a server process, an API key, HTTP.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from mailwright.cli.demo_client import Api, DemoFailed
from mailwright.cli.demo_proof import Proof, prove
from mailwright.cli.demo_readers import Visits, read_some_mails
from mailwright.cli.demo_server import program, running_server
from mailwright.errors import InvalidInput
from mailwright.settings import Settings

LIST_NAME = "Hazel & Rye readers"
SENDER = {"name": "Hazel & Rye", "email": "hello@hazelandrye.example"}
POLL_SECONDS = 0.2
FINISHED = {"sent", "failed", "paused", "canceled"}


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo did; the JSON of `mailwright demo --json`."""

    imported: dict[str, Any]
    campaign: str
    report: dict[str, Any]
    visits: Visits
    proof: Proof
    mails_per_second: float


async def run_demo(settings: Settings, examples: Path, console: Console) -> DemoResult:
    """Runs the whole story against `settings`' installation. Raises DemoFailed with a sentence."""
    newsletter, contacts = examples / "newsletter.md", examples / "contacts.csv"
    for needed in (newsletter, contacts):
        if not needed.is_file():
            raise InvalidInput(f"The demo needs {needed.name} in the folder {examples.name}.")
    markdown = newsletter.read_text(encoding="utf-8")  # before anything runs
    console.rule("[bold]Mailwright demo: from a CSV file to a report that is proved")
    await _run("tenant", "list")  # the first start: the owner's password is shown on this terminal
    async with running_server(settings) as root:
        console.print(f"[green]✓[/] server, workers and inbox are up at {root}")
        key = await _make_key(console)
        imported = await _import(contacts, console)
        async with aiohttp.ClientSession() as session:
            api = Api(session, root, key)
            campaign = await _write(api, markdown, console)
            await _test(api, campaign, console)
            rate = await _send(api, campaign, console)
            visits = await read_some_mails(api, campaign, console)
            report = await _report(api, campaign, visits, console)
            proof = await prove(api, campaign, console)
    _farewell(settings, console)
    return DemoResult(imported, campaign, report, visits, proof, rate)


async def _run(*arguments: str) -> Any:
    """What one of our own commands prints as JSON; its progress goes to the terminal."""
    process = await asyncio.create_subprocess_exec(
        *program(), *arguments, "--json", stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise DemoFailed(f"`mailwright {arguments[0]}` ended with {process.returncode}.")
    return json.loads(output)


async def _make_key(console: Console) -> str:
    made = await _run("key", "create", "--tenant", "default", "--name", "demo", "--scope", "*")
    console.print("[green]✓[/] API key for the tenant [bold]default[/]")
    return str(made["key"])


async def _import(contacts: Path, console: Console) -> dict[str, Any]:
    where = ("--tenant", "default", "--list", LIST_NAME, "--consent", "demo sign-up form")
    imported: dict[str, Any] = await _run("import", str(contacts), *where)
    console.print(
        f"[green]✓[/] contacts: {imported['created']} new, {imported['updated']} known, "
        f"{imported['rejected']} rejected"
    )
    if imported["error_file"]:
        console.print(f"  why they were rejected: {imported['error_file']}", soft_wrap=True)
    return imported


async def _write(api: Api, newsletter: str, console: Console) -> str:
    lists = await api.get("/lists", search=LIST_NAME)
    sender = await _sender(api)
    now = datetime.now(UTC)
    draft = await api.post("/campaigns", {"name": f"Demo, {now:%d %B %Y %H:%M:%S}"})
    missing = ", ".join(draft["readiness"]["missing"])
    console.print(f"[green]✓[/] a draft; still missing: {missing}")
    fields = {
        "subject": '{{ contact.first_name | default: "Friend" }}, slow mornings and good bread',
        "preheader": "The loaf of the month, a recipe, and three dates to keep free",
        "from_name": SENDER["name"],
        "from_identity": sender,
        "list_uuid": lists["data"][0]["uuid"],
        "content": newsletter,
    }
    answer = await api.call("PATCH", f"/campaigns/{draft['uuid']}", json=fields)
    ready = answer["data"]["readiness"]
    console.print(f"[green]✓[/] newsletter written; can be sent: {ready['can_send']}")
    return str(draft["uuid"])


async def _sender(api: Api) -> str:
    known = await api.get("/senders")
    for sender in known["data"]:
        if sender["email"] == SENDER["email"]:
            return str(sender["uuid"])
    return str((await api.post("/senders", dict(SENDER)))["uuid"])


async def _test(api: Api, campaign: str, console: Console) -> None:
    await api.post(f"/campaigns/{campaign}/test", {"email": "you@hazelandrye.example"})
    console.print("[green]✓[/] a test mail to you@hazelandrye.example")


async def _send(api: Api, campaign: str, console: Console) -> float:
    """Sends, shows progress until nothing is queued, and returns mails per second."""
    started = asyncio.get_running_loop().time()
    await api.post(f"/campaigns/{campaign}/send")
    columns = (
        TextColumn("  sending"),
        BarColumn(),
        TextColumn("{task.completed:.0f} of {task.total:.0f}"),
        TextColumn("{task.fields[rate]:.0f}/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("sending", total=0, rate=0.0)
        while True:
            report = (await api.get(f"/campaigns/{campaign}/report"))["data"]
            elapsed = asyncio.get_running_loop().time() - started
            done = report["audience"] - report["queued"]
            rate = report["sent"] / elapsed
            progress.update(task, total=report["audience"], completed=done, rate=rate)
            if report["status"] in FINISHED:
                break
            await asyncio.sleep(POLL_SECONDS)
    if report["status"] != "sent":
        raise DemoFailed(f"The campaign is {report['status']}.")
    console.print(f"[green]✓[/] {report['sent']} mails in {elapsed:.1f} s")
    return rate


async def _report(api: Api, campaign: str, visits: Visits, console: Console) -> dict[str, Any]:
    """The report, once the visits have been written down (batches of a quarter second)."""
    report: dict[str, Any] = {}
    for _ in range(50):
        report = (await api.get(f"/campaigns/{campaign}/report"))["data"]
        if report["clicked"] >= visits.clicks and report["opened"] >= visits.opens:
            break
        await asyncio.sleep(0.1)
    console.rule("Report")
    for name in ("audience", "sent", "delivered", "opened", "clicked", "bounced", "unsubscribed"):
        console.print(f"  {name:<14}{report[name]:>8}")
    _print_skipped(report["skipped"], console)
    return report


def _print_skipped(skipped: dict[str, int], console: Console) -> None:
    reasons: Sequence[tuple[str, int]] = sorted(skipped.items())
    console.print(f"  {'skipped':<14}{sum(skipped.values()):>8}")
    for reason, count in reasons:
        console.print(f"    {reason:<12}{count:>8}")


def _farewell(settings: Settings, console: Console) -> None:
    console.rule()
    console.print("See the mails in a browser: [bold]make serve[/], then")
    console.print(f"  http://{settings.host}:{settings.port}/inbox")
    console.print(f"  sign in as {settings.owner_email}; the password was printed on first start,")
    console.print("  or set one: [bold]mailwright user password owner@localhost[/]")
