"""Become another user, then run a program: PostgreSQL refuses to run as root.

Run by path with `python -I -S unprivileged.py UID GID PROGRAM ARGUMENT…`; the program takes the
place of this process, so whoever started us holds its process id. No user is created.

Where a folder on the way to the program or the data is closed to that user (a checkout below
/root), the right to pass through folders is kept (Linux capabilities(7), "ambient"). It gives away
nothing: whoever starts the program is root.
"""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

_CAP_DAC_OVERRIDE = 1  # what containers usually have
_CAP_DAC_READ_SEARCH = 2  # what would be enough
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAPABILITY_VERSION_3 = 0x20080522


def command_as(user: tuple[int, int], command: Sequence[str]) -> list[str]:
    """`command` run as (user id, group id) instead of root."""
    uid, gid = user
    return [sys.executable, "-I", "-S", __file__, str(uid), str(gid), *command]


def _become(uid: int, gid: int, *, keep_access: bool) -> None:
    libc = ctypes.CDLL(None, use_errno=True) if keep_access else None
    if libc is not None:
        libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if libc is None:
        return
    for kept in (
        (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH),
        (_CAP_DAC_OVERRIDE,),
        (_CAP_DAC_READ_SEARCH,),
    ):
        mask = sum(1 << capability for capability in kept)
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
        data = (ctypes.c_uint32 * 6)(mask, mask, mask)  # effective, permitted, inheritable
        if libc.capset(header, data) == 0:
            for capability in kept:
                libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0)
            return


def _closed_to_others(path: Path) -> bool:
    return not all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


def main(arguments: Sequence[str]) -> None:
    """Never returns: the program's exit is ours."""
    uid, gid, *command = arguments
    values = [word.rpartition("=")[2] for word in command]  # --pgdata=/folder
    paths = [Path(value) for value in values if value.startswith("/")]
    keep_access = sys.platform == "linux" and any(map(_closed_to_others, paths))
    _become(int(uid), int(gid), keep_access=keep_access)
    os.execv(command[0], command)  # noqa: S606  # no shell on purpose


if __name__ == "__main__":
    main(sys.argv[1:])
