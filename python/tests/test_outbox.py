"""Answers that wait in the outbox of a real worker: what the zygote tells of them, and when."""

import unittest

from support import Front, FrontChannel, environ_of, load_zygote, request_frame
from test_zygote import touch, wait_until_begun

# The path says what the second request of a window does to the answer of the first.
APPLICATION = """
import ctypes, os, signal, time
def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/wait":
        open("begun", "w").close()
        while not os.path.exists("go"):
            time.sleep(0.001)
    if path == "/exit":
        os._exit(7)
    if path == "/kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if path == "/crash":
        ctypes.string_at(0)
    if path == "/close":
        os.closerange(3, 1000)
    if path == "/fork":
        pid = os.fork()
        if pid:
            os.waitpid(pid, 0)
    if path == "/forked-exit":
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [path.encode()]
"""


class Outbox(unittest.TestCase):
    def window(self, channel: FrontChannel, *paths: str) -> None:
        """Requests 1, 2 and so on in one write: all are at hand when the first is answered."""
        frames = [request_frame(n, environ_of(path=path)) for n, path in enumerate(paths, 1)]
        channel.send(b"".join(frames))

    def take_outbox(self, front: Front, channel: FrontChannel, thread: int = 0) -> None:
        report = front.receive()
        assert report is not None
        self.assertEqual([report["type"], report["worker"]], ["answers", 1])
        self.assertEqual(report["thread"], thread)
        channel.take_outbox(report)

    def test_a_look_while_the_next_request_runs(self) -> None:
        with load_zygote(APPLICATION) as front:
            channel = front.start_worker()
            self.window(channel, "/quick", "/wait", "/last")
            wait_until_begun(front)
            front.send({"type": "withdraw", "worker": 1, "thread": 0, "upTo": 0})
            self.take_outbox(front, channel)
            withdrawn = front.expect("withdrawn")
            self.assertEqual((withdrawn["started"], withdrawn["upTo"]), (2, 0))
            self.assertEqual(channel.answer_to(1).body, b"/quick")
            touch(front, "go")
            # Nothing was withdrawn, and what was told is not taken for something new.
            self.assertEqual(channel.answer_to(2).body, b"/wait")
            self.assertEqual(channel.answer_to(3).body, b"/last")

    def test_a_withdrawal_tells_too(self) -> None:
        with load_zygote(APPLICATION) as front:
            channel = front.start_worker()
            self.window(channel, "/quick", "/wait", "/last")
            wait_until_begun(front)
            front.send({"type": "withdraw", "worker": 1, "thread": 0, "upTo": 3})
            self.take_outbox(front, channel)
            self.assertEqual(front.expect("withdrawn")["above"], 2)
            self.assertEqual(channel.answer_to(1).body, b"/quick")
            touch(front, "go")
            self.assertEqual(channel.answer_to(2).body, b"/wait")

    def test_deaths_in_the_middle_of_a_window(self) -> None:
        for path in ("/exit", "/kill", "/crash"):
            with self.subTest(path), load_zygote(APPLICATION, maxWorkers=1) as front:
                channel = front.start_worker()
                self.window(channel, "/quick", path, "/last")
                self.take_outbox(front, channel)
                self.assertEqual(front.expect("exited")["ledger"], [[2, 0, 0]])
                self.assertEqual(channel.answer_to(1).body, b"/quick")
                self.assertIsNone(channel.next())
                # The next one in this slot begins with nothing.
                channel = front.start_worker(3)
                self.window(channel, "/new")
                self.assertEqual(channel.answer_to(1).body, b"/new")

    def test_an_application_that_closes_our_socket(self) -> None:
        with load_zygote(APPLICATION) as front:
            channel = front.start_worker()
            self.window(channel, "/quick", "/close", "/last")
            self.take_outbox(front, channel)
            self.assertEqual(channel.answer_to(1).body, b"/quick")
            self.assertEqual(channel.answer_to(2).body, b"/close")
            exited = front.expect("exited")
            self.assertEqual(exited["status"], 0)
            # Closing took long enough for the two to be sent, in vain: then the last never began.
            if exited["ledger"] != [[2, 0, 0]]:
                self.assertEqual(exited["ledger"], [[3, 0, 0]])
                self.assertEqual(channel.answer_to(3).body, b"/last")

    def test_an_application_that_forks(self) -> None:
        for path in ("/fork", "/forked-exit"):
            with self.subTest(path), load_zygote(APPLICATION) as front:
                channel = front.start_worker()
                self.window(channel, "/quick", path, "/last")
                for number, body in enumerate((b"/quick", path.encode(), b"/last"), 1):
                    self.assertEqual(channel.answer_to(number).body, body)

    def test_of_a_thread(self) -> None:
        with load_zygote(APPLICATION, threads=2) as front:
            front.fork()
            channels = [front.channel(1, thread) for thread in range(2)]
            self.window(channels[1], "/quick", "/wait")
            wait_until_begun(front)
            front.send({"type": "withdraw", "worker": 1, "thread": 0, "upTo": 0})
            report = front.receive()
            self.assertEqual(report and report["type"], "withdrawn")
            front.send({"type": "signal", "worker": 1, "signal": "KILL"})
            self.take_outbox(front, channels[1], thread=1)
            front.expect("exited")
            self.assertEqual(channels[1].answer_to(1).body, b"/quick")

    def test_sigterm_in_the_middle_of_a_window(self) -> None:
        with load_zygote(APPLICATION) as front:
            channel = front.start_worker()
            self.window(channel, "/quick", "/wait", "/last")
            wait_until_begun(front)
            front.send({"type": "signal", "worker": 1, "signal": "TERM"})
            touch(front, "go")
            self.assertEqual(channel.answer_to(1).body, b"/quick")
            self.assertEqual(channel.answer_to(2).body, b"/wait")
            front.expect("exited")


if __name__ == "__main__":
    unittest.main()
