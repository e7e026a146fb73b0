"""What must not be shared across fork, looked for after the import (docs/fork-safety.md).

A thread does not survive a fork, but the locks that it held do; two processes on one connection mix
their bytes; SQLite forbids it, and so do the drivers of graphics processors.
"""

from __future__ import annotations

import os
import socket
import stat
import sys
import threading

from . import offspring
from .process import OwnSocket, open_descriptors

_SQLITE_MAGIC = b"SQLite format 3\0"
_DESCRIPTORS = "/proc/self/fd/"
_TASKS = "/proc/self/task/"
# What CUDA, ROCm and others open: they fail in a child of the process that began to use them.
_DEVICES = ("/dev/nvidia", "/dev/kfd", "/dev/dri/")


def find_unshareable(own_descriptors: frozenset[int]) -> list[str]:
    """One phrase for each thing found; empty when the application may be preloaded."""
    found = [*_python_threads(), *offspring.find_unshareable()]
    for descriptor in sorted(open_descriptors()):
        if descriptor not in own_descriptors:
            what = _describe_unshareable(descriptor)
            if what:
                found.append(what)
    return list(dict.fromkeys(found))  # A driver opens its device a dozen times.


def find_native_threads() -> list[str]:
    """Names of threads that Python did not start; Linux only.

    Most libraries that have some can cope with fork, not all.
    """
    if not os.path.isdir(_TASKS):
        return []
    known = {thread.native_id for thread in threading.enumerate()}
    tasks = [task for task in os.listdir(_TASKS) if int(task) not in known]
    return sorted(filter(None, map(_task_name, tasks)))


def _task_name(task: str) -> str:
    try:
        with open(f"{_TASKS}{task}/comm") as file:
            return file.read().strip()
    except OSError:
        return ""  # It has ended meanwhile.


def _python_threads() -> list[str]:
    found = []
    frames = sys._current_frames()
    for thread in threading.enumerate():
        if thread is threading.main_thread():
            continue
        frame = frames.get(thread.ident or 0)
        place = f" at {frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else ""
        found.append(f"the thread {thread.name!r}{place}")
    return found


def _describe_unshareable(descriptor: int) -> str:
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISSOCK(mode):
            return _describe_socket(descriptor)
        if stat.S_ISREG(mode):
            is_database = os.pread(descriptor, len(_SQLITE_MAGIC), 0) == _SQLITE_MAGIC
            return f"the SQLite database {_target(descriptor)}" if is_database else ""
        target = _target(descriptor)
        if stat.S_ISCHR(mode):
            return f"the device {target}" if target.startswith(_DEVICES) else ""
        return f"an epoll descriptor ({descriptor})" if target == "anon_inode:[eventpoll]" else ""
    except OSError:
        return ""  # Not readable, or closed meanwhile.


def _describe_socket(descriptor: int) -> str:
    """Not datagrams, which stay whole whoever sends them (syslog), nor listening sockets."""
    default = socket.getdefaulttimeout()
    # With one, a socket that is made of a descriptor no longer blocks: nor would the application's.
    socket.setdefaulttimeout(None)
    try:
        copied = OwnSocket(fileno=os.dup(descriptor))
    finally:
        socket.setdefaulttimeout(default)
    with copied as copy:
        if copy.type == socket.SOCK_DGRAM:
            return ""
        peer = copy.getpeername()  # OSError when it is not connected.
        if copy.family in (socket.AF_INET, socket.AF_INET6):
            return f"a connection to {peer[0]} port {peer[1]}"
        return (
            f"a connection to {peer!r}" if peer else f"a connected pair of sockets ({descriptor})"
        )


def _target(descriptor: int) -> str:
    try:
        return os.readlink(f"{_DESCRIPTORS}{descriptor}")
    except OSError:
        return f"on descriptor {descriptor}"
