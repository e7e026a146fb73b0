"""Workers as processes, with children of the test itself."""

import contextlib
import os
import signal
import time
import unittest
from collections.abc import Callable, Iterator
from unittest import mock

from rickhouse import children
from rickhouse.children import Children, Worker
from support import SECONDS, is_alive, wait_for


class ChildrenTest(unittest.TestCase):
    def setUp(self) -> None:
        self.addCleanup(signal.signal, signal.SIGCHLD, signal.getsignal(signal.SIGCHLD))
        self.addCleanup(signal.set_wakeup_fd, -1)
        self.exits: list[tuple[int, int]] = []
        self.children = Children(lambda worker, status, _: self.exits.append((worker.pid, status)))
        self.addCleanup(os.close, self.children._wakeup)
        self.addCleanup(os.close, self.children._wakeup_write)

    def fork(self, number: int, run: Callable[[], object]) -> Worker:
        pid = os.fork()
        if pid == 0:
            try:
                signal.set_wakeup_fd(-1)
                run()
            finally:
                os._exit(0)
        worker = Worker(number, pid, 0, -1)
        self.children.add(worker)
        self.addCleanup(self.end, worker)
        return worker

    def end(self, worker: Worker) -> None:
        if self.children.get(worker.number) is not None:
            os.kill(worker.pid, signal.SIGKILL)
            os.waitpid(worker.pid, 0)

    def state_of(self, worker: Worker) -> str:
        with open(f"/proc/{worker.pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]

    def test_a_worker_stands_still_inside_and_goes_on_afterwards(self) -> None:
        worker = self.fork(1, lambda: signal.pause())
        for _ in range(50):
            with self.children.stopped(worker) as has_stopped:
                self.assertEqual((has_stopped, self.state_of(worker)), (True, "T"))
            self.assertNotEqual(self.state_of(worker), "T")

    def test_a_death_found_while_waiting_for_a_stop_is_reported_afterwards(self) -> None:
        worker = self.fork(1, lambda: os._exit(5))
        wait_for(lambda: not is_alive(worker.pid), "its end")
        with self.children.stopped(worker) as has_stopped:
            self.assertEqual((has_stopped, self.exits), (False, []))
        self.children.reap()
        self.assertEqual(self.exits, [(worker.pid, 5 << 8)])
        self.assertEqual(len(self.children), 0)

    def test_one_that_does_not_stop_in_time_goes_on(self) -> None:
        worker = self.fork(1, lambda: signal.pause())
        with self.unstoppable(0.05), self.children.stopped(worker) as has_stopped:
            self.assertFalse(has_stopped)
        wait_for(lambda: self.state_of(worker) == "S", "the worker to go on")

    def test_it_is_not_told_again_for_a_time(self) -> None:
        worker, other = (self.fork(number, lambda: signal.pause()) for number in (1, 2))
        with self.unstoppable(0.05), self.children.stopped(worker) as has_stopped:
            self.assertFalse(has_stopped)
        with mock.patch.object(children, "kill") as kill:
            with self.children.stopped(worker) as has_stopped:
                self.assertFalse(has_stopped)
            kill.assert_not_called()
        with self.children.stopped(other) as has_stopped:
            self.assertTrue(has_stopped)
        worker.unstoppable_until = 0.0
        with self.children.stopped(worker) as has_stopped:
            self.assertTrue(has_stopped)

    def test_many_that_do_not_stop_hold_the_zygote_up_for_little_longer_than_one(self) -> None:
        workers = [self.fork(number, lambda: signal.pause()) for number in range(4)]
        for seconds, worker in zip((0.05, SECONDS, SECONDS, SECONDS), workers):
            began = time.monotonic()
            with self.unstoppable(seconds), self.children.stopped(worker) as has_stopped:
                self.assertFalse(has_stopped)
            self.assertLess(time.monotonic() - began, SECONDS / 2)

    @contextlib.contextmanager
    def unstoppable(self, patience: float) -> Iterator[None]:
        """A zombie leader with a living thread would do; simpler: the wait sees nothing."""
        real = os.wait4

        def blind(pid: int, options: int) -> tuple[int, int, object]:
            return real(pid, options & ~os.WUNTRACED)

        patience_patch = mock.patch.object(children, "_STOP_SECONDS", patience)
        with mock.patch.object(children, "wait4", blind), patience_patch:
            yield

    def test_all_deaths_that_came_as_one_signal(self) -> None:
        workers = [self.fork(number, lambda: None) for number in range(5)]
        wait_for(lambda: not any(is_alive(worker.pid) for worker in workers), "their end")
        self.children.reap()
        self.assertEqual({pid for pid, _ in self.exits}, {worker.pid for worker in workers})

    def test_the_wakeup_is_readable_after_a_death_and_not_after_reaping(self) -> None:
        import select

        worker = self.fork(1, lambda: None)
        self.assertTrue(select.select([self.children], [], [], SECONDS)[0])
        wait_for(lambda: not is_alive(worker.pid), "its end")
        self.children.reap()
        self.assertFalse(select.select([self.children], [], [], 0)[0])


if __name__ == "__main__":
    unittest.main()
