"""A file without a name, in memory: what the zygote shares with its workers and with the front."""

from __future__ import annotations

import fcntl
import os


def create(name: str, size: int) -> int:
    """Its descriptor; -1 where there is no such thing. It keeps its size whatever happens."""
    try:
        descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except (AttributeError, OSError):
        return -1
    try:
        os.ftruncate(descriptor, size)
        # Who maps what somebody cuts off dies of it.
        seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    except (AttributeError, OSError):  # More than RLIMIT_FSIZE.
        os.close(descriptor)
        return -1
    return descriptor
