"""What the import has started by `multiprocessing`: the zygote's business, not its workers'.

They would end it when they leave, and wait for what is no child of theirs. Nothing is done here
unless the application has imported `multiprocessing`; what it keeps to itself may change.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from os import waitpid  # As it is now: gevent puts another in its place.
from typing import Any, Callable, NoReturn

from . import log

# What does not end sooner is killed.
_MOST_SECONDS = 2.0
# The exit status of one that somebody else has reaped; `multiprocessing` says so too then.
_UNKNOWN = 255
# All that a process knows of its fork server; 3.14 has the last one.
_OF_FORK_SERVER = (
    "_forkserver_pid",
    "_forkserver_address",
    "_forkserver_alive_fd",
    "_forkserver_authkey",
)


def find_unshareable() -> list[str]:
    """As preload_check.find_unshareable. Queues, locks and values are made to be shared."""
    found = []
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None:
        found = sorted(f"the process {child.name!r}" for child in processes.active_children())
    executors = sys.modules.get("concurrent.futures.process")
    if executors is not None:
        # Has its pipes from the beginning, and processes with the first call: workers would take
        # each other's results.
        kind = executors.ProcessPoolExecutor
        things = [thing for thing in gc.get_objects() if issubclass(type(thing), kind)]
        live = [thing for thing in things if not getattr(thing, "_shutdown_thread", False)]
        found += ["a ProcessPoolExecutor"] * len(live)
    return found


def forget() -> None:
    """In a new worker. Resources stay with the tracker that all share: it is made for that."""
    _children().clear()
    server = getattr(sys.modules.get("multiprocessing.forkserver"), "_forkserver", None)
    if server is None:
        return
    alive = getattr(server, "_forkserver_alive_fd", None)
    if alive is not None:  # The fork server ends with the last who holds it.
        with contextlib.suppress(OSError):
            os.close(alive)
    for name in _OF_FORK_SERVER:
        if getattr(server, name, None) is not None:
            setattr(server, name, None)


def end(finish: Callable[[], NoReturn], seconds: float = _MOST_SECONDS) -> NoReturn:
    """Ends it, in bounded time, and this process by `finish`.

    `seconds`: not longer, nor than _MOST_SECONDS.
    """
    util = sys.modules.get("multiprocessing.util")
    if util is None:
        finish()

    def give_up(signum: int, frame: object) -> None:
        _kill()
        finish()

    signal.signal(signal.SIGALRM, give_up)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGALRM,))
    signal.setitimer(signal.ITIMER_REAL, max(min(seconds, _MOST_SECONDS), 0.001))
    try:
        note_reaped()
        # Managers and pools first: these would put others in the place of what has ended.
        util._run_finalizers(0)
        for child in list(_children()):
            child.terminate()
        util._exit_function()
    except BaseException as error:
        text = f"error at the end of what the import has started\n{log.traceback_of(error)}"
        log.report("zygote", text)
    signal.setitimer(signal.ITIMER_REAL, 0)  # It would outlive an exec.
    _kill()
    finish()


def note_reaped() -> None:
    """Tells `multiprocessing` of ends that it cannot see: the zygote reaps all of its children.

    It would send a signal to a process id that may be somebody else's now.
    """
    for child in list(_children()):
        popen = child._popen
        if popen.method != "forkserver" and popen.returncode is None:
            try:
                pid, status = waitpid(popen.pid, os.WNOHANG)
                if pid != 0:
                    popen.returncode = os.waitstatus_to_exitcode(status)
            except ChildProcessError:
                popen.returncode = _UNKNOWN


def _kill() -> None:
    for child in list(_children()):
        with contextlib.suppress(Exception):
            child.kill()


def _children() -> set[Any]:
    """Those that were started and whose end was not yet seen."""
    children = getattr(sys.modules.get("multiprocessing.process"), "_children", None)
    return children if isinstance(children, set) else set()
