"""How a worker is told to leave: SIGTERM means "finish the current request", SIGINT and SIGHUP mean
nothing.

Handlers, not SIG_IGN: an ignored signal stays ignored in every program that the application starts.
A process that the application forks inherits handlers, so each acts only in the process that it was
made for.
"""

from __future__ import annotations

import os
import signal
from types import CodeType, FrameType


class Departing(Exception):
    """Raised by the handler out of a wait for the next request, and nowhere else."""


class Departure:
    """`interruptible` is the function that waits for a request: nothing is lost when an exception
    ends it.
    """

    def __init__(self, interruptible: CodeType) -> None:
        self.is_requested = False
        self._interruptible = interruptible
        self._pid = os.getpid()

    def install(self) -> None:
        signal.signal(signal.SIGTERM, self._on_terminate)
        ignore_interrupts()

    def _on_terminate(self, signum: int, frame: FrameType | None) -> None:
        if os.getpid() != self._pid:
            _act_as_default(signum)
            return
        self.is_requested = True
        if frame is not None and frame.f_code is self._interruptible:
            raise Departing


def ignore_interrupts() -> None:
    """Ctrl-C and a hang-up of the terminal may reach the whole process group; they are the front's
    business.
    """
    pid = os.getpid()

    def ignore(signum: int, frame: FrameType | None) -> None:
        if os.getpid() == pid:
            return
        if signum == signal.SIGINT:
            raise KeyboardInterrupt
        _act_as_default(signum)

    for signum in (signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, ignore)


def ignore_terminate() -> None:
    """For the zygote: the front tells it when to stop, a service manager may signal the whole
    group.
    """
    pid = os.getpid()

    def ignore(signum: int, frame: FrameType | None) -> None:
        if os.getpid() != pid:
            _act_as_default(signum)

    signal.signal(signal.SIGTERM, ignore)


def _act_as_default(signum: int) -> None:
    signal.signal(signum, signal.SIG_DFL)
    os.kill(os.getpid(), signum)
