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


def take() -> None:
    """From those who will be forked. What they make later is finalized by them."""
    for finalizer in list(getattr(weakref.finalize, "_registry", ())):
        if finalizer.atexit:
            finalizer.atexit = False
            _taken.append(finalizer)


def run() -> None:
    """The last one first, as Python does; then all that was printed goes out.

    In a process that ends, or becomes another by exec.
    """
    take()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, _MAX_SECONDS)
    while _taken:
        try:
            _taken.pop()()
        except BaseException as error:
            log.report("zygote", f"error in a finalizer\n{log.traceback_of(error)}")
    log.flush_streams()
    buffers.flush_c_streams()
    signal.setitimer(signal.ITIMER_REAL, 0)
