"""SPF: what a record lets whom do."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from mailwright.domain.spf import Address, SpfBroken, SpfWalk, spf_records, with_mechanism

HOST = "mail.relay.example"
ADDRESSES = [ip_address("192.0.2.7"), ip_address("2001:db8::7")]


class Zone:
    """Answers from a dictionary."""

    def __init__(self, **texts: str) -> None:
        self._texts = {name.replace("_", "."): text for name, text in texts.items()}

    async def txt(self, name: str) -> tuple[str, ...]:
        return (self._texts[name],) if name in self._texts else ()

    async def mx(self, name: str) -> tuple[str, ...]:
        return (HOST,) if name == "harbour.example" else ()

    async def addresses(self, name: str) -> tuple[Address, ...]:
        return tuple(ADDRESSES) if name in {HOST, "alias.example"} else ()


@pytest.mark.checklist("OUT-08")
@pytest.mark.parametrize(
    ("record", "allowed"),
    [
        ("v=spf1 a:mail.relay.example ~all", True),
        ("v=spf1 +A:MAIL.relay.example -all", True),
        ("v=spf1 a:alias.example -all", True),
        ("v=spf1 mx -all", True),
        ("v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all", True),
        ("v=spf1 ip4:192.0.2.0/24 -all", False),  # half of its addresses
        ("v=spf1 include:spf.example -all", True),
        ("v=spf1 redirect=spf.example", True),
        ("v=spf1 -a:mail.relay.example ~all", False),
        ("v=spf1 ~a:mail.relay.example -all", False),
        ("v=spf1 a -all", False),
        ("v=spf1 exists:%{i}.x.example ptr -all", False),
        ("v=spf1 exp=why.example -all", False),
        ("v=spf1", False),
    ],
)
async def test_whether_a_record_lets_our_host_send(record: str, allowed: bool) -> None:
    zone = Zone(spf_example="v=spf1 a:mail.relay.example -all")
    walk = SpfWalk(zone, f"a:{HOST}", ADDRESSES)
    assert await walk.allows(record, "harbour.example") is allowed


@pytest.mark.checklist("OUT-08")
@pytest.mark.parametrize(
    ("record", "why"),
    [
        ("v=spf1 +all", "anybody"),
        ("v=spf1 all", "anybody"),
        ("v=spf1 include:nowhere.example -all", "0 SPF records"),
        ("v=spf1 include:loop.example -all", "10 look-ups"),
        ("v=spf1 ip4:over.there -all", "not an address"),
    ],
)
async def test_a_record_that_cannot_be_relied_on_says_why(record: str, why: str) -> None:
    zone = Zone(loop_example="v=spf1 include:loop.example -all")
    with pytest.raises(SpfBroken, match=why):
        await SpfWalk(zone, f"a:{HOST}", ADDRESSES).allows(record, "harbour.example")


@pytest.mark.parametrize(
    ("present", "wanted"),
    [
        (None, "v=spf1 include:x.example ~all"),
        ("v=spf1 mx -all", "v=spf1 mx include:x.example -all"),
        ("v=spf1 redirect=y.example", "v=spf1 include:x.example redirect=y.example"),
        ("v=spf1 mx", "v=spf1 mx include:x.example"),
        ("v=spf1 INCLUDE:x.example -all", "v=spf1 INCLUDE:x.example -all"),
    ],
)
def test_what_to_publish_keeps_what_is_there(present: str | None, wanted: str) -> None:
    assert with_mechanism(present, "include:x.example") == wanted


def test_only_texts_that_begin_so_are_spf() -> None:
    texts = ["v=spf1", "V=SPF1 -all", "v=spf10 -all", "spf2.0/pra", "google-site=v=spf1 "]
    assert spf_records(texts) == ["v=spf1", "V=SPF1 -all"]
