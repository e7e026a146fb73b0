"""What `weakref.finalize` is to do at the end for things that the import has made.

A temporary directory of a module, say: all workers use it, so the first one to end must not remove
it. These finalizers are run once, in the process that has imported, when it ends.
"""

from __future__ import annotations

import signal
import weakref
from typing import Any

from . import buffers, log

# Nobody may be left who would end us.
_MAX_SECONDS = 10.0
_taken: list[weakref.finalize[..., Any]] = []


class _Late(BaseException):
    """No error that a finalizer would take for its own."""


def take() -> None:
    """From those who will be forked. What they make later is finalized by them."""
    for finalizer in list(getattr(weakref.finalize, "_registry", ())):
        if finalizer.atexit:
            finalizer.atexit = False
            _taken.append(finalizer)


def run(seconds: float = _MAX_SECONDS) -> None:
    """The last one first, as Python does; then all that was printed goes out.

    In a process that ends, or becomes another by exec.
    """
    take()
    signal.signal(signal.SIGALRM, _on_alarm)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGALRM,))
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        while _taken:
            _run_last()
    except _Late:
        log.report("zygote", f"finalizers of the import did not end within {seconds:g} seconds")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    log.flush_streams()
    buffers.flush_c_streams()


def _run_last() -> None:
    try:
        _taken.pop()()
    except _Late:
        raise
    except BaseException as error:
        log.report("zygote", f"error in a finalizer\n{log.traceback_of(error)}")


def _on_alarm(signum: int, frame: object) -> None:
    raise _Late
