"""Where a worker thread leaves large pieces of answers for the front (docs/protocol.md section 7).

Not the socket: a piece then is copied once on its way to the client's socket, and nobody waits for
a full socket to be read. A worker maps only its own part.
"""

from __future__ import annotations

import mmap
import os
import struct

from . import memory_file

SLOT_BYTES = 1 << 20
_SLOTS = 2
_WORDS_AT = _SLOTS * SLOT_BYTES
# Of one worker thread, the words included: what is mapped begins at a page, and those of some
# machines have 64 KiB. What is never written takes no memory.
PART_BYTES = _WORDS_AT + 64 * 1024
# Below this the socket is as cheap, or cheaper: what is in it is still in the cache.
LEAST_BYTES = 256 * 1024

# Set by the front alone, when nothing reads in the slot.
_FREE = 0
# Set by the worker alone.
_TAKEN = 1

# Where in the part a piece lies, and its length: what such a frame carries in place of the piece.
_pack_place = struct.Struct("<II").pack


class AnswerSlots:
    """One worker thread's part of the memory."""

    def __init__(self, part: memoryview) -> None:
        self._part = part
        self._words = part[_WORDS_AT : _WORDS_AT + 4 * _SLOTS].cast("I")

    @property
    def is_free(self) -> bool:
        return _FREE in self._words

    def put(self, piece: bytes | memoryview) -> bytes | None:
        """Copies a piece of at most SLOT_BYTES to a free slot, if there is one.

        Returns what says so in its frame, which must be sent next.
        """
        words = self._words
        for slot in range(_SLOTS):
            # The first that is free: the other one is mostly never touched.
            if words[slot] == _FREE:
                start = slot * SLOT_BYTES
                self._part[start : start + len(piece)] = piece
                # Not before the piece is there: whoever dies in between has taken nothing.
                words[slot] = _TAKEN
                return _pack_place(start, len(piece))
        return None


class AnswerMemory:
    def __init__(self, capacity: int, threads: int) -> None:
        """For `capacity` workers of `threads` threads each."""
        self._threads = threads
        # Of the file that the front opens; -1 where there is no such thing: answers go by socket.
        self.descriptor = memory_file.create("rickhouse-answers", capacity * threads * PART_BYTES)

    def take_in_child(self, slot: int) -> list[AnswerSlots | None]:
        """The parts of a worker's threads. The descriptor is closed, the mapping stays."""
        nothing: list[AnswerSlots | None] = [None] * self._threads
        if self.descriptor < 0:
            return nothing
        size = self._threads * PART_BYTES
        try:
            view = memoryview(mmap.mmap(self.descriptor, size, offset=slot * size))
        except OSError:  # More than RLIMIT_AS.
            return nothing
        finally:
            os.close(self.descriptor)
        return [AnswerSlots(view[at : at + PART_BYTES]) for at in range(0, size, PART_BYTES)]
