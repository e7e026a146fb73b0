"""What the workers of one zygote said of an import that fails: the same traceback is told once.

Without preload each new worker imports, fails, and another follows, for as long as it takes.
"""

from __future__ import annotations

import fcntl
import os


def is_new(descriptor: int, text: str) -> bool:
    """Whether the last worker said something else; notes what this one says.

    `descriptor` is a file that the zygote made and that all its workers have inherited.
    """
    data = text.encode("utf-8", "backslashreplace")
    # Not flock(): its locks belong to the open file, and that is the same one in all workers.
    fcntl.lockf(descriptor, fcntl.LOCK_EX)
    try:
        if os.pread(descriptor, len(data) + 1, 0) == data:
            return False
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, data, 0)
        return True
    finally:
        fcntl.lockf(descriptor, fcntl.LOCK_UN)
