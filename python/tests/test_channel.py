"""A channel over a real socket: frames however they arrive, GONE, large ones, and the outbox."""

import contextlib
import mmap
import os
import random
import signal
import socket
import tempfile
import threading
import unittest
import warnings
from typing import Any
from unittest import mock

from rickhouse import channel as channel_module
from rickhouse import exchange as exchange_module
from rickhouse import wire
from rickhouse.answer_memory import PART_BYTES, AnswerSlots
from rickhouse.channel import Channel
from rickhouse.departure import Departure
from rickhouse.exchange import Exchange
from rickhouse.inbox import ChannelLost
from rickhouse.ledger import BASE, OUTBOX_BYTES, WITHDRAWN_TO, WRITTEN, Ledger
from support import SECONDS, FrontChannel, environ_bytes, environ_of, request_frame


class ChannelTest(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.mkdtemp()
        path = os.path.join(directory, "socket")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            self.departure = Departure(Channel.interruptible)
            self.ledger = Ledger(1, 1)
            self.cell = self.ledger.cell(0, 0)
            self.channel = Channel(path, self.departure, self.cell, self.ledger.outbox(0, 0), {})
            self.front = FrontChannel(listener.accept()[0])
        os.unlink(path)
        os.rmdir(directory)
        self.addCleanup(self.front.close)
        self.addCleanup(self.channel.close)

    def next(self) -> Any:
        request = self.channel.next_request()
        assert request is not None
        return request


class DefaultTimeout(ChannelTest):
    def setUp(self) -> None:
        self.addCleanup(socket.setdefaulttimeout, socket.getdefaulttimeout())
        socket.setdefaulttimeout(0.05)
        super().setUp()

    def test_of_the_application_is_not_that_of_the_channel(self) -> None:
        self.assertIsNone(self.channel._socket.gettimeout())
        timer = threading.Timer(0.2, self.front.request, (1,))
        timer.start()
        self.assertEqual(self.next()[0], 1)
        timer.join(SECONDS)


class Receiving(ChannelTest):
    def test_hello(self) -> None:
        self.channel.hello(b"t" * 16, 3, 4711)
        self.assertEqual(self.front.next(), wire.Hello(b"t" * 16, wire.PROTOCOL_VERSION, 3, 4711))

    def test_a_request(self) -> None:
        self.front.request(5, environ_of(path="/x"), b"body", wire.REQUEST_HEAD)
        number, flags, environ, body = self.next()
        self.assertEqual((number, flags, bytes(body)), (5, wire.REQUEST_HEAD, b"body"))
        self.assertEqual(environ, environ_of(path="/x"))

    def test_requests_byte_by_byte(self) -> None:
        data = (
            request_frame(1, {"a": "b"}, b"xyz")
            + wire.encode(wire.Gone(1, 0))
            + request_frame(2, {"c": "d"})
        )
        found = []
        # Each byte is on the socket before the next look: `is_gone` reads without waiting.
        for at in range(len(data)):
            self.front.send(data[at : at + 1])
            self.channel.is_gone(1)
        for _ in range(2):
            number, _, environ, body = self.next()
            found.append((number, environ, bytes(body)))
        self.assertEqual(found, [(1, {"a": "b"}, b"xyz"), (2, {"c": "d"}, b"")])

    def test_many_requests_in_pieces_of_any_size(self) -> None:
        frames = [
            request_frame(n, {"n": "x" * (n * 37 % 3000)}, b"y" * (n * 101 % 5000))
            for n in range(1, 300)
        ]
        data = b"".join(frames)
        sizes = [1, 2, 3, 5, 19, 20, 21, 1000, 4096, 65536]

        def send() -> None:
            at = turn = 0
            while at < len(data):
                size = sizes[turn % len(sizes)]
                self.front.send(data[at : at + size])
                at, turn = at + size, turn + 1

        thread = threading.Thread(target=send)
        thread.start()
        for n in range(1, 300):
            number, _, environ, body = self.next()
            self.assertEqual(
                (number, len(environ["n"]), len(body)), (n, n * 37 % 3000, n * 101 % 5000)
            )
        thread.join(SECONDS)

    def test_a_frame_larger_than_the_buffer_and_the_usual_ones_behind_it(self) -> None:
        large = os.urandom(3_000_000)
        data = b"".join(
            [
                request_frame(1),
                request_frame(2, body=large),
                request_frame(3),
                request_frame(4, body=large),
            ]
        )
        thread = threading.Thread(target=self.front.send, args=(data,))
        thread.start()
        bodies = [bytes(self.next()[3]) for _ in range(4)]
        thread.join(SECONDS)
        self.assertEqual(bodies, [b"", large, b"", large])
        # The large buffer is given back with the next wait.
        self.front.request(5)
        self.next()
        self.assertLess(len(self.channel._buffer), 300_000)

    def test_a_header_at_the_very_end_of_the_buffer(self) -> None:
        # Frames of all lengths near the buffer's size, each followed by a GONE, the shortest frame.
        for slack in range(48):
            data = environ_bytes({})
            body = bytes(256 * 1024 - wire.REQUEST_START.size - len(data) - slack)
            frames = wire.encode(wire.Request(slack * 2 + 1, 0, data, body)) + wire.encode(
                wire.Gone(slack * 2 + 1, 0)
            )
            sender = threading.Thread(
                target=self.front.send, args=(frames + request_frame(slack * 2 + 2),)
            )
            sender.start()
            self.assertEqual((self.next()[0], self.next()[0]), (slack * 2 + 1, slack * 2 + 2))
            sender.join(SECONDS)

    def test_the_end_comes_behind_what_was_sent(self) -> None:
        self.front.request(1)
        self.front.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(self.next()[0], 1)
        self.assertIsNone(self.channel.next_request())

    def test_the_end_that_was_seen_while_looking_for_gone(self) -> None:
        self.front.request(1)
        self.front.request(2)
        self.front.socket.shutdown(socket.SHUT_WR)
        self.next()
        self.assertFalse(self.channel.is_gone(1))
        self.assertEqual(self.next()[0], 2)
        self.assertIsNone(self.channel.next_request())

    def test_what_no_front_sends(self) -> None:
        for data in (
            wire.encode(wire.End(1, 0, 0)),
            wire.HEADER.pack((1 << 30) + 1, wire.REQUEST, 0, 0, 1),
        ):
            self.front.send(data)
            with self.assertRaises(ChannelLost):
                self.channel.next_request()
            self.tearDownChannel()

    def tearDownChannel(self) -> None:
        self.doCleanups()
        self.setUp()

    def test_a_worker_that_is_to_leave_does_not_wait(self) -> None:
        self.departure.is_requested = True
        self.assertIsNone(self.channel.next_request())


class Gone(ChannelTest):
    def test_fin_and_for_good(self) -> None:
        self.front.request(1)
        self.next()
        self.assertFalse(self.channel.is_gone(1))
        self.front.send(wire.encode(wire.Gone(1, 0)))
        self.assertTrue(self.channel.is_gone(1))
        self.assertFalse(self.channel.is_stopped(1))
        self.front.send(wire.encode(wire.Gone(1, wire.GONE_STOP)))
        self.assertTrue(self.channel.is_stopped(1))
        self.assertTrue(self.channel.is_gone(1))

    def test_behind_other_requests_and_for_one_that_has_not_begun(self) -> None:
        self.front.request(1)
        self.next()
        gone = [wire.encode(wire.Gone(n, wire.GONE_STOP)) for n in (3, 1)]
        self.front.send(request_frame(2, body=b"x" * 1000) + request_frame(3) + gone[0] + gone[1])
        self.assertTrue(self.channel.is_stopped(1))
        self.assertEqual(self.next()[0], 2)
        self.assertFalse(self.channel.is_stopped(2))
        self.assertFalse(self.channel.is_stopped(1), "what is over is forgotten")
        self.assertEqual(self.next()[0], 3)
        self.assertTrue(self.channel.is_stopped(3))

    def test_one_that_arrives_in_two_parts(self) -> None:
        self.front.request(1)
        self.next()
        data = request_frame(2, body=b"x" * 500) + wire.encode(wire.Gone(1, 0))
        self.front.send(data[:200])
        self.assertFalse(self.channel.is_gone(1))
        self.front.send(data[200:-4])
        self.assertFalse(self.channel.is_gone(1))
        self.front.send(data[-4:])
        self.assertTrue(self.channel.is_gone(1))
        self.assertEqual(bytes(self.next()[3]), b"x" * 500)

    def test_another_thread_does_not_read_but_learns_what_was_read(self) -> None:
        self.front.request(1)
        self.next()
        self.front.send(wire.encode(wire.Gone(1, 0)))
        seen: list[bool] = []

        def look() -> None:
            seen.append(self.channel.is_gone(1))

        for _ in range(2):
            thread = threading.Thread(target=look)
            thread.start()
            thread.join(SECONDS)
            self.channel.is_gone(1)
        self.assertEqual(seen, [False, True])

    def test_a_window_that_fills_the_buffer_while_a_request_runs(self) -> None:
        self.front.request(1)
        self.next()
        frames = [request_frame(n, body=bytes([n % 256]) * 10_000) for n in range(2, 80)]
        sender = threading.Thread(
            target=self.front.send, args=(b"".join(frames) + wire.encode(wire.Gone(1, 0)),)
        )
        sender.start()
        while not self.channel.is_gone(1):
            pass
        sender.join(SECONDS)
        for n in range(2, 80):
            number, _, _, body = self.next()
            self.assertEqual((number, bytes(body)), (n, bytes([n % 256]) * 10_000))

    def test_behind_a_frame_that_makes_the_buffer_move(self) -> None:
        second = request_frame(2, body=bytes(100_000))
        self.front.send(request_frame(1, body=bytes(180_000)) + second[:100])
        self.next()
        self.assertFalse(self.channel.is_gone(1))
        data = second[100:] + wire.encode(wire.Gone(1, 0))
        sender = threading.Thread(target=self.front.send, args=(data,))
        sender.start()
        sender.join(SECONDS)
        self.assertTrue(self.channel.is_gone(1))
        self.assertEqual(len(self.next()[3]), 100_000)

    def test_an_exception_behind_a_look_that_has_read_ends_the_channel(self) -> None:
        class Interrupted:
            def __init__(self, real: socket.socket) -> None:
                self._real = real

            def recv_into(self, view: memoryview) -> int:
                self._real.recv_into(view)
                raise KeyboardInterrupt

            def close(self) -> None:
                self._real.close()

        self.front.request(1)
        self.next()
        self.front.request(2)
        self.channel._socket = Interrupted(self.channel._socket)  # type: ignore[assignment]
        with self.assertRaises(KeyboardInterrupt):
            self.channel.is_gone(1)
        self.assertEqual((self.channel.is_lost, self.channel.was_interrupted), (True, True))

    def test_an_exception_before_it_has_read_does_not(self) -> None:
        self.front.request(1)
        self.next()
        self.front.send(wire.encode(wire.Gone(1, 0)) + request_frame(2))
        with mock.patch.object(self.channel, "_readable") as readable:
            readable.poll.side_effect = KeyboardInterrupt
            with self.assertRaises(KeyboardInterrupt):
                self.channel.is_gone(1)
        self.assertFalse(self.channel.is_lost)
        self.assertTrue(self.channel.is_gone(1))
        self.assertEqual(self.next()[0], 2)


class Sending(ChannelTest):
    def test_a_large_body_arrives_whole(self) -> None:
        body = os.urandom(5_000_000)
        start = wire.HEADER.pack(len(body), wire.BODY, 0, 0, 1)
        thread = threading.Thread(target=self.channel.send, args=(start, body))
        thread.start()
        self.assertEqual(self.front.next(), wire.Body(1, 0, body))
        thread.join(SECONDS)

    def test_a_large_body_in_spite_of_signals(self) -> None:
        handled = threading.Event()
        signal.signal(signal.SIGALRM, lambda signum, frame: handled.set())
        self.addCleanup(signal.signal, signal.SIGALRM, signal.SIG_DFL)
        received: list[Any] = []

        def receive() -> None:
            # Until then the socket is full and the write interrupted in its middle.
            handled.wait(SECONDS)
            received.append(self.front.next())

        body = os.urandom(3_000_000)
        reader = threading.Thread(target=receive)
        reader.start()
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        self.channel.send(wire.HEADER.pack(len(body), wire.BODY, 0, 0, 1), body)
        reader.join(SECONDS)
        self.assertEqual(received, [wire.Body(1, 0, body)])

    def test_after_an_exception_in_the_midst_of_a_body_nothing_more_is_sent(self) -> None:
        class Late(Exception):
            pass

        def raise_late(signum: int, frame: Any) -> None:
            raise Late

        signal.signal(signal.SIGALRM, raise_late)
        self.addCleanup(signal.signal, signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        body = bytes(8_000_000)
        with self.assertRaises(Late):
            self.channel.send(wire.HEADER.pack(len(body), wire.BODY, 0, 0, 1), body)
        self.assertEqual((self.channel.is_lost, self.channel.was_interrupted), (True, True))
        end = wire.encode(wire.End(1, 0, 0))
        with self.assertRaises(ChannelLost):
            self.channel.send(end)
        with self.assertRaises(ChannelLost):
            self.channel.send(end, bytes(OUTBOX_BYTES))
        with self.assertRaises(ChannelLost):
            self.channel.post(end, 0)
        self.channel.close()
        while self.front.receive():
            pass
        self.assertLess(len(self.front.unread), len(body))
        self.assertEqual(self.front.unread[wire.HEADER_BYTES :].strip(b"\0"), b"")

    def test_what_an_exception_came_upon_in_the_outbox_stays_for_the_zygote(self) -> None:
        class Interrupted:
            def __init__(self, real: socket.socket) -> None:
                self._real = real

            def sendall(self, data: Any, flags: int = 0) -> None:
                self._real.sendall(data)
                raise KeyboardInterrupt

            def close(self) -> None:
                self._real.close()

        self.channel._socket = Interrupted(self.channel._socket)  # type: ignore[assignment]
        with self.assertRaises(KeyboardInterrupt):
            self.channel.post(FRAMES[0], 0)
        with self.assertRaises(ChannelLost):
            self.channel.post(FRAMES[1], 0)
        self.assertEqual(self.front.next(), ANSWERS[0])
        self.assertEqual(self.ledger.answers(0, 0), (0, FRAMES[0]))

    def test_threads_that_write_at_once_wait_for_each_other(self) -> None:
        exchange = Exchange(self.channel, 1, 0)
        write = exchange.start_response("200 OK", [])
        pieces = [bytes([thread, n]) * 2000 for thread in range(3) for n in range(100)]

        def write_all(thread: int) -> None:
            for piece in pieces[thread * 100 :][:100]:
                write(piece)

        threads = [threading.Thread(target=write_all, args=(n,)) for n in range(3)]
        for thread in threads:
            thread.start()

        def end() -> None:
            for thread in threads:
                thread.join(SECONDS)
            exchange.end(False)

        ending = threading.Thread(target=end)
        ending.start()
        found = []
        while not isinstance(message := self.front.next(), wire.End):
            found.append(message.body)
        ending.join(SECONDS)
        self.assertEqual(sorted(found), sorted(pieces))

    def test_write_at_the_limit_of_recursion_can_be_repeated(self) -> None:
        """At each depth something else of ours is what fails."""
        exchange = Exchange(self.channel, 1, 0)
        write = exchange.start_response("200 OK", [("Content-Length", "30")])
        tries: list[bytes] = []

        def fall(data: bytes) -> None:
            try:
                fall(data)
            except RecursionError:
                tries.append(data)
                write(data)

        for data in (b"a" * 10, b"b" * 20):
            fall(data)
        self.assertGreater(len(tries), 4)
        exchange.end(False)
        answer, body, end = self.front.next(), self.front.next(), self.front.next()
        self.assertEqual((type(answer), answer.body), (wire.Answer, b"a" * 10))
        self.assertEqual((body.flags, body.body), (wire.BODY_COMPLETE, b"b" * 20))
        self.assertEqual((type(end), end.flags), (wire.End, 0))

    def test_so_can_one_of_a_whole_body_under_a_head_that_has_come_before(self) -> None:
        for number in range(1, 5):
            exchange = Exchange(self.channel, number, 0)
            head = [("Content-Length", "10"), ("X-At-The-Limit", "1")]
            write = exchange.start_response("200 OK", head)

            tries: list[bytes] = []

            def fall(data: bytes, write: Any = write, tries: Any = tries) -> None:
                try:
                    fall(data, write, tries)
                except RecursionError:
                    tries.append(data)
                    write(data)

            fall(b"a" * 10)
            self.assertGreater(len(tries), 4)
            exchange.end(False)
            answer, end = self.front.next(), self.front.next()
            self.assertEqual((type(answer), answer.body), (wire.Answer, b"a" * 10))
            self.assertEqual((type(end), end.flags), (wire.End, 0))

    def test_write_that_an_exception_ended_after_a_part_had_left_ends_the_channel(self) -> None:
        class Late(Exception):
            pass

        exchange = Exchange(self.channel, 1, 0)
        write = exchange.start_response("200 OK", [])
        with mock.patch.object(exchange_module, "_MAX_PIECE_BYTES", 10_000):
            send = self.channel.send
            sent: list[bytes] = []

            def send_once(start: bytes, body: Any = b"") -> None:
                if sent:
                    raise Late
                sent.append(start)
                send(start, body)

            with mock.patch.object(self.channel, "send", send_once), self.assertRaises(Late):
                write(bytes(20_000))
        self.assertTrue(self.channel.was_interrupted)
        with self.assertRaises(ChannelLost):
            write(b"again")

    def test_the_end_waits_for_a_thread_that_is_still_in_write(self) -> None:
        exchange = Exchange(self.channel, 1, 0)
        write = exchange.start_response("200 OK", [])
        write(b"first")
        large = bytes(4_000_000)
        thread = threading.Thread(target=write, args=(large,))
        thread.start()
        while self.channel.writing.acquire(blocking=False):
            self.channel.writing.release()
        # More than a socket holds: the piece is half sent.
        self.assertIsInstance(self.front.next(), wire.Answer)
        ending = threading.Thread(target=exchange.end, args=(False,))
        ending.start()
        body = b""
        while not isinstance(message := self.front.next(), wire.End):
            body += message.body
        self.assertEqual(len(body), len(large))
        thread.join(SECONDS)
        ending.join(SECONDS)

    def test_a_forked_child_waits_for_no_thread_of_its_parent(self) -> None:
        exchange = Exchange(self.channel, 1, 0)
        write = exchange.start_response("200 OK", [])
        write(b"first")

        def write_much() -> None:
            with contextlib.suppress(ChannelLost):  # Whether it is through in time is not asked.
                write(bytes(4_000_000))

        thread = threading.Thread(target=write_much)
        thread.start()
        while self.channel.writing.acquire(blocking=False):
            self.channel.writing.release()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Of forks with threads.
            pid = os.fork()
        if pid == 0:
            try:
                signal.alarm(5)
                self.channel.abandon()
                exchange.end(False)
            except ChannelLost:
                os._exit(3)
            finally:
                os._exit(4)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 3)
        while not isinstance(self.front.next(), wire.Body):
            pass
        self.front.close()
        thread.join(SECONDS)

    def test_a_front_that_has_gone(self) -> None:
        self.front.close()
        with self.assertRaises(ChannelLost):
            self.channel.send(b"x")
        self.assertEqual((self.channel.is_lost, self.channel.was_closed), (True, False))

    def test_a_socket_that_the_application_has_closed(self) -> None:
        os.close(os.dup(self.channel._socket.fileno()))
        self.channel._socket.close()
        with self.assertRaises(ChannelLost):
            self.channel.send(b"x")
        self.assertEqual((self.channel.is_lost, self.channel.was_closed), (True, True))
        with self.assertRaises(ChannelLost):
            self.channel.next_request()
        self.assertFalse(self.channel.is_gone(1))


ANSWERS = [wire.Answer(n, 3, 200, 0, 1, b"200 OK\r\n", b"x" * n) for n in range(1, 5)]
FRAMES = [wire.encode(answer) for answer in ANSWERS]


class Posting(ChannelTest):
    def begin_window(self, count: int) -> None:
        """The first of `count` requests runs, the others are at hand."""
        self.front.send(b"".join(request_frame(n) for n in range(1, count + 1)))
        self.next()

    def test_an_answer_is_sent_at_once_when_nothing_else_is_at_hand(self) -> None:
        self.begin_window(1)
        self.channel.post(FRAMES[0], 0)
        self.assertEqual(self.front.next(), ANSWERS[0])
        self.assertEqual(self.ledger.answers(0, 0), (len(FRAMES[0]), b""))

    def test_answers_of_a_window_leave_in_one_write_with_the_last(self) -> None:
        self.begin_window(3)
        for frame in FRAMES[:2]:
            self.channel.post(frame, 0)
            self.next()
        self.assertTrue(self.front.is_silent(0))
        self.assertEqual(self.ledger.answers(0, 0), (0, FRAMES[0] + FRAMES[1]))
        self.channel.post(FRAMES[2], 0)
        self.assertEqual([self.front.next() for _ in range(3)], ANSWERS[:3])

    def test_they_leave_before_the_channel_waits(self) -> None:
        self.front.send(request_frame(1) + wire.encode(wire.Gone(1, 0)))
        self.next()
        self.channel.post(FRAMES[0], 0)
        self.assertTrue(self.front.is_silent(0))
        waiting = threading.Thread(target=self.channel.next_request)
        waiting.start()
        self.assertEqual(self.front.next(), ANSWERS[0])
        self.front.socket.shutdown(socket.SHUT_WR)
        waiting.join(SECONDS)

    def test_they_do_not_wait_longer_than_a_third_of_a_millisecond(self) -> None:
        self.begin_window(4)
        self.channel.post(FRAMES[0], 7_000_000)
        self.channel.post(FRAMES[1], 7_300_000)
        self.assertTrue(self.front.is_silent(0))
        self.channel.post(FRAMES[2], 7_300_001)
        self.assertEqual([self.front.next() for _ in range(3)], ANSWERS[:3])

    def test_what_is_sent_goes_out_behind_them(self) -> None:
        self.begin_window(2)
        for body in (b"y", bytes(OUTBOX_BYTES), bytes(OUTBOX_BYTES - 16)):
            self.channel.post(FRAMES[0], 0)
            start = wire.HEADER.pack(len(body), wire.BODY, 0, 0, 2)
            self.channel.send(start, body)
            self.assertEqual(self.front.next(), ANSWERS[0])
            self.assertEqual(self.front.next(), wire.Body(2, 0, body))
            self.assertEqual(self.cell[BASE], self.cell[WRITTEN])

    def test_prepared_ones_are_posted_like_others(self) -> None:
        block = b"200 OK\r\nContent-Length: 9000\r\n"
        prepared = wire.prepare_answer(200, block, 7, 9000)
        answers = [
            wire.Answer(n, 7, 200, 9000, 10 + n, block, bytes([n]) * 9000) for n in range(1, 6)
        ]
        self.begin_window(5)
        # The fourth finds no room, the fifth comes too late.
        for answer, now_ns, waiting in zip(answers, (0, 1, 2, 3, 10**9), (1, 2, 3, 1, 0)):
            self.channel.post_prepared(prepared, answer.number, answer.run_ns, answer.body, now_ns)
            data = b"".join(wire.encode(a) for a in answers[answer.number - waiting :][:waiting])
            self.assertEqual(self.ledger.answers(0, 0)[1], data)
            if waiting:
                self.next()
        self.assertEqual([self.front.next() for _ in answers], answers)

    def test_a_full_outbox_is_emptied(self) -> None:
        self.begin_window(2)
        answer = wire.Answer(1, 3, 200, 0, 1, b"200 OK\r\n", bytes(10_000))
        for _ in range(4):
            self.channel.post(wire.encode(answer), 0)
        self.assertEqual([self.front.next() for _ in range(4)], [answer] * 4)

    def test_is_the_next_one_a_request_that_will_run(self) -> None:
        self.begin_window(1)
        self.assertFalse(self.channel.has_next(1))
        self.front.send(wire.encode(wire.Gone(1, 0)) + request_frame(2) + request_frame(3))
        self.channel.is_gone(1)
        self.assertFalse(self.channel.has_next(1), "GONE comes first")
        self.next()
        self.assertTrue(self.channel.has_next(2))
        self.cell[WITHDRAWN_TO] = 3
        self.assertFalse(self.channel.has_next(2))
        self.next()
        self.assertFalse(self.channel.has_next(3))

    def test_an_answer_that_has_to_be_closed_waits_for_no_end_but_that_of_another(self) -> None:
        block = b"200 OK\r\nContent-Length: 2\r\n"
        flags = wire.ANSWER_LENGTH | wire.ANSWER_COMPLETE
        prepared = wire.prepare_answer(200, block, flags, 2)
        self.begin_window(3)

        def answer(number: int) -> wire.Answer:
            self.channel.post_unended(prepared, number, b"ok", 1000)
            return wire.Answer(number, flags, 200, 2, 0, block, b"ok")

        def end(number: int, now_ns: int) -> wire.End:
            self.channel.post_end(wire.WHOLE_END, number, 70, now_ns)
            return wire.End(number, 0, 70)

        first = [answer(1), end(1, 2000)]
        self.assertTrue(self.front.is_silent(0), "another is at hand")
        self.next()
        first += [answer(2), end(2, 301_001)]
        self.assertEqual([self.front.next() for _ in first], first, "as old as the first of them")
        self.next()
        last = answer(3)
        self.assertEqual(self.front.next(), last)
        last_end = end(3, 400_000)
        self.assertEqual(self.front.next(), last_end)

    def test_an_answer_that_has_to_be_closed_leaves_with_those_that_have_waited(self) -> None:
        prepared = wire.prepare_answer(200, b"200 OK\r\n", wire.ANSWER_COMPLETE, 2)
        self.begin_window(3)
        self.channel.post(FRAMES[0], 1000)
        self.next()
        self.channel.post_unended(prepared, 2, b"ok", 301_001)
        self.assertEqual(self.front.next(), ANSWERS[0])

    def test_an_exception_on_the_way_of_an_answer_ends_the_channel(self) -> None:
        # Of a handler of signals: nobody knows whether the answer is there.
        def pack_into(*_: Any) -> None:
            raise KeyboardInterrupt

        self.begin_window(1)
        exchange = Exchange(self.channel, 1, 0)
        exchange.head = 200, b"200 OK\r\n", 0, 2, None, (34, pack_into, b"", b"", b"")
        with self.assertRaises(KeyboardInterrupt):
            exchange.send_all_but_end(b"ok")
        self.assertTrue(self.channel.was_interrupted)

    def test_an_answer_that_has_to_be_closed_does_not_wait_for_what_was_withdrawn(self) -> None:
        prepared = wire.prepare_answer(200, b"200 OK\r\n", 3, 2)
        self.begin_window(2)
        self.cell[WITHDRAWN_TO] = 2
        self.channel.post_unended(prepared, 1, b"ok", 0)
        self.assertFalse(self.front.is_silent(0))

    def test_an_answer_that_has_to_be_closed_does_not_wait_for_what_was_read_before(self) -> None:
        flags = wire.ANSWER_LENGTH | wire.ANSWER_COMPLETE
        prepared = wire.prepare_answer(200, b"200 OK\r\n", flags, 2)
        self.begin_window(2)
        self.next()
        self.front.send(request_frame(3))
        self.next()
        self.channel.post_unended(prepared, 3, b"ok", 0)
        self.assertFalse(self.front.is_silent(0))

    def test_they_stay_for_the_zygote_when_the_socket_is_closed(self) -> None:
        self.begin_window(2)
        self.channel.post(FRAMES[0], 0)
        self.channel._socket.close()
        with self.assertRaises(ChannelLost):
            self.channel.flush()
        self.assertEqual(self.ledger.answers(0, 0), (0, FRAMES[0]))

    def test_a_forked_child_leaves_them_to_its_parent(self) -> None:
        self.begin_window(3)
        self.channel.post(FRAMES[0], 0)
        cell = list(self.cell)
        pid = os.fork()
        if pid == 0:
            try:
                self.channel.abandon()
                self.channel.post(FRAMES[1], 0)
                self.channel.flush()
                self.channel.post(FRAMES[2], 10**9)
            except ChannelLost:
                pass
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        self.assertEqual((list(self.cell), self.ledger.answers(0, 0)), (cell, (0, FRAMES[0])))
        self.channel.post(FRAMES[1], 10**9)
        self.assertEqual([self.front.next(), self.front.next()], ANSWERS[:2])


class Slots(ChannelTest):
    """Where pieces of answers lie."""

    def test_a_piece_is_put_where_the_front_finds_it(self) -> None:
        self.assertIsNone(self.channel.put(b"abc"))
        self.assertFalse(self.channel.has_free_slot)
        part = self.give_slots()
        self.assertTrue(self.channel.has_free_slot)
        place = self.channel.put(b"abc")
        assert place is not None
        self.channel.send(wire.encode(wire.Body(1, wire.BODY_MEMORY, place)))
        self.assertEqual(self.front.next(), wire.Body(1, wire.BODY_MEMORY, place))
        self.assertEqual(bytes(part[:3]), b"abc")

    def test_a_forked_child_writes_nothing(self) -> None:
        part = self.give_slots()
        pid = os.fork()
        if pid == 0:
            try:
                self.channel.abandon()
                self.channel.put(b"abc")
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        self.assertEqual(bytes(part[:3]), bytes(3))
        self.assertTrue(self.channel.has_free_slot)

    def give_slots(self) -> memoryview:
        part = memoryview(mmap.mmap(-1, PART_BYTES))
        self.channel._slots = AnswerSlots(part)
        return part


class SteppingSocket:
    """A socket whose kernel takes what it gets in parts, while the zygote looks."""

    def __init__(self, look: Any) -> None:
        self._look = look
        self.wire = b""

    def sendall(self, data: bytes, flags: int = 0) -> None:
        for at in range(0, len(data), 1000):
            self._look()
            self.wire += bytes(data[at : at + 1000])
        self._look()

    def sendmsg(self, parts: tuple[bytes, ...], ancillary: Any = (), flags: int = 0) -> int:
        data = b"".join(parts)[:700]
        self.sendall(data)
        return len(data)

    def close(self) -> None:
        pass


class SteppingMemory:
    def __init__(self, memory: memoryview, look: Any) -> None:
        self._memory = memory
        self._look = look

    def __getitem__(self, at: Any) -> Any:
        return self._memory[at]

    def __setitem__(self, at: Any, value: Any) -> None:
        self._look()
        if isinstance(at, slice):
            middle = (at.start + at.stop) // 2
            self._memory[at.start : middle] = value[: middle - at.start]
            self._look()
            self._memory[middle : at.stop] = value[middle - at.start :]
        else:
            self._memory[at] = value
        self._look()


class Interleavings(ChannelTest):
    """Socket and outbox together: always a beginning of the stream, with all that is finished."""

    def test_stopped_at_every_step(self) -> None:
        for seed in range(10):
            with self.subTest(seed=seed):
                self.run_one(random.Random(seed))
                self.tearDownChannel()

    def tearDownChannel(self) -> None:
        self.doCleanups()
        self.setUp()

    def run_one(self, chance: random.Random) -> None:
        self.said = b""
        self.finished = 0
        self.looks = 0
        cell: Any = SteppingMemory(self.cell, self.look)
        outbox: Any = SteppingMemory(self.ledger.outbox(0, 0), self.look)
        stepping: Any = SteppingSocket(self.look)
        self.stepping = stepping
        self.channel._socket.close()
        self.channel._cell, self.channel._outbox = cell, outbox
        self.channel._socket = stepping
        now_ns = 0
        for _ in range(60):
            # Sometimes a further request is at hand, or the beginning of a frame.
            start = self.channel._start
            self.channel._end = start + chance.choice((0, 3, wire.HEADER_BYTES))
            self.channel._buffer[start : start + wire.HEADER_BYTES] = request_frame(9)[
                : wire.HEADER_BYTES
            ]
            now_ns += chance.choice((1000, 100_000, 1_000_000))
            usual = chance.randint(1, 2000)
            size = chance.choice((usual, usual, usual, OUTBOX_BYTES, 3 * OUTBOX_BYTES))
            data = chance.randbytes(size)
            self.said += data
            way = chance.random()
            if way < 0.4:
                self.channel.post(data, now_ns)
            elif way < 0.6 and size <= OUTBOX_BYTES:
                self.channel.post_prepared(prepared_as(data), 1, 1, b"", now_ns)
            elif way < 0.8 and size <= OUTBOX_BYTES:
                self.channel.post_unended(prepared_as(data), 1, b"", now_ns)
                end = wire.encode(wire.End(1, 0, 1))
                self.said += end
                with mock.patch.object(channel_module, "_pack_end_into", prepared_as(end)[1]):
                    self.channel.post_end(b"", 1, 1, now_ns)
            else:
                self.channel.send(data[:10], data[10:])
                self.assertEqual(len(stepping.wire), len(self.said), "sent is sent")
            self.finished = len(self.said)
        self.channel.flush()
        self.assertEqual(stepping.wire, self.said)
        self.assertGreater(self.looks, 300)

    def look(self) -> None:
        self.looks += 1
        wire_bytes = self.stepping.wire
        base, data = self.ledger.answers(0, 0)
        self.assertTrue(self.said.startswith(wire_bytes))
        self.assertEqual(data, self.said[base : base + len(data)])
        self.assertLessEqual(base, len(wire_bytes), "a gap")
        self.assertGreaterEqual(max(len(wire_bytes), base + len(data)), self.finished, "lost")


def prepared_as(data: bytes) -> wire.PreparedAnswer:
    """Packs into a SteppingMemory, which is no buffer."""

    def pack_into(outbox: Any, at: int, *_: Any) -> None:
        outbox[at : at + len(data)] = data

    return len(data), pack_into, b"", b"", b""


if __name__ == "__main__":
    unittest.main()
