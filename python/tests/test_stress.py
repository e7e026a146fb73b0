"""Withdrawal under load: of 20,000 requests none is executed twice and none is lost.

As the front does it: windows to two workers, everything withdrawn goes to the other one.
"""

import contextlib
import random
import selectors
import struct
import unittest

from rickhouse import wire
from support import SECONDS, Front, Message, environ_of, load_zygote, request_frame

REQUESTS = 20_000
WINDOW = 16
# Counts executions on a page that both workers share: one byte per request. Some take longer: an
# order to withdraw then finds answers before them and requests behind them, on any machine.
APPLICATION = """
import mmap, time
COUNTS = mmap.mmap(-1, %d)
def app(environ, start_response):
    number = int(environ["QUERY_STRING"])
    if number < 0:
        start_response("200 OK", [])
        return [COUNTS[:]]
    COUNTS[number] += 1
    if number %% 40 == 7:
        time.sleep(0.002)
    start_response("200 OK", [("Content-Type", "text/plain")])
    if number %% 3 == 0:
        return iter([b"o", b"k"])
    return [b"ok"]
"""


class Worker:
    """One worker as the front sees it: request number on the channel -> number of the request."""

    def __init__(self, front: Front, number: int) -> None:
        self.number = number
        self.channel = front.start_worker(number)
        self.channel.socket.setblocking(False)
        self.sent: dict[int, int] = {}
        self.last = 0
        self.is_withdrawing = False

    def send(self, requests: list[int]) -> None:
        frames = []
        for request in requests:
            self.last += 1
            self.sent[self.last] = request
            frames.append(request_frame(self.last, environ_of(QUERY_STRING=str(request))))
        self.channel.send(b"".join(frames))

    def receive(self) -> list[int]:
        """The requests that are over."""
        # Nothing is there if an outbox of the same turn began behind it.
        with contextlib.suppress(BlockingIOError):
            assert self.channel.receive()
        return self.take_over()

    def take_over(self) -> list[int]:
        over, at = [], 0
        unread = self.channel.unread
        size = len(unread)
        while size - at >= 16:
            length, kind, flags, _, number = struct.unpack_from("<IBBHQ", unread, at)
            if size - at < 16 + length:
                break
            at += 16 + length
            if kind == wire.END or flags & wire.ANSWER_END:
                over.append(self.sent.pop(number))
        self.channel.unread = unread[at:]
        return over


class Withdrawing(unittest.TestCase):
    def setUp(self) -> None:
        self.waiting = list(range(REQUESTS))
        self.over: set[int] = set()
        self.withdrawn = 0
        self.outboxes = 0

    def test_nothing_is_executed_twice_and_nothing_is_lost(self) -> None:
        with load_zygote(APPLICATION % REQUESTS) as front:
            self.run_load(front, random.Random(20))
            channel = front.start_worker(9)
            channel.request(1, environ_of(QUERY_STRING="-1"))
            counts = channel.answer_to(1).body
        self.assertEqual(counts.count(b"\0"), 0, "lost")
        self.assertEqual(len(counts) - counts.count(b"\1"), 0, "executed more than once")
        self.assertGreater(self.withdrawn, REQUESTS // 100, "the test did not test much")
        self.assertGreater(self.outboxes, REQUESTS // 1000, "the test did not test much")

    def run_load(self, front: Front, chance: random.Random) -> None:
        workers = {number: Worker(front, number) for number in (1, 2)}
        with selectors.DefaultSelector() as selector:
            for worker in workers.values():
                selector.register(worker.channel.socket, selectors.EVENT_READ, worker)
            selector.register(front.control, selectors.EVENT_READ)
            while len(self.over) < REQUESTS:
                for worker in workers.values():
                    if self.waiting and not worker.sent and not worker.is_withdrawing:
                        self.hand_over(front, worker, chance)
                events = selector.select(SECONDS)
                self.assertTrue(events, "nothing happens any more")
                for key, _ in events:
                    if key.data is None:
                        for report in front.receive_all():
                            worker = workers[report["worker"]]
                            if report["type"] == "answers":
                                worker.channel.take_outbox(report)
                                self.finish(worker.take_over())
                                self.outboxes += 1
                            else:
                                self.take_back(worker, report)
                    else:
                        self.finish(key.data.receive())

    def hand_over(self, front: Front, worker: Worker, chance: random.Random) -> None:
        worker.send(self.waiting[:WINDOW])
        del self.waiting[:WINDOW]
        if chance.random() < 0.7:
            worker.is_withdrawing = True
            order = {"worker": worker.number, "thread": 0, "upTo": worker.last}
            front.send({"type": "withdraw", **order})

    def take_back(self, worker: Worker, report: Message) -> None:
        worker.is_withdrawing = False
        for number in range(report["above"] + 1, report["upTo"] + 1):
            # KeyError if it was answered too, or withdrawn before.
            self.waiting.append(worker.sent.pop(number))
            self.withdrawn += 1

    def finish(self, requests: list[int]) -> None:
        self.assertFalse(self.over & set(requests))
        self.over.update(requests)


if __name__ == "__main__":
    unittest.main()
