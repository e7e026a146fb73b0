"""Files that are open for reading when workers are forked: each gets an offset of its own.

A fork shares them: where one worker has sought, another would read, wrong bytes and no error. Linux
only, where a descriptor's file can be opened once more, whatever has become of its name.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import sys
from collections.abc import Iterable
from typing import NamedTuple

from . import process

_ACCESS = os.O_WRONLY | os.O_RDWR
_LAST_STANDARD = 2


class ReadFile(NamedTuple):
    descriptor: int
    identity: tuple[int, int]


def find() -> list[ReadFile]:
    """In the zygote, before it opens files of its own and forks."""
    if sys.platform != "linux":
        return []
    found = []
    for descriptor in process.open_descriptors():
        identity = _identity(descriptor) if descriptor > _LAST_STANDARD else None
        if identity is not None and not _is_locked(descriptor):
            found.append(ReadFile(descriptor, identity))
    return found


def separate(files: Iterable[ReadFile]) -> None:
    """In a new worker. What it may not open any more stays shared."""
    for descriptor, identity in files:
        # What the application does after a fork (os.register_at_fork) may have changed it.
        if _identity(descriptor) == identity and not _is_locked(descriptor):
            with contextlib.suppress(OSError):
                _open_anew(descriptor)


def _open_anew(descriptor: int) -> None:
    position = os.lseek(descriptor, 0, os.SEEK_CUR)
    own = os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.lseek(own, position, os.SEEK_SET)
        os.dup2(own, descriptor, os.get_inheritable(descriptor))
    finally:
        os.close(own)


def _identity(descriptor: int) -> tuple[int, int] | None:
    """Of a regular file that is open for reading only."""
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return None
        flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    except OSError:
        return None
    if flags & (_ACCESS | os.O_PATH):
        return None
    return status.st_dev, status.st_ino


def _is_locked(descriptor: int) -> bool:
    """By flock(), say: that stays with what is shared, and who opened it anew would wait for it."""
    try:
        with open(f"/proc/self/fdinfo/{descriptor}") as file:
            return "\nlock:" in file.read()
    except OSError:
        return True  # Nor can it be opened anew then.
