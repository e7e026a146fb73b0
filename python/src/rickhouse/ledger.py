"""The page that zygote and workers share: what was started, and what was withdrawn.

docs/protocol.md section 3 proves it. Mapped before the first fork. Only a worker writes STARTED of
its cells; only the zygote writes the other two words, and only while the worker is stopped or not
yet born.
"""

from __future__ import annotations

import mmap

STARTED = 0
WITHDRAWN_TO = 1
EXEMPT = 2
_WORDS = 3
_WORD_BYTES = 8


class Ledger:
    """`capacity` workers of `threads` cells each. A worker that has gone gives its slot back."""

    def __init__(self, capacity: int, threads: int) -> None:
        self._threads = threads
        # Anonymous and shared; an aligned 64-bit store through a memoryview is one instruction (23
        # ns in all).
        self._words = memoryview(mmap.mmap(-1, capacity * threads * _WORDS * _WORD_BYTES)).cast("Q")
        self._free = list(range(capacity - 1, -1, -1))

    def acquire(self) -> int | None:
        """A slot with all words 0, or None when all are taken."""
        if not self._free:
            return None
        slot = self._free.pop()
        for thread in range(self._threads):
            cell = self.cell(slot, thread)
            cell[STARTED] = cell[WITHDRAWN_TO] = cell[EXEMPT] = 0
        return slot

    def release(self, slot: int) -> None:
        self._free.append(slot)

    def cell(self, slot: int, thread: int) -> memoryview:
        """The three words of one worker thread."""
        start = (slot * self._threads + thread) * _WORDS
        return self._words[start : start + _WORDS]

    def read(self, slot: int) -> list[list[int]]:
        """Per thread [started, withdrawn to, exempt]."""
        return [list(self.cell(slot, thread)) for thread in range(self._threads)]

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
