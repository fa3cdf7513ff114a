"""Keys with the rights one ticks, a last day, and for trying out; what each may do in words."""

from __future__ import annotations

from collections import Counter

import pytest

from mailwright.domain.doors import Door
from mailwright.domain.scopes import NOUNS, SCOPES
from mailwright.errors import Unauthenticated
from mailwright.services import api_keys
from mailwright.services.runtime import Runtime
from mailwright.web.api_keys import GRANTS, GROUPS, told
from tests.clock import Clock
from tests.web.browsing import Browser

PATH = "/settings/api-keys"


async def made(owner: Browser, **fields: str) -> str:
    await owner.open(PATH)
    await owner.submit(
        PATH, {"name": "Shop", **{k.replace("__", ":"): v for k, v in fields.items()}}
    )
    shown = owner.page.css_first("#key")
    assert shown is not None, owner.text
    return shown.text()


def test_every_right_can_be_ticked_once() -> None:
    assert Counter(noun for nouns in GROUPS.values() for noun in nouns) == Counter(NOUNS)
    assert all(set(scopes) <= SCOPES for _, scopes in GRANTS.values())


@pytest.mark.parametrize(
    ("scopes", "words"),
    [
        (["*"], "Everything"),
        (["inbox:write", "inbox:read"], "The built-in inbox"),
        (
            ["lists:read", "lists:write", "custom-fields:read"],
            "Read custom fields; read and write lists",
        ),
        (["emails:write"], "Write emails"),
    ],
)
def test_what_a_key_may_do_is_told_in_words(scopes: list[str], words: str) -> None:
    assert told(sorted(scopes)) == words


@pytest.mark.checklist("SEC-11")
async def test_a_key_has_the_rights_that_were_ticked(owner: Browser, runtime: Runtime) -> None:
    ticked = {"scope.lists:read": "on", "scope.emails:write": "on"}
    key = await made(owner, grant="chosen", **ticked)
    caller = await api_keys.authenticate(runtime, key, Door.API)
    assert caller.granted == {"lists:read", "emails:write"}
    assert not caller.sandbox
    await owner.open(PATH)
    assert "Read lists; write emails" in owner.text
    assert "never" in owner.text


async def test_a_test_key_says_so(owner: Browser, runtime: Runtime) -> None:
    key = await made(owner, grant="all", sandbox="on")
    assert key.startswith("mw_test_")
    assert (await api_keys.authenticate(runtime, key, Door.API)).sandbox
    assert owner.page.css_first("td .badge") is not None


async def test_a_key_works_through_its_last_day(
    owner: Browser, runtime: Runtime, clock: Clock
) -> None:
    key = await made(owner, grant="all", expires_on=clock.time.date().isoformat())
    assert f"{clock.time:%-d %b %Y}" in owner.text
    clock.time = clock.time.replace(hour=23, minute=59, second=59)
    await api_keys.authenticate(runtime, key, Door.API)
    clock.advance(seconds=1)
    with pytest.raises(Unauthenticated):
        await api_keys.authenticate(runtime, key, Door.API)
    await owner.open(PATH)
    assert "expired" in owner.text
    assert not owner.page.css('form[action$="/revoke"]')


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"grant": "chosen"}, "scopes"),
        ({"grant": "chosen", "scope.mountains:move": "on"}, "scopes"),
        ({"grant": "bogus"}, "scopes"),
        ({"expires_on": "2001-01-01"}, "expires_at"),
        ({"expires_on": "soon"}, "expires_at"),
        ({"expires_on": "9999-12-31"}, "expires_at"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field_and_no_key_is_made(
    owner: Browser, fields: dict[str, str], field: str
) -> None:
    await owner.open(PATH)
    await owner.submit(PATH, {"name": "Shop", "grant": "all", "sandbox": "on", **fields})
    assert owner.answer.status_code == 422
    assert owner.page.css(f"#{field}-error")
    assert owner.page.css("input[name=sandbox][checked]")
    assert "No keys yet" in owner.text
