"""Where the front leaves large bodies for a worker thread (docs/protocol.md section 6).

Not the socket: a body then is copied once on its way, as the application reads it, and nobody waits
for a full socket to be read. Written by the front alone; a worker maps only its own part, and only
for reading.
"""

from __future__ import annotations

import mmap
import os
import struct

from . import memory_file

# Of one worker thread. What is never written takes no memory.
SLOT_BYTES = 1 << 20

# Where in the part a body lies, and its length: what such a REQUEST carries in place of the body.
_place = struct.Struct("<II").unpack


class BodyMemory:
    def __init__(self, capacity: int, threads: int) -> None:
        """For `capacity` workers of `threads` threads each."""
        self._threads = threads
        # Of the file that the front opens; -1 where there is no such thing: bodies come by socket.
        self.descriptor = memory_file.create("rickhouse-bodies", capacity * threads * SLOT_BYTES)

    def take_in_child(self, slot: int) -> list[memoryview]:
        """The parts of a worker's threads. The descriptor is closed, the mapping stays."""
        if self.descriptor < 0:
            return [memoryview(b"")] * self._threads
        size = self._threads * SLOT_BYTES
        part = mmap.mmap(
            self.descriptor, size, prot=mmap.PROT_READ, flags=mmap.MAP_SHARED, offset=slot * size
        )
        os.close(self.descriptor)
        view = memoryview(part)
        return [view[at : at + SLOT_BYTES] for at in range(0, size, SLOT_BYTES)]


def body_at(place: memoryview | bytes, part: memoryview) -> memoryview:
    """What a REQUEST with the flag MEMORY means. Raises ValueError if that is nowhere in `part`."""
    start, length = _place(place)
    if start + length > len(part):
        raise ValueError(f"{length} bytes at {start} of {len(part)}")
    return part[start : start + length]
