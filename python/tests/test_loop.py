"""The loop of a worker thread, stopped by a withdrawal at every step that matters."""

import unittest
import weakref
from typing import Any, Optional, Union

from rickhouse.channel import Channel
from rickhouse.departure import Departure
from rickhouse.ledger import STARTED, WITHDRAWN_TO, Ledger
from rickhouse.worker import _Loop


class ScriptedChannel:
    """Hands out requests by number; None is the end."""

    is_lost = False
    was_closed = False
    was_interrupted = False
    owner = 0

    def __init__(self, numbers: list[int]) -> None:
        self._numbers = iter(numbers)
        self.calls: list[str] = []

    def next_request(self) -> Optional[tuple[Any, ...]]:
        number = next(self._numbers, None)
        return None if number is None else (number, 0, {}, b"")

    def flush(self) -> None:
        self.calls.append("flush")

    def close(self) -> None:
        self.calls.append("close")


class StoppableCell:
    """A cell of the ledger at which the zygote stops the worker: before or behind one access."""

    def __init__(self, ledger: Ledger, stop: tuple[str, int], up_to: int) -> None:
        self._ledger = ledger
        self._cell = ledger.cell(0, 0)
        self._stop = stop
        self._up_to = up_to
        self.withdrawn: set[int] = set()

    def __setitem__(self, word: int, value: int) -> None:
        self._at("before store", value)
        self._cell[word] = value
        self._at("after store", value)

    def __getitem__(self, word: int) -> int:
        number = self._cell[STARTED]
        value = self._cell[word]
        if word == WITHDRAWN_TO:
            self._at("after look", number)
        return value

    def _at(self, step: str, number: int) -> None:
        if (step, number) == self._stop:
            _, above = self._ledger.withdraw(0, 0, self._up_to)
            self.withdrawn |= set(range(above + 1, self._up_to + 1))


class Loop(unittest.TestCase):
    def serve(self, cell: Union[StoppableCell, memoryview], numbers: list[int]) -> list[int]:
        ran: list[int] = []

        class Gateway:
            def run(self, request: Any) -> None:
                ran.append(request[0])

        channel: Any = ScriptedChannel(numbers)
        gateway: Any = Gateway()
        any_cell: Any = cell
        _Loop(channel, any_cell, gateway.run, Departure(Channel.interruptible)).serve()
        self.assertEqual(channel.calls, ["flush", "close"])
        return ran

    def test_a_withdrawal_at_any_step_of_any_request(self) -> None:
        numbers = [1, 2, 3, 5, 8]
        for step in ("before store", "after store", "after look"):
            for number in numbers:
                with self.subTest(step, number=number):
                    ledger = Ledger(1, 1)
                    ledger.acquire()
                    cell = StoppableCell(ledger, (step, number), 8)
                    ran = self.serve(cell, numbers)
                    self.assertFalse(set(ran) & cell.withdrawn, "runs here and elsewhere")
                    self.assertEqual(set(numbers) - set(ran) - cell.withdrawn, set(), "lost")
                    # The one that had started stays; all behind it go.
                    last = max(ran, default=0)
                    self.assertEqual(last == number, step != "before store")

    def test_what_was_sent_after_a_withdrawal_runs(self) -> None:
        ledger = Ledger(1, 1)
        ledger.acquire()
        ledger.withdraw(0, 0, 3)
        self.assertEqual(self.serve(ledger.cell(0, 0), [1, 2, 3, 4, 5]), [4, 5])
        self.assertEqual(ledger.read(0), [[5, 3, 0]])

    def test_nothing_of_a_request_is_kept_while_the_next_is_awaited(self) -> None:
        class Load:
            """What an application has left in the environ."""

        loads: list[weakref.ref[Load]] = []
        kept: list[bool] = []

        class LoadedChannel(ScriptedChannel):
            def next_request(self) -> Optional[tuple[Any, ...]]:
                kept.extend(load() is not None for load in loads)
                request = super().next_request()
                if request is not None:
                    load = request[2]["load"] = Load()
                    loads.append(weakref.ref(load))
                return request

        ledger = Ledger(1, 1)
        ledger.acquire()
        ledger.withdraw(0, 0, 1)  # The first does not run.
        channel: Any = LoadedChannel([1, 2])
        departure = Departure(Channel.interruptible)
        _Loop(channel, ledger.cell(0, 0), lambda request: None, departure).serve()
        self.assertEqual(kept, [False, False, False])


if __name__ == "__main__":
    unittest.main()
