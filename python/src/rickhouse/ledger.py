"""The memory that zygote and workers share: what was started, what was withdrawn, what is answered.

docs/protocol.md sections 3 and 4 prove it. Mapped before the first fork. Of its cells only a worker
writes STARTED, BASE and WRITTEN; only the zygote writes the other two words, and only while the
worker is stopped or not yet born.
"""

from __future__ import annotations

import mmap
import os

from . import memory_file

STARTED = 0
WITHDRAWN_TO = 1
EXEMPT = 2
# The outbox holds the channel's bytes from offset BASE up to WRITTEN, nothing if BASE is larger.
BASE = 3
WRITTEN = 4
_WORDS = 5
_WORD_BYTES = 8

# Of one outbox. What is never written takes no memory.
OUTBOX_BYTES = 32 * 1024


class Ledger:
    """`capacity` workers of `threads` cells each. A worker that has gone gives its slot back."""

    def __init__(self, capacity: int, threads: int) -> None:
        self._threads = threads
        cells = capacity * threads
        # Where the outboxes begin.
        self.outboxes_at = cells * _WORDS * _WORD_BYTES
        size = self.outboxes_at + cells * OUTBOX_BYTES
        # What the front opens, to read it should we be lost; -1 where there is no such thing:
        # anonymous memory then.
        self.descriptor = memory_file.create("rickhouse-ledger", size)
        memory = memoryview(mmap.mmap(self.descriptor, size))
        # An aligned 64-bit store through a memoryview is one instruction (23 ns in all).
        self._words = memory[: self.outboxes_at].cast("Q")
        self._outboxes = memory[self.outboxes_at :]
        self._free = list(range(capacity - 1, -1, -1))

    def acquire(self) -> int | None:
        """A slot with all words 0, or None when all are taken."""
        if not self._free:
            return None
        slot = self._free.pop()
        for thread in range(self._threads):
            cell = self.cell(slot, thread)
            for word in range(_WORDS):
                cell[word] = 0
        return slot

    def release_in_child(self) -> None:
        """The application need not see how it is shared; the mapping stays."""
        if self.descriptor >= 0:
            os.close(self.descriptor)

    def release(self, slot: int) -> None:
        self._free.append(slot)

    def cell(self, slot: int, thread: int) -> memoryview:
        """The words of one worker thread."""
        start = (slot * self._threads + thread) * _WORDS
        return self._words[start : start + _WORDS]

    def outbox(self, slot: int, thread: int) -> memoryview:
        """One worker thread's outbox: its first byte is offset BASE of the channel."""
        start = (slot * self._threads + thread) * OUTBOX_BYTES
        return self._outboxes[start : start + OUTBOX_BYTES]

    def read(self, slot: int) -> list[list[int]]:
        """Per thread [started, withdrawn to, exempt]."""
        return [list(self.cell(slot, thread)[:BASE]) for thread in range(self._threads)]

    def answers(self, slot: int, thread: int) -> tuple[int, bytes]:
        """The offset of the outbox and what it holds; the worker must be stopped or dead."""
        cell = self.cell(slot, thread)
        base, written = cell[BASE], cell[WRITTEN]
        # More than fits is the work of a stray pointer.
        size = written - base if base <= written <= base + OUTBOX_BYTES else 0
        return base, bytes(self.outbox(slot, thread)[:size])

    def withdraw(self, slot: int, thread: int, up_to: int) -> tuple[int, int]:
        """Withdraws what has not started and is numbered up to `up_to`; the worker must be stopped.

        Returns `started` and `above`: every n with `above < n <= up_to` will never start there.
        """
        cell = self.cell(slot, thread)
        started, withdrawn_to = cell[STARTED], cell[WITHDRAWN_TO]
        # Stopped between its store and its look at WITHDRAWN_TO, the worker must still run what it
        # has started.
        if started > withdrawn_to:
            cell[EXEMPT] = started
        cell[WITHDRAWN_TO] = max(withdrawn_to, up_to)
        return started, max(started, withdrawn_to)
