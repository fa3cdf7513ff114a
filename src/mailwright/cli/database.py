"""`mailwright migrate`: the database, brought to this release."""

from __future__ import annotations

from mailwright.cli.output import JsonOption, emit
from mailwright.cli.process import announce_owner, run_async, settings_of_process


def migrate(as_json: JsonOption = False) -> None:
    """Apply the migrations that are missing. Two at once: one works, the other waits."""
    settings = settings_of_process()
    applied: list[str] = []

    async def work() -> None:
        from mailwright.app import open_runtime

        async with open_runtime(settings, announce=announce_owner, migrated=applied.extend):
            pass

    run_async(work())
    done = [f"Applied {name}." for name in applied] or ["The database is up to date."]
    emit({"applied": applied}, as_json, lambda: done)
