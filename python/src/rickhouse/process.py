"""What the zygote does to processes: descriptors, limits, parentage, scheduling.

Linux has most of it; elsewhere each step is left out.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import socket
import sys
from collections.abc import Iterable

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
# More than an application has open at once, mostly.
_HIGH_DESCRIPTOR = 800
# The application may have given SIGPIPE its default back: the end of the front must not end us
# where we stand. macOS has no such flag.
SEND_FLAGS: int = getattr(socket, "MSG_NOSIGNAL", 0)
# What connects to Unix sockets: the class that the application may have put in its place (PySocks)
# may not know how to.
OwnSocket = socket.socket


def leave_group() -> None:
    """Ctrl-C on the terminal is for the front, which is in the group that we were started in.

    Not setsid(): where sessions are scheduled as groups (sched_autogroup(7)), front and workers
    would then wait for each other's turn.
    """
    with contextlib.suppress(PermissionError):  # The leader of a session is alone already.
        os.setpgid(0, 0)


def open_descriptors() -> list[int]:
    """Listed, not counted up to the limit: that may be a million."""
    directory = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"
    descriptors = [int(name) for name in os.listdir(directory)]
    return [descriptor for descriptor in descriptors if _is_open(descriptor)]


def _is_open(descriptor: int) -> bool:
    """False for the one that listed the directory."""
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def identity(descriptor: int) -> tuple[int, int] | None:
    """What is open there; None when nothing is."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def closed_by_import(module: str) -> str:
    return (
        f"importing {module} closed descriptors that are not its own (os.closerange?): the server"
        " cannot go on with this process"
    )


def close_inherited_but(kept: Iterable[int]) -> None:
    """Not what was opened since this interpreter started (by a .pth file or sitecustomize).

    That does not outlive an exec (PEP 446); what we inherited did.
    """
    for descriptor in set(open_descriptors()) - set(kept):
        with contextlib.suppress(OSError):  # Closed by itself since it was listed.
            if os.get_inheritable(descriptor):
                os.close(descriptor)


def moved_up(low: socket.socket) -> socket.socket:
    """The same socket, of the application's class, under a number that is not used again soon.

    Others of its threads may have to run while one sends and receives (gevent).

    An application that closes descriptors which are not its own, and then opens a connection to its
    database, would get the lowest free number, and what we write to ours would go there.
    """
    high = _high_duplicate(low.fileno())
    if high is None:
        return low
    family, kind = low.family, low.type
    low.close()
    return socket.socket(family, kind, fileno=high)


def moved_up_descriptor(low: int) -> int:
    """As `moved_up`."""
    high = _high_duplicate(low)
    if high is None:
        return low
    os.close(low)
    return high


def _high_duplicate(low: int) -> int | None:
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft == resource.RLIM_INFINITY:
        soft = 2 * _HIGH_DESCRIPTOR
    try:
        return fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, min(_HIGH_DESCRIPTOR, soft // 2))
    except OSError:  # None is free above it.
        return None


def restore_file_limit(soft: int | None) -> None:
    """Node raises the soft limit for its children too, and breaks programs that use select()."""
    if soft is None:
        return
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft if hard < 0 else min(soft, hard), hard))


def become_subreaper() -> str:
    """Orphans of the application become our children, so that they are reaped.

    Returns why not, or "".
    """
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def set_parent_death_signal(signum: int) -> str:
    """`signum` when the front ends; 0 for none. Returns why not, or ""."""
    return _prctl(_PR_SET_PDEATHSIG, signum)


def _prctl(option: int, value: int) -> str:
    if sys.platform != "linux":
        return ""
    try:
        import ctypes

        if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) == 0:
            return ""
        return os.strerror(ctypes.get_errno())
    except (
        ImportError,
        OSError,
        AttributeError,
    ) as error:  # A Python that was built without libffi.
        return str(error)


def leave_batch_policy() -> None:
    """A front under SCHED_BATCH (see below) passes it on; workers must not have it."""
    if sys.platform == "linux" and os.sched_getscheduler(0) == os.SCHED_BATCH:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def set_policy_of(pid: int, policy: str) -> str:
    """`batch`: no answer wakes the front at once in place of a worker; `other` is the usual.

    Node cannot do this for itself. Returns why not, or "".
    """
    if sys.platform != "linux":
        return "only Linux has scheduling policies"
    try:
        number = os.SCHED_BATCH if policy == "batch" else os.SCHED_OTHER
        os.sched_setscheduler(pid, number, os.sched_param(0))
    except OSError as error:
        return str(error)
    return ""


def remove_directory(path: str) -> None:
    """The front's private directory, when the front cannot do it any more. Best effort."""
    if not os.path.isabs(path) or os.path.islink(path):
        return
    for directory, _, files in os.walk(path, topdown=False):
        for name in files:
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(directory, name))
        with contextlib.suppress(OSError):
            os.rmdir(directory)
