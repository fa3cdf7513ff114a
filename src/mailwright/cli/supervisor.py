"""Keeps the processes of `serve` alive, and ends them in order.

Each child is `python -m mailwright.cli.child ROLE …` in our process group. One that dies is started
again, after a pause that doubles while it keeps dying. Children end with us, however we end: they
ask the system to be told.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from mailwright.errors import OperatorError

RESTART_FIRST_SECONDS = 0.2
RESTART_MOST_SECONDS = 10.0
STEADY_SECONDS = 30.0  # who lived that long starts again at once
STILLBORN_MAX = 3  # deaths before the first sign of life, after which we give up

#: How long each stage of the stop may take; with the database's own the sum stays under 10 s.
STOP_SECONDS = (6.5, 1.5)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Role:
    """One child to keep. `stage`: 0 stops first; the inbox, stage 1, when nobody sends any more."""

    name: str
    kind: str  # one of `child.KINDS`
    socket_fd: int | None = None
    stage: int = 0


class Supervisor:
    """Runs the roles until told to stop."""

    def __init__(self, roles: Sequence[Role], environment: Mapping[str, str]) -> None:
        self._roles = roles
        self._environment = environment
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._alive: set[str] = set()  # who has been ready at least once
        self._stopping = False
        self._ready = asyncio.Event()

    async def run(self, stop: asyncio.Event, *, on_ready: Callable[[], None]) -> None:
        """Starts everybody, calls `on_ready` once, keeps everybody, and stops them after `stop`.

        Raises OperatorError when a child cannot be started at all.
        """
        keepers = [asyncio.create_task(self._keep(role)) for role in self._roles]
        stopped = asyncio.create_task(stop.wait())
        ready = asyncio.create_task(self._ready.wait())
        try:
            waiting = {stopped, ready, *keepers}
            while not stopped.done():
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if ready in done:
                    on_ready()
                for keeper in done.intersection(keepers):
                    keeper.result()  # raises why it gave up
        finally:
            self._stopping = True
            await self._stop()
            for task in (stopped, ready, *keepers):
                task.cancel()
            await asyncio.gather(stopped, ready, *keepers, return_exceptions=True)

    def kill(self) -> None:
        """For people who cannot wait."""
        for process in self._running.values():
            process.kill()

    async def _keep(self, role: Role) -> None:
        pause, stillborn = RESTART_FIRST_SECONDS, 0
        while not self._stopping:
            began = time.monotonic()
            status = await self._live(role)
            if self._stopping:
                return
            stillborn = 0 if role.name in self._alive else stillborn + 1
            if stillborn >= STILLBORN_MAX:
                raise OperatorError(f"The {role.name} process does not start; it says why above.")
            if time.monotonic() - began > STEADY_SECONDS:
                pause = RESTART_FIRST_SECONDS
            _log.warning("process_died", process=role.name, status=status, restart_seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, RESTART_MOST_SECONDS)

    async def _live(self, role: Role) -> int:
        """One life of a child; its exit status."""
        loop = asyncio.get_running_loop()
        news, tell = os.pipe()
        handed = [tell] if role.socket_fd is None else [tell, role.socket_fd]
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "mailwright.cli.child", role.kind),
                *(str(os.getpid()), *map(str, handed)),
                env=dict(self._environment),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=handed,
            )
        finally:
            os.close(tell)
        self._running[role.name] = process
        loop.add_reader(news, self._hear, role, news)
        try:
            return await process.wait()
        finally:
            self._running.pop(role.name, None)
            loop.remove_reader(news)
            os.close(news)

    def _hear(self, role: Role, news: int) -> None:
        """A child says that it is ready, or (an end of file) has died."""
        asyncio.get_running_loop().remove_reader(news)
        if os.read(news, 1):
            self._alive.add(role.name)
            if len(self._alive) == len(self._roles):
                self._ready.set()

    async def _stop(self) -> None:
        for stage, seconds in enumerate(STOP_SECONDS):
            names = {role.name for role in self._roles if role.stage == stage}
            mine = [process for name, process in self._running.items() if name in names]
            for process in mine:
                _send(process, signal.SIGTERM)
            ends = [asyncio.create_task(process.wait()) for process in mine]
            if not ends:
                continue
            _, late = await asyncio.wait(ends, timeout=seconds)
            if late:
                _log.warning("processes_killed", stage=stage, count=len(late))
            for process in mine:
                _send(process, signal.SIGKILL)
            await asyncio.gather(*ends)


def _send(process: asyncio.subprocess.Process, order: signal.Signals) -> None:
    if process.returncode is None:
        process.send_signal(order)
