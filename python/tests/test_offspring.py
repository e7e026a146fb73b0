"""What the import starts by multiprocessing: whose it is, and that it ends."""

import multiprocessing
import os
import signal
import time
import unittest

from rickhouse import offspring
from support import SECONDS, Front, is_alive, load_zygote, wait_until_gone

HELLO = """
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"hello"]
"""
# Notes what it starts, since it outlives whoever imports it.
STARTING = """
import multiprocessing, os, signal, time
def note(pid):
    with open(os.path.join(os.path.dirname(__file__), "started"), "a") as file:
        print(pid, file=file)
def sleep():
    time.sleep(120)
context = multiprocessing.get_context("fork")
"""
DAEMON = """
process = context.Process(target=sleep, daemon=True)
process.start()
note(process.pid)
"""
NO_DAEMON = DAEMON.replace("True", "False")
DEAF = f"""
handler = signal.signal(signal.SIGTERM, signal.SIG_IGN)
{NO_DAEMON}
signal.signal(signal.SIGTERM, handler)
"""
MANAGER = """
manager = context.Manager()
note(manager._process.pid)
"""
KINDS = {"daemon": DAEMON, "no daemon": NO_DAEMON, "deaf": DEAF, "manager": MANAGER}


def started(front: Front) -> list[int]:
    with open(os.path.join(front.directory, "started")) as file:
        return [int(line) for line in file]


class OfTheImport(unittest.TestCase):
    def test_lives_while_workers_come_and_go_and_ends_with_the_zygote(self) -> None:
        for kind, source in KINDS.items():
            with self.subTest(kind), load_zygote(STARTING + source + HELLO, preload="on") as front:
                (pid,) = started(front)
                for worker in (1, 2):
                    front.start_worker(worker)
                os.kill(front.pids[1], signal.SIGTERM)
                end = front.expect("exited")
                self.assertEqual((end["worker"], end["status"]), (1, 0))
                self.assertTrue(is_alive(pid))
                self.assertNotIn("error", front.stderr)
                front.send({"type": "stop"})
                self.assertEqual(front.process.wait(SECONDS), 0)
                wait_until_gone(pid)
                self.assertNotIn("error", front.stderr)

    def test_ends_when_the_front_has_gone(self) -> None:
        with load_zygote(STARTING + DAEMON + HELLO, preload="on") as front:
            (pid,) = started(front)
            front.die()
            wait_until_gone(pid)

    def test_ends_before_the_start_without_preload_and_with_each_worker(self) -> None:
        for kind, source in KINDS.items():
            if kind != "deaf":
                with self.subTest(kind), load_zygote(STARTING + source + HELLO) as front:
                    (first,) = started(front)
                    wait_until_gone(first)
                    front.start_worker()
                    _, second = started(front)
                    self.assertTrue(is_alive(second))
                    os.kill(front.pids[1], signal.SIGTERM)
                    if kind == "no daemon":  # Its worker waits for it.
                        os.kill(second, signal.SIGTERM)
                    front.expect("exited")
                    wait_until_gone(second)

    def test_is_killed_when_it_does_not_end(self) -> None:
        with load_zygote(STARTING + DEAF + HELLO) as front:
            wait_until_gone(started(front)[0])
            # Without preload it is a worker's: nobody else ends it.
            front.start_worker()
            os.kill(started(front)[1], signal.SIGKILL)

    def test_ends_when_the_import_fails(self) -> None:
        with Front(STARTING + DAEMON + "raise ValueError('the reason')\n") as front:
            self.assertIn("the reason", front.expect("failed")["error"])
            wait_until_gone(started(front)[0])

    def test_a_fork_server_is_not_taken_for_that_of_a_worker(self) -> None:
        source = """
import multiprocessing
context = multiprocessing.get_context("forkserver")
def run():
    process = context.Process(target=len, args=((),))
    process.start()
    process.join()
    return process.exitcode
if multiprocessing.parent_process() is None:
    assert run() == 0
def app(environ, start_response):
    start_response("200 OK", [])
    return [repr([run(), run()]).encode()]
"""
        with load_zygote(source) as front:
            for worker in (1, 2):
                channel = front.start_worker(worker)
                channel.request(1)
                self.assertEqual(channel.answer_to(1).body, b"[0, 0]", front.stderr)
            self.assertEqual(front.notes, [])


class Looking(unittest.TestCase):
    def test_a_process_that_runs_and_one_that_has_ended(self) -> None:
        context = multiprocessing.get_context("fork")
        process = context.Process(target=time.sleep, args=(60,), name="mine")
        process.start()
        self.assertEqual(offspring.find_unshareable(), ["the process 'mine'"])
        process.kill()
        process.join()
        self.assertEqual(offspring.find_unshareable(), [])

    def test_an_executor_until_it_is_shut_down(self) -> None:
        from concurrent.futures import ProcessPoolExecutor

        class Mine(ProcessPoolExecutor):
            pass

        executor = Mine(1)
        self.assertEqual(offspring.find_unshareable(), ["a ProcessPoolExecutor"])
        executor.shutdown()
        self.assertEqual(offspring.find_unshareable(), [])

    def test_who_was_reaped_by_others_is_not_taken_for_alive(self) -> None:
        process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
        process.start()
        assert process.pid is not None
        offspring.note_reaped()
        self.assertTrue(process.is_alive())
        os.kill(process.pid, signal.SIGKILL)
        os.waitpid(process.pid, 0)
        offspring.note_reaped()
        self.assertFalse(process.is_alive())


if __name__ == "__main__":
    unittest.main()
