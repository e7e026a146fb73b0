"""Where the front leaves large bodies for the workers (docs/protocol.md section 6).

Not the socket: a body then is copied once on its way, as the application reads it, and nobody waits
for a full socket to be read. Written by the front alone; workers map it for reading.
"""

from __future__ import annotations

import mmap
import os
import struct

from . import memory_file

# Of one body. What is never written takes no memory.
SLOT_BYTES = 1 << 20
# For those that are still to come, beside one for each thread.
_SLOTS_TO_COME = 48
# A place must fit into 32 bits; and each slot is some address space of each worker.
_MOST_SLOTS = 1024

# Where in the memory a body lies, and its length: what such a REQUEST carries in place of the body.
_place = struct.Struct("<II").unpack


class BodyMemory:
    def __init__(self, threads: int) -> None:
        """`threads`: of all workers."""
        size = min(threads + _SLOTS_TO_COME, _MOST_SLOTS) * SLOT_BYTES
        # Of the file that the front opens; -1 where there is no such thing: bodies come by socket.
        self.descriptor = memory_file.create("rickhouse-bodies", size)
        # Here, not in each worker: then it is known whether they have it.
        self._memory = _mapped(self.descriptor, size)
        if self.descriptor >= 0 and not self._memory:
            os.close(self.descriptor)
            self.descriptor = -1

    def take_in_child(self) -> memoryview:
        """For all threads of a worker. The descriptor is closed."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
        return self._memory


def _mapped(descriptor: int, size: int) -> memoryview:
    """Empty where it cannot be had."""
    if descriptor < 0:
        return memoryview(b"")
    try:
        # Of a mapping of this one nobody can make one for writing.
        readable = os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return memoryview(b"")
    try:
        return memoryview(mmap.mmap(readable, size, prot=mmap.PROT_READ, flags=mmap.MAP_SHARED))
    except OSError:  # More than RLIMIT_AS.
        return memoryview(b"")
    finally:
        os.close(readable)


def body_at(place: memoryview | bytes, memory: memoryview) -> memoryview:
    """What a REQUEST with the flag MEMORY means. Raises ValueError if it is nowhere in `memory`."""
    start, length = _place(place)
    if start + length > len(memory):
        raise ValueError(f"{length} bytes at {start} of {len(memory)}")
    return memory[start : start + length]
