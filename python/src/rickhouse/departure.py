"""How a worker is told to leave: by SIGTERM, "finish the current request".

Signals to all processes, which are the front's business, are ignored. Those that programs are ended
by have handlers, not SIG_IGN: an ignored signal stays ignored in every program that the application
starts. What it forks gets the defaults back.
"""

from __future__ import annotations

import os
import signal
import threading
from types import CodeType, FrameType
from typing import Any, Callable

# What asks the front for something, and ends or stops whoever does not expect it.
_WISHES = (signal.SIGUSR1, signal.SIGUSR2)
# The same. With a handler, a read from the terminal in the background would be tried for ever.
_TERMINAL_WISHES = (signal.SIGTTIN, signal.SIGTTOU)

# Ours, by signal: what is found in a forked child and is not ours belongs to the application.
_handlers: dict[int, Any] = {}
# The signals that a thread blocked before it forks.
_before_fork = threading.local()


class Departing(Exception):
    """Raised by the handler out of a wait for the next request, and nowhere else."""


class Departure:
    """`interruptible` waits for a request: nothing is lost when an exception ends it."""

    def __init__(self, interruptible: CodeType) -> None:
        self.is_requested = False
        self._interruptible = interruptible

    def install(self) -> None:
        _handle(signal.SIGTERM, self._on_terminate)
        ignore_interrupts()

    def _on_terminate(self, signum: int, frame: FrameType | None) -> None:
        self.is_requested = True
        if frame is not None and frame.f_code is self._interruptible:
            raise Departing


def ignore_interrupts() -> None:
    """Ctrl-C, Ctrl-\\ and a hang-up may reach the whole process group: the front's business."""
    for signum in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        _handle(signum, _ignore)


def ignore_terminate() -> None:
    """For the zygote: the front says when to stop; a service manager may signal all processes."""
    _handle(signal.SIGTERM, _ignore)


def ignore_wishes() -> None:
    """`systemctl kill -s USR1` sends it to all processes. Once, in the zygote, before the import.

    The application may want these signals for itself: what it makes of them stays as it is, which
    could not be seen later (faulthandler takes signals without a word to `signal`).
    """
    for signum in _WISHES:
        signal.signal(signum, _ignore)
        signal.siginterrupt(signum, False)
    for signum in _TERMINAL_WISHES:
        signal.signal(signum, signal.SIG_IGN)


def _ignore(signum: int, frame: FrameType | None) -> None:
    pass


def _handle(signum: int, handler: Callable[[int, FrameType | None], None]) -> None:
    if not _handlers:
        # A look at the process id in the handlers would not do: a signal just before a long system
        # call is handled only behind it, where the default would have ended the child at once.
        os.register_at_fork(
            before=_block, after_in_parent=_unblock, after_in_child=_restore_defaults
        )
    _handlers[signum] = handler
    signal.signal(signum, handler)


def _block() -> None:
    """Until the child has its defaults: our handlers would swallow what is sent to it before.

    `multiprocessing` ends children that have not run yet, and waits for them.
    """
    _before_fork.mask = signal.pthread_sigmask(signal.SIG_BLOCK, _handlers)


def _unblock() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _before_fork.mask)


def _restore_defaults() -> None:
    for signum, handler in _handlers.items():
        if signal.getsignal(signum) is handler:
            is_interrupt = signum == signal.SIGINT
            signal.signal(signum, signal.default_int_handler if is_interrupt else signal.SIG_DFL)
    _unblock()
