"""The words that decide what runs where: single cases, and every interleaving that chance finds."""

import random
import resource
import unittest

from rickhouse.ledger import (
    BASE,
    EXEMPT,
    OUTBOX_BYTES,
    STARTED,
    WITHDRAWN_TO,
    WRITTEN,
    Ledger,
)


class Slots(unittest.TestCase):
    def test_slots_are_given_until_there_are_none_and_again_after_release(self) -> None:
        ledger = Ledger(2, 1)
        slots = {ledger.acquire(), ledger.acquire()}
        self.assertEqual(slots, {0, 1})
        self.assertIsNone(ledger.acquire())
        ledger.release(1)
        self.assertEqual(ledger.acquire(), 1)

    def test_a_slot_used_again_starts_with_zeros(self) -> None:
        ledger = Ledger(1, 2)
        ledger.acquire()
        ledger.cell(0, 1)[STARTED] = 7
        ledger.withdraw(0, 1, 9)
        ledger.cell(0, 1)[WRITTEN] = 5
        self.assertEqual(ledger.read(0), [[0, 0, 0], [7, 9, 7]])
        ledger.release(0)
        ledger.acquire()
        self.assertEqual(ledger.read(0), [[0, 0, 0], [0, 0, 0]])
        self.assertEqual(ledger.answers(0, 1), (0, b""))

    def test_where_files_may_not_be_that_large_it_is_no_file(self) -> None:
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_FSIZE, limits)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        ledger = Ledger(1, 1)
        self.assertEqual(ledger.descriptor, -1)
        self.assertEqual((ledger.acquire(), ledger.read(0)), (0, [[0, 0, 0]]))

    def test_cells_do_not_overlap(self) -> None:
        ledger = Ledger(3, 2)
        for slot in range(3):
            for thread in range(2):
                cell = ledger.cell(slot, thread)
                for word in range(3):
                    cell[word] = slot * 100 + thread * 10 + word
        expected = [[[s * 100 + t * 10 + w for w in range(3)] for t in range(2)] for s in range(3)]
        self.assertEqual([ledger.read(slot) for slot in range(3)], expected)

    def test_outboxes_do_not_overlap(self) -> None:
        ledger = Ledger(2, 2)
        places = [(slot, thread) for slot in range(2) for thread in range(2)]
        for byte, place in enumerate(places):
            ledger.outbox(*place)[:] = bytes([byte]) * OUTBOX_BYTES
            ledger.cell(*place)[WRITTEN] = OUTBOX_BYTES
        for byte, place in enumerate(places):
            self.assertEqual(ledger.answers(*place), (0, bytes([byte]) * OUTBOX_BYTES))

    def test_an_outbox_that_holds_more_than_it_can_is_not_believed(self) -> None:
        ledger = Ledger(1, 1)
        cell = ledger.cell(0, 0)
        for base, written in ((5, 4), (5, 5), (5, 6 + OUTBOX_BYTES), (0, 1 << 63)):
            cell[BASE], cell[WRITTEN] = base, written
            self.assertEqual(ledger.answers(0, 0), (base, b""))

    def test_a_word_holds_64_bits(self) -> None:
        ledger = Ledger(1, 1)
        ledger.cell(0, 0)[STARTED] = (1 << 64) - 1
        self.assertEqual(ledger.read(0)[0][STARTED], (1 << 64) - 1)


class Withdrawing(unittest.TestCase):
    def setUp(self) -> None:
        self.ledger = Ledger(1, 1)
        self.cell = self.ledger.cell(0, 0)

    def test_nothing_started(self) -> None:
        self.assertEqual(self.ledger.withdraw(0, 0, 5), (0, 0))
        self.assertEqual(list(self.cell)[:BASE], [0, 5, 0])

    def test_the_running_one_stays(self) -> None:
        self.cell[STARTED] = 3
        self.assertEqual(self.ledger.withdraw(0, 0, 5), (3, 3))
        self.assertEqual(list(self.cell)[:BASE], [3, 5, 3])

    def test_a_second_time_before_anything_new_started_withdraws_only_what_is_new(self) -> None:
        self.cell[STARTED] = 3
        self.ledger.withdraw(0, 0, 5)
        self.assertEqual(self.ledger.withdraw(0, 0, 8), (3, 5))
        self.assertEqual(list(self.cell)[:BASE], [3, 8, 3])

    def test_one_that_skips_a_withdrawn_one_keeps_the_exempt_one(self) -> None:
        self.cell[STARTED] = 3
        self.ledger.withdraw(0, 0, 5)
        self.cell[STARTED] = 4  # Stored, and about to be skipped.
        self.assertEqual(self.ledger.withdraw(0, 0, 5), (4, 5))
        self.assertEqual(list(self.cell)[:BASE], [4, 5, 3])

    def test_up_to_nothing_is_only_a_look(self) -> None:
        self.cell[STARTED] = 3
        self.assertEqual(self.ledger.withdraw(0, 0, 0)[0], 3)
        self.ledger.withdraw(0, 0, 5)
        self.cell[STARTED] = 7
        self.assertEqual(self.ledger.withdraw(0, 0, 0)[0], 7)
        # All that was withdrawn stays so, and nothing else is.
        for number in (4, 5):
            self.assertLessEqual(number, self.cell[WITHDRAWN_TO])
            self.assertNotEqual(number, self.cell[EXEMPT])
        self.assertEqual(self.cell[WITHDRAWN_TO], 5)

    def test_up_to_what_has_started(self) -> None:
        self.cell[STARTED] = 5
        started, above = self.ledger.withdraw(0, 0, 5)
        self.assertEqual((started, above), (5, 5))


class Interleavings(unittest.TestCase):
    """The worker as the single steps between which it can be stopped: store, look, run."""

    def test_nothing_runs_twice_and_nothing_is_lost(self) -> None:
        for seed in range(300):
            with self.subTest(seed=seed):
                self.run_one(random.Random(seed))

    def run_one(self, chance: random.Random) -> None:
        ledger = Ledger(1, 1)
        ledger.release_in_child()  # Hundreds of descriptors would stay open.
        cell = ledger.cell(0, 0)
        ran: list[int] = []
        withdrawn: set[int] = set()
        sent = handled = 0
        step = "store"
        while handled < 60:
            choice = chance.random()
            if choice < 0.3 and sent < 60:
                sent += chance.randint(1, 4)
            elif choice < 0.5 and sent > 0:
                # Sometimes it only looks.
                up_to = sent if choice < 0.45 else 0
                _, above = ledger.withdraw(0, 0, up_to)
                newly = set(range(above + 1, up_to + 1))
                self.assertFalse(newly & withdrawn)
                withdrawn |= newly
            elif handled < sent:
                number = handled + 1
                if step == "store":
                    cell[STARTED] = number
                    step = "look"
                elif step == "look":
                    is_to_run = number > cell[WITHDRAWN_TO] or number == cell[EXEMPT]
                    step = "run" if is_to_run else "store"
                    handled += not is_to_run
                else:
                    ran.append(number)
                    handled, step = number, "store"
        self.assertEqual(len(ran), len(set(ran)))
        self.assertFalse(set(ran) & withdrawn, "ran here and elsewhere")
        self.assertEqual(
            set(ran) | withdrawn | set(range(handled + 1, sent + 1)), set(range(1, sent + 1))
        )


if __name__ == "__main__":
    unittest.main()
