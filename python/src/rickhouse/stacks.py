"""The Python stacks of all threads of a worker, on request of the front.

faulthandler writes them inside a C signal handler, so that a worker tells them even while C code
holds the GIL. It writes to a memory file that the zygote made before the fork and reads afterwards.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import time

from .process import moved_up_descriptor

# Now, not when it is needed: the application's directory comes first on sys.path then. And only
# where it is: it brings a dozen modules.
if not hasattr(os, "memfd_create"):
    import tempfile

# One that applications and libraries leave alone. macOS has no real-time signals.
SIGNAL: int = signal.SIGRTMAX - 3 if sys.platform == "linux" else signal.SIGUSR2

_DEADLINE_SECONDS = 0.5
# faulthandler gives no sign of its end: the text is whole when it has not grown for so long.
# A text for people: a hundred threads with deep stacks are more than anybody reads.
_MAX_BYTES = 128 * 1024
_QUIET_SECONDS = 0.02
POLL_SECONDS = 0.005
_DIRECTORY = os.path.dirname(os.path.abspath(__file__))
_START_FILES = [
    f'"{os.path.join(_DIRECTORY, name)}"' for name in ("__main__.py", "startup.py", "zygote.py")
]


def create_file() -> int:
    """An empty file for one worker; the caller closes it."""
    if hasattr(os, "memfd_create"):
        return moved_up_descriptor(os.memfd_create("rickhouse-stacks", os.MFD_CLOEXEC))
    with tempfile.TemporaryFile() as file:
        return moved_up_descriptor(os.dup(file.fileno()))


def hold_until_registered() -> None:
    """In the zygote, for its workers: the signal would kill one before `register`.

    Blocked, so that it waits for `register` (where the system keeps a blocked signal that is
    ignored, as Linux does); ignored, for threads of the import that do not block it.
    """
    signal.signal(SIGNAL, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, (SIGNAL,))


def register(descriptor: int) -> None:
    """In the worker."""
    faulthandler.register(SIGNAL, file=descriptor, all_threads=True)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (SIGNAL,))


class StacksRequest:
    """One asking of one worker. `poll` is called every POLL_SECONDS until it returns a text."""

    def __init__(self, pid: int, descriptor: int) -> None:
        self._descriptor = descriptor
        self._size = 0
        self._grown_at = self._asked_at = time.monotonic()
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)  # The worker writes at the offset that both share.
        os.kill(pid, SIGNAL)

    def poll(self) -> str | None:
        """The text; empty when none came in time: the application may have taken the signal."""
        now = time.monotonic()
        size = os.fstat(self._descriptor).st_size
        if size > self._size:
            self._size = size
            self._grown_at = now
        is_whole = size > 0 and now - self._grown_at >= _QUIET_SECONDS
        if not is_whole and now - self._asked_at < _DEADLINE_SECONDS:
            return None
        text = os.pread(self._descriptor, min(size, _MAX_BYTES), 0).decode("utf-8", "replace")
        os.ftruncate(self._descriptor, 0)
        return _without_start(text)


def _without_start(text: str) -> str:
    """Less the way that every worker has come: from the entry point through the zygote's loop."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not any(file in line for file in _START_FILES))
