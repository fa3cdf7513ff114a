"""The snippets of the webhooks guide check real signatures, as the guide says."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest

from mailwright.domain.retry_ladder import RetryLadder
from mailwright.domain.webhook_event import EventType, WebhookDialect
from mailwright.domain.webhook_request import FORMS, Telling, WebhookRequest
from mailwright.domain.webhook_signature import new_secret

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "webhooks.md"
SECRET = new_secret()


def _snippet(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def _request(secrets: list[str], at: float | None = None) -> WebhookRequest:
    telling = Telling(
        event_uuid=uuid4(),
        delivery_uuid=uuid4(),
        tenant_uuid=uuid4(),
        type="contact.unsubscribed",
        at=datetime.now(UTC),
        data={"email": "zoë@example.org"},
    )
    now = datetime.fromtimestamp(time.time() if at is None else at, UTC)
    return FORMS[WebhookDialect.NATIVE].request(telling, secrets, now)


def _cases() -> list[tuple[str, dict[str, str], bytes, bool]]:
    """Secret, headers, body, and whether it is genuine."""
    genuine, rotating = _request([SECRET]), _request([new_secret(), SECRET])
    foreign, stale = _request([new_secret()]), _request([SECRET], time.time() - 400)
    return [
        (SECRET, dict(genuine.headers), genuine.body, True),
        (SECRET, dict(rotating.headers), rotating.body, True),
        (SECRET, dict(genuine.headers), genuine.body + b" ", False),
        (SECRET, dict(genuine.headers) | {"webhook-id": "evt_other"}, genuine.body, False),
        (SECRET, dict(foreign.headers), foreign.body, False),
        (SECRET, dict(stale.headers), stale.body, False),
    ]


@pytest.mark.checklist("SEC-17")
def test_the_python_snippet_tells_genuine_from_forged() -> None:
    names: dict[str, Any] = {}
    exec(_snippet("python"), names)
    is_genuine = cast("Callable[[str, dict[str, str], bytes], bool]", names["is_genuine"])
    for secret, headers, body, expected in _cases():
        assert is_genuine(secret, headers, body) is expected


@pytest.mark.checklist("SEC-17")
def test_the_node_snippet_does_too() -> None:
    node = shutil.which("node")
    if node is None and not os.environ.get("MAILWRIGHT_REQUIRE_ALL"):
        pytest.skip("There is no node.")
    assert node is not None, "MAILWRIGHT_REQUIRE_ALL is set, and there is no node."
    cases = [
        [secret, headers, base64.b64encode(body).decode(), expected]
        for secret, headers, body, expected in _cases()
    ]
    check = (
        f"for (const [secret, headers, body, expected] of {json.dumps(cases)})"
        " if (isGenuine(secret, headers, Buffer.from(body, 'base64')) !== expected)"
        " throw new Error(JSON.stringify([headers, expected]));"
    )
    subprocess.run([node, "-e", _snippet("js") + check], check=True, timeout=30)


def test_the_guide_names_every_event_and_the_plan() -> None:
    page = GUIDE.read_text()
    for word in EventType:
        assert f"`{word}`" in page
    assert "5 s, 5 and 30 min, 2, 5, 10, 14, 20 and 24 h" in page
    ladder: RetryLadder = FORMS[WebhookDialect.NATIVE].ladder
    assert ladder.steps_seconds == (
        *(5, 300, 1800),
        *(hours * 3600 for hours in (2, 5, 10, 14, 20, 24)),
    )
