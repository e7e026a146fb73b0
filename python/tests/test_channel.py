"""A channel over a real socket: frames however they arrive, GONE, large and deferred ones."""

import marshal
import os
import signal
import socket
import tempfile
import threading
import unittest
from typing import Any

from rickhouse import wire
from rickhouse.channel import Channel, ChannelLost
from rickhouse.departure import Departure
from support import SECONDS, FrontChannel, environ_of, request_frame


class ChannelTest(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.mkdtemp()
        path = os.path.join(directory, "socket")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            self.departure = Departure(Channel.interruptible)
            self.channel = Channel(path, self.departure)
            self.front = FrontChannel(listener.accept()[0])
        os.unlink(path)
        os.rmdir(directory)
        self.addCleanup(self.front.close)
        self.addCleanup(self.channel.close)

    def next(self) -> Any:
        request = self.channel.next_request()
        assert request is not None
        return request


class Receiving(ChannelTest):
    def test_hello(self) -> None:
        self.channel.hello(b"t" * 16, 3, 4711)
        self.assertEqual(self.front.next(), wire.Hello(b"t" * 16, 1, 3, 4711))

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
            data = marshal.dumps({}, 2)
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


class Sending(ChannelTest):
    def test_a_deferred_frame_goes_out_with_the_next(self) -> None:
        self.channel.defer(wire.encode(wire.End(1, 0, 5)))
        self.assertTrue(self.front.is_silent(0))
        self.channel.send(wire.encode(wire.End(2, 0, 6)))
        self.assertEqual(
            [self.front.next(), self.front.next()], [wire.End(1, 0, 5), wire.End(2, 0, 6)]
        )

    def test_a_deferred_frame_waits_while_a_request_is_in_hand_and_not_longer(self) -> None:
        self.front.send(request_frame(1) + request_frame(2))
        self.next()
        self.channel.defer(wire.encode(wire.End(1, 0, 5)))
        self.next()
        self.assertTrue(self.front.is_silent(0))
        waiting = threading.Thread(target=self.channel.next_request)
        waiting.start()
        self.assertEqual(self.front.next(), wire.End(1, 0, 5))
        self.front.socket.shutdown(socket.SHUT_WR)
        waiting.join(SECONDS)

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


if __name__ == "__main__":
    unittest.main()
