"""Sending domains: checked against a real DNS server, and what follows for their mail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from mailwright.errors import Conflict
from mailwright.jobs import sweeps
from mailwright.services import domains, outgoing, senders
from mailwright.services.caller import Caller
from mailwright.services.domain_views import DomainView, RecordView
from mailwright.services.runtime import Runtime
from mailwright.store.rows import every
from mailwright.store.tables import domain_keys
from mailwright.wire import certificates
from mailwright.wire import dns as wire
from tests.clock import Clock
from tests.dns_server import DnsServer
from tests.domains import authenticated_domain, publish, resolving
from tests.wire.self_signed import server_and_client_contexts
from tests.wire.test_certificates import https

RELAY: dict[str, Any] = {
    "smtp_url": SecretStr("smtp://mail.relay.example:25?tls=none"),
    "public_url": "https://mail.platform.example",
}
NAME = "harbour.example"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LIFETIME_SECONDS", 2.0)
    monkeypatch.setattr(wire, "TRY_SECONDS", 1.0)
    monkeypatch.setattr(certificates, "HANDSHAKE_SECONDS", 0.2)


def record(domain: DomainView, kind: str) -> RecordView:
    return next(record for record in domain.records if record.kind == kind)


def states(domain: DomainView) -> dict[str, str]:
    return {record.kind: record.state for record in domain.records}


async def test_a_new_domain_says_what_to_publish(runtime: Runtime, caller: Caller) -> None:
    async with resolving(runtime, **RELAY) as (_, runtime):
        made = await domains.create_domain(runtime, caller, "Harbour.Example.")
    shown = {r.kind: (r.host, r.type, r.value) for r in made.records if r.kind != "dkim"}
    assert shown == {
        "spf": (NAME, "TXT", "v=spf1 a:mail.relay.example ~all"),
        "dmarc": (f"_dmarc.{NAME}", "TXT", "v=DMARC1; p=none"),
        "tracking": (f"links.{NAME}", "CNAME", "mail.platform.example"),
        "return_path_mx": (f"bounces.{NAME}", "MX", "10 mail.platform.example"),
        "return_path_spf": (f"bounces.{NAME}", "TXT", "v=spf1 a:mail.relay.example ~all"),
    }
    dkim = record(made, "dkim")
    assert dkim.host == f"{made.keys[0].selector}._domainkey.{NAME}"
    assert dkim.value == f"v=DKIM1; k=rsa; p={made.keys[0].public_key}"
    assert set(states(made).values()) == {"pending"}
    assert (made.authenticated, made.ready, made.signing) == (False, False, False)


@pytest.mark.checklist("E12", "OUT-08", "OUT-09")
async def test_published_records_are_found_valid(runtime: Runtime, caller: Caller) -> None:
    async with resolving(runtime, **RELAY) as (dns, runtime):
        found = await authenticated_domain(runtime, caller, dns, NAME)
        assert set(states(found).values()) == {"valid"}, found.records
        assert (found.authenticated, found.ready, found.signing) == (True, True, True)
        assert [key.state for key in found.keys] == ["active"]
        async with runtime.database.reading() as connection:
            leaving = await outgoing.outgoing_of(runtime, connection, caller.tenant_id, NAME)
        assert leaving.base_url == f"https://links.{NAME}"
        assert leaving.envelope_domain == f"bounces.{NAME}"
        assert leaving.signer is not None


@pytest.mark.checklist("OUT-09")
async def test_a_policy_above_the_domain_counts(runtime: Runtime, caller: Caller) -> None:
    async with resolving(runtime, **RELAY) as (dns, runtime):
        dns.add(f"_dmarc.{NAME}", "TXT", "v=DMARC1; p=reject")
        found = await authenticated_domain(runtime, caller, dns, f"news.{NAME}", "dmarc")
        assert record(found, "dmarc").found == ["v=DMARC1; p=reject"]


def _two_spf(dns: DnsServer, made: DomainView) -> None:
    publish(dns, made)
    dns.add(NAME, "TXT", "v=spf1 -all")


def _cut_key(dns: DnsServer, made: DomainView) -> None:
    publish(dns, made, "dkim")
    dkim = record(made, "dkim")
    dns.add(dkim.host, "TXT", dkim.value[:255])


def _spaced_key(dns: DnsServer, made: DomainView) -> None:
    publish(dns, made, "dkim")
    dkim = record(made, "dkim")
    dns.add(dkim.host, "TXT", dkim.value.replace("p=", "p = ")[:200] + " " + dkim.value[198:])


def _behind_aliases(dns: DnsServer, made: DomainView) -> None:
    publish(dns, made, "tracking")
    dns.add(f"links.{NAME}", "CNAME", "cdn.example.")
    dns.add("cdn.example", "CNAME", "mail.platform.example.")


def _flattened(dns: DnsServer, made: DomainView) -> None:
    publish(dns, made, "tracking")
    dns.add(f"links.{NAME}", "A", "192.0.2.9")
    dns.add("mail.platform.example", "A", "192.0.2.9")


def _elsewhere(dns: DnsServer, made: DomainView) -> None:
    publish(dns, made, "tracking")
    dns.add(f"links.{NAME}", "CNAME", "tracker.example.")


def _silent(dns: DnsServer, made: DomainView) -> None:
    publish(dns, made)
    dns.silent.add(f"_dmarc.{NAME}")


def _no_policy(dns: DnsServer, made: DomainView) -> None:
    publish(dns, made, "dmarc")
    dns.add(f"_dmarc.{NAME}", "TXT", "v=DMARC1; rua=mailto:a@b.example")


@pytest.mark.checklist("OUT-08", "OUT-09")
@pytest.mark.parametrize(
    ("zone", "kind", "state", "told"),
    [
        (_two_spf, "spf", "failed", "several SPF"),
        (_cut_key, "dkim", "failed", "cut off"),
        (_elsewhere, "tracking", "failed", "leads to mail.platform.example"),
        (_silent, "dmarc", "pending", "did not answer"),
        (_no_policy, "dmarc", "failed", "no policy"),
        (_spaced_key, "dkim", "valid", None),
        (_behind_aliases, "tracking", "valid", None),
        (_flattened, "tracking", "valid", None),
    ],
)
async def test_what_is_wrong_is_told_with_its_mend(
    runtime: Runtime, caller: Caller, zone: Any, kind: str, state: str, told: str | None
) -> None:
    async with resolving(runtime, **RELAY) as (dns, runtime):
        made = await domains.create_domain(runtime, caller, NAME)
        zone(dns, made)
        found = record(await domains.verify_domain(runtime, caller, made.uuid), kind)
    assert found.state == state
    assert told is None or (found.mend and told in found.mend)


@pytest.mark.checklist("OUT-15")
async def test_links_stay_where_they_are_until_the_tracking_host_has_a_certificate(
    runtime: Runtime, caller: Caller, tmp_path: Path
) -> None:
    context, _ = server_and_client_contexts(tmp_path)
    async with https(context) as port:
        url = {"public_url": f"https://mail.platform.example:{port}"}
        async with resolving(runtime, **RELAY | url) as (dns, runtime):
            dns.add("mail.platform.example", "A", "127.0.0.1")
            found = await authenticated_domain(runtime, caller, dns, NAME)
            tracking = record(found, "tracking")
            assert tracking.state == "failed"
            assert tracking.mend
            assert f"certificate for links.{NAME}" in tracking.mend
            async with runtime.database.reading() as connection:
                leaving = await outgoing.outgoing_of(runtime, connection, caller.tenant_id, NAME)
            assert leaving.base_url == url["public_url"]


async def test_a_present_spf_record_is_kept_in_the_value_to_publish(
    runtime: Runtime, caller: Caller
) -> None:
    async with resolving(runtime, **RELAY) as (dns, runtime):
        dns.add(NAME, "TXT", "v=spf1 include:spf.office.example -all")
        dns.add("spf.office.example", "TXT", "v=spf1 ip4:192.0.2.1 -all")
        found = record(await authenticated_domain(runtime, caller, dns, NAME, "spf"), "spf")
    assert found.state == "failed"
    assert found.value == "v=spf1 include:spf.office.example a:mail.relay.example -all"


async def test_what_held_and_is_gone_has_failed_but_silence_is_forgiven_for_days(
    runtime: Runtime, caller: Caller, clock: Clock
) -> None:
    async with resolving(runtime, **RELAY) as (dns, runtime):
        found = await authenticated_domain(runtime, caller, dns, NAME)
        host = record(found, "dkim").host
        dns.silent.add(host)
        found = await domains.verify_domain(runtime, caller, found.uuid)
        assert (record(found, "dkim").state, found.signing) == ("valid", True)
        clock.advance(days=4)
        found = await domains.verify_domain(runtime, caller, found.uuid)
        assert (record(found, "dkim").state, found.signing) == ("pending", False)
        dns.silent.clear()
        dns.remove(host)
        found = await domains.verify_domain(runtime, caller, found.uuid)
        assert (record(found, "dkim").state, found.ready) == ("failed", False)


@pytest.mark.checklist("OUT-07")
async def test_the_old_key_signs_until_the_new_record_is_seen(
    runtime: Runtime, caller: Caller
) -> None:
    async with resolving(runtime, **RELAY) as (dns, runtime):
        old = await authenticated_domain(runtime, caller, dns, NAME)
        both = await domains.rotate_key(runtime, caller, old.uuid)
        assert [key.state for key in both.keys] == ["active", "pending"]
        with pytest.raises(Conflict, match="waits"):
            await domains.rotate_key(runtime, caller, old.uuid)
        unseen = await domains.verify_domain(runtime, caller, old.uuid)
        assert (states(unseen)["dkim"], states(unseen)["dkim_next"]) == ("valid", "pending")
        assert await _selector(runtime, caller) == old.keys[0].selector
        publish(dns, both, *(kind for kind in states(both) if kind != "dkim_next"))
        new = await domains.verify_domain(runtime, caller, old.uuid)
        assert [key.state for key in new.keys] == ["retired", "active"]
        assert "dkim_next" not in states(new)
        assert new.ready
        assert await _selector(runtime, caller) == new.keys[1].selector
        async with runtime.database.reading() as connection:
            kept = await every(connection, select(domain_keys).order_by(domain_keys.c.id))
        assert kept[0]["private_key_sealed"] is None, "a retired key never signs again"
        assert b"PRIVATE" not in kept[1]["private_key_sealed"]


async def _selector(runtime: Runtime, caller: Caller) -> str | None:
    async with runtime.database.reading() as connection:
        leaving = await outgoing.outgoing_of(runtime, connection, caller.tenant_id, NAME)
    return leaving.signer and leaving.signer.selector


async def test_an_authenticated_domain_confirms_its_senders(
    runtime: Runtime, caller: Caller
) -> None:
    async with resolving(runtime, **RELAY) as (dns, runtime):
        await authenticated_domain(runtime, caller, dns, NAME)
        made = await senders.create_sender(runtime, caller, f"post@{NAME}", "Post")
        assert (made.confirmed, made.enabled) == (True, True)


@pytest.mark.checklist("E42")
async def test_domains_are_looked_at_again_by_themselves(
    runtime: Runtime, caller: Caller, clock: Clock
) -> None:
    async with resolving(runtime, **RELAY) as (dns, runtime):
        await authenticated_domain(runtime, caller, dns, NAME)
        clock.advance(hours=7)
        async with runtime.database.reading() as connection:
            due = await domains.due_checks(connection, clock())
        assert [row["tenant_id"] for row in due] == [caller.tenant_id]
        await sweeps.sweep(runtime)
        await domains.check_domain(runtime, caller.tenant_id, due[0]["id"])
        async with runtime.database.reading() as connection:
            assert await domains.due_checks(connection, clock()) == []
