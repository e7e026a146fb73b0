"""The zygote's workers as processes: signals to them, their stops and their deaths.

SIGCHLD is not queued: many deaths may come as one signal, so each one means "look at all". Knows no
control messages.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator

# As they are now: gevent and eventlet put others in their place, which reap our workers.
from os import kill, read, wait4
from resource import struct_rusage
from select import POLLIN, poll
from signal import set_wakeup_fd
from signal import signal as set_handler
from typing import Callable

# A process in an uninterruptible sleep, or one that is traced, does not stop when it is told.
_STOP_SECONDS = 1.0
# What holds one up (a disk, a file server) may hold up many. Nobody else is served meanwhile: so
# for a time that one is not told again, and others are given little.
_UNSTOPPABLE_SECONDS = 5.0
_HURRIED_STOP_SECONDS = 0.05
_TERMINATE_AGAIN_SECONDS = 1.0


class Worker:
    def __init__(self, number: int, pid: int, slot: int, stacks_descriptor: int) -> None:
        self.number = number
        self.pid = pid
        # Of the ledger.
        self.slot = slot
        self.stacks_descriptor = stacks_descriptor
        # Monotonic. A worker that is about to wait for a request may not have heard SIGTERM: it is
        # said again.
        self.terminate_again_at: float | None = None
        # Until then it is taken for one that does not stop.
        self.unstoppable_until = 0.0


OnExit = Callable[[Worker, int, struct_rusage], None]


class Children:
    """All workers that were forked and are not reaped.

    `on_exit` gets a worker, its wait status and what it used.
    """

    def __init__(self, on_exit: OnExit) -> None:
        self._on_exit = on_exit
        self._by_number: dict[int, Worker] = {}
        # Reaped while somebody waited for a stop, to be reported by the next `reap`.
        self._found_dead: list[tuple[Worker, int, struct_rusage]] = []
        self._hurried_until = 0.0
        self._wakeup, self._wakeup_write = os.pipe()
        os.set_blocking(self._wakeup, False)
        os.set_blocking(self._wakeup_write, False)
        # With a handler the signal ends a poll(); without one it would be discarded.
        self._application_handler = set_handler(signal.SIGCHLD, lambda signum, frame: None)
        set_wakeup_fd(self._wakeup_write, warn_on_full_buffer=False)

    def fileno(self) -> int:
        """Readable when `reap` is due."""
        return self._wakeup

    def __len__(self) -> int:
        return len(self._by_number)

    def __iter__(self) -> Iterator[Worker]:
        return iter(list(self._by_number.values()))

    def get(self, number: int) -> Worker | None:
        return self._by_number.get(number)

    def add(self, worker: Worker) -> None:
        self._by_number[worker.number] = worker

    def release_in_child(self) -> None:
        """In a new worker: SIGCHLD is the application's again; nothing of siblings stays open."""
        set_wakeup_fd(-1)
        set_handler(signal.SIGCHLD, self._application_handler or signal.SIG_DFL)
        os.close(self._wakeup)
        os.close(self._wakeup_write)
        for worker in self:
            os.close(worker.stacks_descriptor)

    def signal(self, worker: Worker, signum: int) -> None:
        """Safe as long as the worker is not reaped: until then its process id is not used again."""
        kill(worker.pid, signum)
        if signum == signal.SIGTERM:
            worker.terminate_again_at = time.monotonic() + _TERMINATE_AGAIN_SECONDS

    def terminate_again(self) -> float | None:
        """Says SIGTERM once more where it is due. Returns when the next one is."""
        now = time.monotonic()
        for worker in self:
            if worker.terminate_again_at is not None and worker.terminate_again_at <= now:
                self.signal(worker, signal.SIGTERM)
        return min(
            (worker.terminate_again_at for worker in self if worker.terminate_again_at),
            default=None,
        )

    def reap(self) -> None:
        """Takes every exit: of workers, and of the application's orphans, which are no news."""
        self._drain_wakeup()
        for worker, status, usage in self._found_dead:
            self._on_exit(worker, status, usage)
        self._found_dead.clear()
        while True:
            try:
                # Without WUNTRACED: a stop is left for the one who waits for it.
                pid, status, usage = wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for worker in self:
                if worker.pid == pid:
                    del self._by_number[worker.number]
                    self._on_exit(worker, status, usage)

    @contextlib.contextmanager
    def stopped(self, worker: Worker) -> Iterator[bool]:
        """Inside, the worker stands still; False if it died or did not stop in time.

        Call `reap` afterwards: it reports a death that was found here.
        """
        if time.monotonic() < worker.unstoppable_until:
            yield False
            return
        kill(worker.pid, signal.SIGSTOP)
        try:
            yield self._wait_for_stop(worker)
        finally:
            # Also ends a stop that somebody else asked for, and takes back one that has not come.
            if self.get(worker.number) is not None:
                kill(worker.pid, signal.SIGCONT)

    def _wait_for_stop(self, worker: Worker) -> bool:
        now = time.monotonic()
        deadline = now + (_HURRIED_STOP_SECONDS if now < self._hurried_until else _STOP_SECONDS)
        poller = poll()
        poller.register(self._wakeup, POLLIN)
        while True:
            self._drain_wakeup()
            pid, status, usage = wait4(worker.pid, os.WNOHANG | os.WUNTRACED)
            if pid != 0 and os.WIFSTOPPED(status):
                return True
            if pid != 0:
                del self._by_number[worker.number]
                self._found_dead.append((worker, status, usage))
                return False
            now = time.monotonic()
            remaining = deadline - now
            if remaining <= 0:
                worker.unstoppable_until = self._hurried_until = now + _UNSTOPPABLE_SECONDS
                return False
            poller.poll(remaining * 1000)

    def _drain_wakeup(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while read(self._wakeup, 4096):
                pass
