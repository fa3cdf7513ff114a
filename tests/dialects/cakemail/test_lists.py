"""Lists in Cakemail's form."""

from __future__ import annotations

import httpx2
import pytest

from mailwright.store.database import Database
from tests.builders import MadeTenant, make_list
from tests.dialects.cakemail.document import assert_answer


@pytest.mark.checklist("E14")
async def test_lists_are_paged_and_carry_integer_ids(
    client: httpx2.AsyncClient,
    database: Database,
    tenant: MadeTenant,
    other_tenant: MadeTenant,
) -> None:
    made = [await make_list(database, tenant.id, name=name) for name in ("b", "a", "c")]
    await make_list(database, other_tenant.id, name="theirs")
    told = assert_answer("/lists", await client.get("/lists"))
    assert [row["name"] for row in told["data"]] == ["a", "b", "c"]
    assert {row["id"] for row in told["data"]} == {one.id for one in made}
    assert told["pagination"] == {"page": 1, "per_page": 50}
    second = await client.get("/lists?page=2&per_page=2&with_count=true&sort=-name")
    told = assert_answer("/lists", second)
    assert [row["name"] for row in told["data"]] == ["a"]
    assert told["pagination"] == {"page": 2, "per_page": 2, "count": 3}


async def test_lists_are_filtered_by_the_terms_of_the_document(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    for name in ("Newsletter", "Newsletter 2"):
        await make_list(database, tenant.id, name=name)
    answer = await client.get("/lists", params={"filter": "status==active;name==Newsletter"})
    told = assert_answer("/lists", answer)
    assert [row["name"] for row in told["data"]] == ["Newsletter"]
    answer = await client.get("/lists", params={"filter": "status==archived"})
    assert assert_answer("/lists", answer)["data"] == []
