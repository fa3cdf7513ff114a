"""The demo's proof: ledger = inbox, recipient by recipient."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from rich.console import Console

from mailwright.cli.demo_client import Api, DemoFailed


@dataclass(frozen=True, slots=True)
class Proof:
    """How many ledger rows say `sent`, how many mails arrived, and whether they are the same."""

    ledger_sent: int
    inbox_mails: int
    equal: bool


async def prove(api: Api, campaign: str, console: Console) -> Proof:
    """Compares who the ledger says was mailed with who has a mail. Raises DemoFailed on one row."""
    ledger: Counter[str] = Counter()
    async for row in api.every(f"/campaigns/{campaign}/recipients", status="sent"):
        ledger[row["email"]] += 1
    inbox: Counter[str] = Counter()
    async for row in api.every("/inbox", campaign_uuid=campaign):
        inbox.update(row["recipients"])
    everybody: set[str] = {*ledger, *inbox}
    differing = sorted(address for address in everybody if ledger[address] != inbox[address])
    if differing:
        raise DemoFailed(f"Ledger and inbox differ for {len(differing)} people: {differing[:3]}.")
    proof = Proof(ledger.total(), inbox.total(), equal=True)
    console.print(
        f"[bold green]✓ proved:[/] {proof.ledger_sent} sent in the ledger = "
        f"{proof.inbox_mails} mails in the inbox, recipient by recipient"
    )
    return proof
