"""Logs: JSON when nobody watches, and never a secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Generator

import pytest
import structlog

from mailwright.logs import configure_logs, mask_secrets

CANARY = "canary-0123456789"


@pytest.fixture(autouse=True)
def as_before() -> Generator[None]:
    """Whatever a test configures is undone."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    out, err = capsys.readouterr()
    assert out == ""
    return [json.loads(line) for line in err.splitlines()]


def test_events_are_one_json_line_each_on_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("json")
    structlog.get_logger("x").info("campaign_paused", campaign_id=7)
    structlog.get_logger("x").debug("not shown")
    logging.getLogger("library").warning("odd %s", "thing")
    first, second = lines(capsys)
    assert first["event"] == "campaign_paused"
    assert (first["campaign_id"], first["level"]) == (7, "info")
    assert first["timestamp"].endswith("Z")
    assert (second["event"], second["level"]) == ("odd thing", "warning")


def test_an_exception_is_within_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json")
    try:
        raise ZeroDivisionError("the impossible")
    except ZeroDivisionError:
        structlog.get_logger().exception("job_failed", password=CANARY)
    [line] = lines(capsys)
    assert "the impossible" in line["exception"]
    assert CANARY not in str(line)


@pytest.mark.checklist("SEC-27")
@pytest.mark.parametrize(
    "event",
    [
        {"password": CANARY},
        {"MAILWRIGHT_SECRET_KEY": CANARY},
        {"authorization": f"Bearer {CANARY}"},
        {"api_key": CANARY},
        {"url": f"postgresql://mailwright:{CANARY}@db.example/x"},
        {"event": f"cannot reach smtp://me:{CANARY}@relay.example:587"},
        {"event": "used mw_live_abcd" + "E" * 39},
        {"path": f"/password/{CANARY}"},
        {"exception": f"Traceback … dsn='postgresql://u:{CANARY}@h/x'"},
    ],
)
def test_what_looks_like_a_secret_is_masked(event: dict[str, str]) -> None:
    shown = str(mask_secrets(None, "info", dict(event)))
    assert CANARY not in shown
    assert "EEEE" not in shown


def test_what_was_masked_is_still_known_for_what_it_is() -> None:
    event = {"path": f"/password/{CANARY}", "key": "mw_live_abcd" + "E" * 39}
    shown = mask_secrets(None, "info", dict(event))
    assert shown == {"path": "/password/…", "key": "mw_live_abcd…"}


def test_what_is_no_secret_stays() -> None:
    event = {"campaign_id": 7, "url": "https://example.com/a:b@c", "reason": "550 5.1.1 unknown"}
    assert mask_secrets(None, "info", dict(event)) == event


def test_people_at_a_terminal_get_text(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("console")
    structlog.get_logger().info("ready")
    assert "ready" in capsys.readouterr().err


def test_a_logger_writes_to_the_standard_error_of_the_moment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as redirected:
        closed = io.StringIO()
        redirected.setattr("sys.stderr", closed)
        configure_logs("json")
        log = structlog.get_logger("x")
        log.info("first")
        closed.close()
    log.info("second")
    assert [line["event"] for line in lines(capsys)] == ["second"]


@pytest.mark.checklist("SEC-27")
def test_a_traceback_on_a_terminal_shows_no_local_variables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("console")
    address = CANARY  # what a traceback with locals would print
    try:
        raise ValueError(len(address))
    except ValueError:
        structlog.get_logger("x").exception("failed")
    shown = capsys.readouterr().err
    assert "ValueError" in shown
    assert CANARY not in shown
