"""Looks a domain's records up in DNS and judges what is there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

from mailwright.domain.sending_domain import Checks, RecordKind, RecordState
from mailwright.domain.spf import SpfBroken, SpfWalk, spf_records
from mailwright.services.domain_records import SendingHost, Wanted
from mailwright.wire.certificates import certificate_problem
from mailwright.wire.dns import Address, Dns, DnsSilent

#: How long a record that held is believed in while DNS does not answer.
BELIEVED = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one record: `ok` with nothing to mend, or why it is not."""

    found: Sequence[str]
    mend: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the record holds."""
        return self.mend is None


@dataclass(frozen=True, slots=True)
class _Question:
    dns: Dns
    wanted: Wanted
    domain: str
    sending: SendingHost
    https_port: int | None  # of the public URL; None: its links are http


async def check(
    dns: Dns,
    domain: str,
    records: Sequence[Wanted],
    sending: SendingHost,
    before: Checks,
    now: datetime,
    *,
    https_port: int | None = None,
) -> dict[str, dict[str, Any]]:
    """What DNS says about every record, all asked at once, judged with what was found `before`.

    `https_port`: where the public pages are served with TLS; a tracking host needs a certificate
    there.
    """
    answers = await asyncio.gather(
        *(_ask(_Question(dns, wanted, domain, sending, https_port)) for wanted in records)
    )
    return {
        str(wanted.kind): _judged(wanted, answer, before.get(wanted.kind, {}), now)
        for wanted, answer in zip(records, answers, strict=True)
    }


async def _ask(question: _Question) -> Finding | DnsSilent:
    try:
        return await _LOOKS[question.wanted.kind](question)
    except DnsSilent as silence:
        return silence


def _judged(
    wanted: Wanted, answer: Finding | DnsSilent, before: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """The entry of `checks`. What was there once and is no more has failed; before, it waits."""
    if before.get("host", wanted.host) != wanted.host:
        before = {}  # another key or another host: nothing is known of it
    valid_at = before.get("valid_at")
    if isinstance(answer, DnsSilent):
        trusted = valid_at is not None and now - datetime.fromisoformat(valid_at) < BELIEVED
        state = RecordState.VALID if trusted else RecordState.PENDING
        found, mend = before.get("found", []), f"DNS did not answer; we ask again. ({answer})"
    elif answer.ok:
        state, valid_at, mend = RecordState.VALID, now.isoformat(), None
        found = list(answer.found)
    else:
        is_new = not answer.found and valid_at is None
        state = RecordState.PENDING if is_new else RecordState.FAILED
        found, mend = list(answer.found), answer.mend
    return {
        "state": str(state),
        "host": wanted.host,
        "found": found,
        "mend": mend,
        "valid_at": valid_at,
    }


# --- one look for each kind of record


async def _spf(question: _Question) -> Finding:
    wanted = question.wanted
    records = spf_records(await question.dns.txt(wanted.host))
    if not records:
        return Finding([], f"Publish a TXT record at {wanted.host} with this value.")
    if len(records) > 1:
        return Finding(
            records, "There are several SPF records; receivers then take none. Keep one."
        )
    sending = question.sending
    addresses: Sequence[Address] = ()
    if sending.host:
        addresses = await question.dns.addresses(sending.host)
    elif sending.mechanism.startswith(("ip4:", "ip6:")) and "/" not in sending.mechanism:
        addresses = (ip_address(sending.mechanism.partition(":")[2]),)
    walk = SpfWalk(question.dns, sending.mechanism, addresses)
    try:
        if await walk.allows(records[0], wanted.host):
            return Finding(records)
    except SpfBroken as broken:
        return Finding(records, str(broken))
    return Finding(records, f"It does not allow our server; add {sending.mechanism} to it.")


async def _dkim(question: _Question) -> Finding:
    wanted = question.wanted
    records = list(await question.dns.txt(wanted.host))
    if not records:
        return Finding([], f"Publish a TXT record at {wanted.host} with this value.")
    if len(records) > 1:
        return Finding(records, "There are several records at this name; keep this one only.")
    tags = _tags(records[0])
    if tags.get("v", "DKIM1") != "DKIM1" or tags.get("k", "rsa") != "rsa":
        return Finding(records, "This is no record of an RSA key; publish the value as it is here.")
    if tags.get("p") != _tags(wanted.value)["p"]:
        return Finding(records, "The key differs (it may have been cut off); publish this value.")
    return Finding(records)


async def _dmarc(question: _Question) -> Finding:
    """At the domain, or above it (RFC 7489 section 6.6.3); our mail is aligned by DKIM and SPF."""
    labels = question.domain.split(".")
    for depth in range(len(labels) - 1):
        name = f"_dmarc.{'.'.join(labels[depth:])}"
        records = [
            text for text in await question.dns.txt(name) if _tags(text).get("v") == "DMARC1"
        ]
        if len(records) > 1:
            return Finding(records, f"There are several DMARC records at {name}; keep one.")
        if records and _tags(records[0]).get("p", "").lower() in {"none", "quarantine", "reject"}:
            return Finding(records)
        if records:
            return Finding(records, "It has no policy: p=none, quarantine or reject.")
    return Finding([], f"Publish a TXT record at {question.wanted.host} with this value.")


async def _tracking(question: _Question) -> Finding:
    wanted, dns = question.wanted, question.dns
    chain = list(await dns.aliases(wanted.host))
    found = [str(address) for address in await dns.addresses(wanted.host)]
    if wanted.type == "CNAME":
        ours = [str(address) for address in await dns.addresses(wanted.value)]
    else:
        ours = [wanted.value]
    # Some providers answer with the addresses instead of the alias ("flattening").
    if wanted.value not in chain and not set(ours) & set(found):
        told = f"Publish a {wanted.type} record at {wanted.host} that leads to {wanted.value}."
        return Finding([*chain, *found], told)
    problem = await _certificate_problem(question, ours)
    if problem is not None:
        told = f"Your web server needs a certificate for {wanted.host}; browsers say: {problem}."
        return Finding([*chain, *found], told)
    return Finding(chain or found)


async def _certificate_problem(question: _Question, addresses: Sequence[str]) -> str | None:
    """Looks only at our own public host: nobody sends us elsewhere by a record of theirs."""
    if question.https_port is None or not addresses:
        return None
    return await certificate_problem(addresses[0], question.https_port, question.wanted.host)


async def _return_path_mx(question: _Question) -> Finding:
    wanted = question.wanted
    hosts = await question.dns.mx(wanted.host)
    target = wanted.value.partition(" ")[2]
    if target in hosts:
        return Finding(hosts)
    return Finding(hosts, f"Publish an MX record at {wanted.host} that leads to {target}.")


def _tags(text: str) -> dict[str, str]:
    """`a=b; c=d`, without the blanks that RFC 6376 section 3.2 allows around and in values."""
    parts = (part.partition("=") for part in text.split(";") if "=" in part)
    return {name.strip(): "".join(value.split()) for name, _, value in parts}


_LOOKS: Mapping[RecordKind, Callable[[_Question], Awaitable[Finding]]] = {
    RecordKind.SPF: _spf,
    RecordKind.DKIM: _dkim,
    RecordKind.DKIM_NEXT: _dkim,
    RecordKind.DMARC: _dmarc,
    RecordKind.TRACKING: _tracking,
    RecordKind.RETURN_PATH_MX: _return_path_mx,
    RecordKind.RETURN_PATH_SPF: _spf,
}
