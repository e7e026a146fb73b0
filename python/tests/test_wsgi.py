"""PEP 3333 as an application sees it: environ, input, iterables, close, errors."""

from __future__ import annotations

import functools
import io
import mmap
import os
import struct
import sys
import tempfile
import unittest
from collections.abc import Iterator
from typing import Any
from unittest import mock

from recorded import TEXT, Closable, RecordingChannel, Run, answering
from rickhouse import request_input, wire
from rickhouse.wsgi import Gateway
from support import environ_of


class Environ(unittest.TestCase):
    def environ(self, **given: Any) -> Any:
        seen: list[Any] = []

        def application(environ: Any, start_response: Any) -> list[bytes]:
            seen.append(environ)
            start_response("200 OK", [])
            return []

        Run(application, **given)
        return seen[0]

    def test_is_a_dict_with_what_the_front_sent_and_what_the_worker_adds(self) -> None:
        environ = self.environ(path="/a", HTTP_X="y")
        self.assertIs(type(environ), dict)
        self.assertEqual((environ["PATH_INFO"], environ["HTTP_X"]), ("/a", "y"))
        self.assertEqual(environ["wsgi.version"], (1, 0))
        self.assertIs(environ["wsgi.errors"], sys.stderr)
        facts = ("multithread", "multiprocess", "run_once")
        self.assertEqual([environ[f"wsgi.{name}"] for name in facts], [False, True, False])
        self.assertNotIn("wsgi.input_terminated", environ)
        self.assertEqual(environ["SERVER_SOFTWARE"], "Rickhouse/1.2.3")
        self.assertFalse(set(os.environ) & set(environ))

    def test_input_terminated_only_for_a_chunked_body(self) -> None:
        self.assertIs(self.environ(flags=wire.REQUEST_CHUNKED)["wsgi.input_terminated"], True)

    def test_errors_are_what_sys_stderr_is_at_the_time(self) -> None:
        with mock.patch.object(sys, "stderr", io.StringIO()) as replaced:
            self.assertIs(self.environ()["wsgi.errors"], replaced)

    def test_is_another_dict_for_each_request(self) -> None:
        self.assertIsNot(self.environ(), self.environ())
        self.environ()["wsgi.version"] = (2, 0)
        self.assertEqual(self.environ()["wsgi.version"], (1, 0))

    def test_client_disconnected_tells_what_the_channel_knows(self) -> None:
        channel = RecordingChannel([])
        seen: list[bool] = []

        def application(environ: Any, start_response: Any) -> list[bytes]:
            seen.append(environ["rickhouse.client_disconnected"]())
            channel.gone.add(Run.NUMBER)
            seen.append(environ["rickhouse.client_disconnected"]())
            start_response("200 OK", [])
            return [b"x"]

        run = Run(application, channel=channel)
        self.assertEqual(seen, [False, True])
        self.assertEqual((run.body, run.is_broken), (b"x", False))


class Input(unittest.TestCase):
    def read(self, body: bytes, reading: Any, flags: int = 0, bodies: bytes = b"") -> Any:
        seen: list[Any] = []

        def application(environ: Any, start_response: Any) -> list[bytes]:
            seen.append(reading(environ["wsgi.input"]))
            seen.append(environ["wsgi.input"])
            start_response("200 OK", [])
            return []

        run = Run(application, "POST", body=body, flags=flags, bodies=memoryview(bodies))
        self.assertEqual(run.logged, "")
        self.stream = seen[1]
        return seen[0]

    def all_ways(self, body: bytes, reading: Any) -> list[Any]:
        """In the frame, from a file, and in memory between other bodies."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(body)
            file.flush()
            from_file = self.read(os.fsencode(file.name), reading, wire.REQUEST_FILE)
        self.assertTrue(self.stream.closed, "the file is closed after the request")
        place = struct.pack("<II", 3, len(body))
        in_memory = self.read(place, reading, wire.REQUEST_MEMORY, b"xyz" + body + b"xyz")
        self.assertTrue(self.stream.closed, "nobody reads what the front writes there next")
        return [self.read(body, reading), from_file, in_memory]

    def test_reads_end_with_the_body(self) -> None:
        for reading, expected in (
            (lambda s: (s.read(), s.read()), (b"a\r\nb\nc", b"")),
            (lambda s: (s.read(2), s.read(100), s.read(5)), (b"a\r", b"\nb\nc", b"")),
            (lambda s: (s.read(-1), s.read(0)), (b"a\r\nb\nc", b"")),
            (lambda s: [s.readline() for _ in range(4)], [b"a\r\n", b"b\n", b"c", b""]),
            (lambda s: [s.readline(2) for _ in range(3)], [b"a\r", b"\n", b"b\n"]),
            (lambda s: s.readlines(), [b"a\r\n", b"b\n", b"c"]),
            (lambda s: s.readlines(1), [b"a\r\n"]),
            (list, [b"a\r\n", b"b\n", b"c"]),
        ):
            for result in self.all_ways(b"a\r\nb\nc", reading):
                self.assertEqual(result, expected)

    def test_sizes_of_any_kind(self) -> None:
        # Far more than the buffer of a reader holds.
        body = b"abcde" * 10_000
        for size in (sys.maxsize, 2**44, -1, -2, -sys.maxsize, None, len(body), len(body) + 1):

            def reading(stream: Any, size: Any = size) -> Any:
                return stream.read(3), stream.read(size), stream.read(size)

            for result in self.all_ways(body, reading):
                self.assertEqual(result, (b"abc", body[3:], b""))
        for size in (sys.maxsize, 2**44, 3, -1, -2, None):
            for result in self.all_ways(body, lambda s, size=size: s.read1(size)[:3]):
                self.assertEqual(result, b"abc")
        for wrong in (1.0, "1"):
            for kind in (wire.REQUEST_FILE, wire.REQUEST_MEMORY, 0):
                with self.subTest(wrong, kind=kind), self.assertRaises(TypeError):
                    self.open_input(kind).read(wrong)

    def open_input(self, kind: int) -> Any:
        if kind == wire.REQUEST_FILE:
            stream = request_input.open_file_input(os.fsencode(__file__))
        elif kind == wire.REQUEST_MEMORY:
            stream = request_input.open_memory_input(memoryview(b"abc"))
        else:
            stream = request_input.open_frame_input(b"abc")
        self.addCleanup(stream.close)
        return stream

    def test_a_body_in_memory_can_be_read_again(self) -> None:
        def reading(stream: Any) -> Any:
            first = stream.read(4)
            stream.seek(1)
            rest = stream.read()
            return first, rest, stream.seek(-2, os.SEEK_END), stream.read(), stream.tell()

        for result in self.all_ways(b"abcdef", reading):
            self.assertEqual(result, (b"abcd", b"bcdef", 4, b"ef", 6))

    def test_a_body_in_memory_is_closed_before_the_front_hears_that_the_request_is_over(
        self,
    ) -> None:
        class Watching(RecordingChannel):
            def send(self, start: bytes, body: bytes | memoryview = b"") -> None:
                if start:
                    closed.append(streams[-1].closed)
                super().send(start, body)

            def post(self, frame: bytes, now_ns: int) -> None:
                self.send(frame)

        def application(environ: Any, start_response: Any) -> Any:
            streams.append(environ["wsgi.input"])
            start_response("200 OK", [])
            return answers.pop()

        closed: list[bool] = []
        streams: list[Any] = []
        answers: list[Any] = [[b"x"], (), iter([b"x"]), None]
        place = struct.pack("<II", 0, 3)
        while answers:
            run = Run(
                application,
                "POST",
                body=place,
                flags=wire.REQUEST_MEMORY,
                channel=Watching([]),
                bodies=memoryview(b"abc"),
            )
            self.assertTrue(run.is_over)
            self.assertTrue(closed[-1])

    def test_a_raw_stream_that_the_application_has_taken_reads_nothing_any_more(self) -> None:
        taken: list[Any] = []

        def application(environ: Any, start_response: Any) -> Any:
            taken.append(environ["wsgi.input"].detach())
            start_response("200 OK", [])
            return answers.pop()

        answers: list[Any] = [[b"x"], iter([b"x"])]
        place = struct.pack("<II", 0, 3)
        while answers:
            flags = wire.REQUEST_MEMORY
            run = Run(application, "POST", body=place, flags=flags, bodies=memoryview(b"abc"))
            self.assertEqual((run.status, run.body, run.is_over), (200, b"x", True))
            self.assertTrue(taken.pop().closed)

    def test_a_child_that_is_forked_reads_what_its_parent_was_sent(self) -> None:
        # Shared, as the front's is.
        memory = mmap.mmap(-1, 30_000)
        memory[:] = b"abcdef" * 5000
        reading, told = os.pipe()

        def application(environ: Any, start_response: Any) -> list[bytes]:
            stream = environ["wsgi.input"]
            start = stream.read(6)
            go_on, gone = os.pipe()
            if os.fork() == 0:
                try:
                    os.read(go_on, 1)
                    os.write(told, start + stream.read()[-12:])
                finally:
                    os._exit(0)
            # As the front does, once it has heard that the request is over.
            memory[:] = b"x" * len(memory)
            os.write(gone, b"!")
            os.close(go_on)
            os.close(gone)
            start_response("200 OK", [])
            return []

        place = struct.pack("<II", 0, len(memory))
        flags = wire.REQUEST_MEMORY
        Run(application, "POST", body=place, flags=flags, bodies=memoryview(memory))
        self.assertEqual(os.read(reading, 100), b"abcdefabcdefabcdef")
        os.wait()
        os.close(reading)
        os.close(told)

    def test_what_the_application_does_to_its_stream_harms_nobody(self) -> None:
        kept: list[Any] = []

        def application(environ: Any, start_response: Any) -> Any:
            stream = environ["wsgi.input"]
            if how == "closes the descriptor":
                os.close(stream.fileno())
            else:
                stream.close = lambda: None
                kept.append(stream)
            start_response("200 OK", [])
            return answers.pop()

        for how in ("closes the descriptor", "replaces close()"):
            answers: list[Any] = [[b"x"], iter([b"x"])]
            while answers:
                memory = bytearray(b"secret of one")
                with tempfile.NamedTemporaryFile() as file:
                    if how == "closes the descriptor":
                        body, flags = os.fsencode(file.name), wire.REQUEST_FILE
                    else:
                        body, flags = struct.pack("<II", 0, len(memory)), wire.REQUEST_MEMORY
                    run = Run(application, body=body, flags=flags, bodies=memoryview(memory))
                self.assertEqual((run.status, run.body, run.is_over), (200, b"x", True))
        for stream in kept:
            with self.assertRaises(ValueError):
                stream.read()

    def test_a_body_that_is_nowhere_in_memory_is_an_error_of_the_server(self) -> None:
        place = struct.pack("<II", 1, 3)
        flags = wire.REQUEST_MEMORY
        run = Run(lambda *both: [], body=place, flags=flags, bodies=memoryview(b"abc"))
        self.assertEqual((run.status, run.is_over), (500, True))
        self.assertIn("the body of GET / cannot be read", run.logged)

    def test_no_body(self) -> None:
        self.assertEqual(
            self.read(b"", lambda s: (s.read(), s.readline(), list(s))), (b"", b"", [])
        )

    def test_a_body_file_that_is_not_there_is_an_error_of_the_server(self) -> None:
        called: list[Any] = []
        run = Run(
            lambda *both: called.append(both), body=b"/nonexistent/x", flags=wire.REQUEST_FILE
        )
        self.assertEqual((run.status, run.is_over, called), (500, True, []))
        self.assertIn("the body of GET / cannot be read", run.logged)


class Chunks(unittest.TestCase):
    def test_only_bytes(self) -> None:
        for chunk, text in (
            ("a", "not str: encode it"),
            (bytearray(b"a"), "not bytearray"),
            (None, "not NoneType"),
            (1, "not int"),
        ):
            for iterable in ([chunk], [b"", chunk], iter([chunk])):
                run = Run(answering(iterable))
                self.assertEqual(run.status, 500)
                self.assertIn(text, run.logged)

    def test_a_subclass_of_bytes(self) -> None:
        class Data(bytes):
            pass

        self.assertEqual(Run(answering([Data(b"a")])).body, b"a")

    def test_returning_no_iterable_of_bytes(self) -> None:
        for result, text in (
            (None, "not NoneType"),
            (5, "not int"),
            (b"ab", "list of bytes"),
            ("ab", "encode it"),
        ):
            run = Run(answering(result))
            self.assertEqual(run.status, 500)
            self.assertIn(text, run.logged)


class Close(unittest.TestCase):
    def test_exactly_once_and_before_end(self) -> None:
        events: list[Any] = []
        iterable = Closable([b"a"], lambda: events.append("close"))
        Run(answering(iterable), events=events)
        self.assertEqual((iterable.closed, events[-2], type(events[-1])), (1, "close", wire.End))

    def test_after_an_error_while_iterating(self) -> None:
        def chunks() -> Iterator[bytes]:
            yield b"a"
            raise ValueError

        iterable = Closable(chunks())
        run = Run(answering(iterable))
        self.assertEqual((iterable.closed, run.is_broken), (1, True))

    def test_after_a_chunk_that_is_no_bytes(self) -> None:
        closed: list[int] = []

        class Wrong:
            def __iter__(self) -> Iterator[Any]:
                return iter(["text"])

            def close(self) -> None:
                closed.append(1)

        Run(answering(Wrong()))
        self.assertEqual(closed, [1])

    def test_when_the_client_is_gone_for_good(self) -> None:
        channel = RecordingChannel([])

        def chunks() -> Iterator[bytes]:
            yield b"a"
            channel.stopped.add(Run.NUMBER)
            yield b"b"
            raise AssertionError("asked for more")

        iterable = Closable(chunks())
        run = Run(answering(iterable), channel=channel)
        self.assertEqual(
            (run.body, run.is_broken, iterable.closed, run.logged), (b"a", True, 1, "")
        )

    def test_when_the_channel_is_lost(self) -> None:
        channel = RecordingChannel([])
        channel.is_lost = True
        iterable = Closable([b"a", b"b"])
        run = Run(answering(iterable), channel=channel)
        self.assertEqual((iterable.closed, iterable.asked, run.logged), (1, 1, ""))

    def test_an_error_in_close_is_logged_and_harms_nothing(self) -> None:
        def fail() -> None:
            raise ValueError("in close")

        for headers in ([], [("Content-Length", "1")]):
            run = Run(answering(Closable([b"a"], fail), headers=headers))
            self.assertEqual((run.body, run.is_over, run.is_broken), (b"a", True, False))
            self.assertIn("error in close() after GET /", run.logged)
            self.assertIn("ValueError: in close", run.logged)


class Ends(unittest.TestCase):
    """What waits in the outbox while another request is at hand, and what does not."""

    def kinds_in_window(self, application: Any) -> list[type]:
        """What was sent when the application is done, or closes its iterable."""
        channel: Any = RecordingChannel([])
        channel.is_window = True
        Gateway(application, channel).run((1, 0, environ_of(), b""))
        sent = [type(event) for event in channel.events]
        channel.flush()
        self.assertTrue(channel.exchanged.is_over)
        return sent

    def test_a_whole_answer_waits(self) -> None:
        self.assertEqual(self.kinds_in_window(answering([b"a"])), [])

    def test_so_does_one_that_is_complete_before_close(self) -> None:
        length = [("Content-Length", "1")]
        self.assertEqual(self.kinds_in_window(answering(iter([b"a"]), headers=length)), [])
        self.assertEqual(self.kinds_in_window(answering(Closable([b"a"]), headers=length)), [])

    def test_pieces_do_not_wait_but_the_end_does(self) -> None:
        self.assertEqual(self.kinds_in_window(answering(iter([b"a"]))), [wire.Answer])
        pieces = answering(iter([b"a", b"b"]), headers=[("Content-Length", "2")])
        self.assertEqual(self.kinds_in_window(pieces), [wire.Answer])

    def test_a_large_body_does_not_wait(self) -> None:
        large = b"x" * 10_000
        length = [("Content-Length", str(len(large)))]
        for iterable in ([large], iter([large])):
            sent = self.kinds_in_window(answering(iterable, headers=length))
            self.assertEqual(sent, [wire.Answer])

    def sent_before_close(self, headers: list[Any], is_withdrawn: bool) -> list[type]:
        """`is_withdrawn`: a request is at hand, but will not run here."""
        channel: Any = RecordingChannel([])
        channel.is_window, channel.is_withdrawn = True, is_withdrawn
        seen: list[Any] = []
        closable = Closable([b"a"], lambda: seen.extend(channel.events))
        Gateway(answering(closable, headers=headers), channel).run((1, 0, environ_of(), b""))
        return [type(event) for event in seen]

    def test_before_close_it_waits_only_when_a_request_will_follow(self) -> None:
        channel: Any = RecordingChannel([])
        seen: list[Any] = []
        closable = Closable([b"a"], lambda: seen.extend(channel.events))
        application = answering(closable, headers=[("Content-Length", "1")])
        gateway = Gateway(application, channel)
        gateway.run((1, 0, environ_of(), b""))
        self.assertEqual([type(event) for event in seen], [wire.Answer])

    def test_the_same_under_a_head_that_has_come_before(self) -> None:
        headers = [("Content-Length", "1"), ("X-Came-Before", "1")]
        frames = []
        for _ in range(4):
            self.assertEqual(self.kinds_in_window(answering(Closable([b"a"]), headers=headers)), [])
            run = Run(answering(Closable([b"a"]), headers=headers))
            self.assertEqual((run.body, run.is_broken, run.logged), (b"a", False, ""))
            self.assertEqual(self.sent_before_close(headers, is_withdrawn=False), [])
            self.assertEqual(self.sent_before_close(headers, is_withdrawn=True), [wire.Answer])
            frames.append(run.frames[0])
        self.assertEqual(frames, frames[:1] * 4)

    def test_a_head_that_has_come_before_changes_nothing_for_other_bodies(self) -> None:
        headers = [("Content-Length", "1"), ("X-Came-Before", "2")]
        for _ in range(4):
            run = Run(answering(Closable([b"ab"]), headers=headers))
            self.assertEqual((run.body, run.is_broken), (b"a", False))
            self.assertIn("cut", run.logged)
            run = Run(answering(Closable([b"", b"a", b"b"]), headers=headers))
            self.assertEqual((run.body, run.is_broken), (b"a", False))
            run = Run(answering(Closable([]), headers=headers))
            self.assertTrue(run.is_broken)
            run = Run(answering(Closable([b"a"]), headers=headers), "HEAD")
            self.assertEqual((run.body, run.is_broken, run.content_length), (b"", False, 1))


class Errors(unittest.TestCase):
    def test_before_the_head_a_plain_page_and_the_traceback_in_the_log(self) -> None:
        def application(environ: Any, start_response: Any) -> list[bytes]:
            start_response("200 OK", [("X-Secret", "1")])
            raise ValueError("the reason")

        run = Run(application, "POST", "/a/b?secret=1")
        self.assertEqual(
            (run.status, run.body, run.is_broken), (500, b"Internal Server Error\n", False)
        )
        self.assertNotIn(b"X-Secret: 1", run.lines)
        self.assertTrue(
            run.log[0].startswith("error in POST /a/b\nTraceback (most recent call last):\n")
        )
        self.assertIn("ValueError: the reason", run.logged)
        self.assertNotIn("secret", run.logged)
        self.assertNotIn("rickhouse/wsgi.py", run.logged)

    def test_the_page_of_a_head_request_has_no_body(self) -> None:
        run = Run(lambda environ, start_response: 1 / 0, "HEAD")
        self.assertEqual((run.status, run.body, run.is_over), (500, b"", True))

    def test_after_the_head_the_answer_is_broken(self) -> None:
        def application(environ: Any, start_response: Any) -> Iterator[bytes]:
            start_response("200 OK", TEXT)
            yield b"a"
            raise ValueError("the reason")

        run = Run(application)
        self.assertEqual((run.status, run.body, run.is_broken), (200, b"a", True))
        self.assertIn("ValueError: the reason", run.logged)

    def test_after_the_whole_body_nothing_is_broken(self) -> None:
        def application(environ: Any, start_response: Any) -> Iterator[bytes]:
            start_response("200 OK", [("Content-Length", "1")])
            yield b"a"
            raise ValueError("the reason")

        run = Run(application)
        self.assertEqual((run.body, run.is_broken, len(run.log)), (b"a", False, 1))

    def test_exits_and_interrupts_are_errors_of_the_request(self) -> None:
        for error in (SystemExit(1), KeyboardInterrupt(), GeneratorExit(), RecursionError()):

            def application(environ: Any, start_response: Any, error: Any = error) -> list[bytes]:
                raise error

            run = Run(application)
            self.assertEqual((run.status, len(run.log)), (500, 1))
            self.assertIn(type(error).__name__, run.logged)

    def test_what_an_application_does_to_its_environ_does_not_disturb_the_log(self) -> None:
        def application(environ: Any, start_response: Any) -> list[bytes]:
            environ.clear()
            raise ValueError

        self.assertIn("error in ? ?", Run(application).logged)

    def test_a_line_break_in_the_path_does_not_forge_a_line(self) -> None:
        run = Run(lambda environ, start_response: 1 / 0, REQUEST_URI="/a\nrickhouse: b")
        self.assertTrue(run.log[0].startswith("error in GET /a\\nrickhouse: b\n"))

    def test_the_log_names_the_request_by_its_id(self) -> None:
        run = Run(lambda environ, start_response: 1 / 0, HTTP_X_REQUEST_ID="id-1")
        self.assertTrue(run.log[0].startswith("error in GET / [id-1]\nTraceback"))

        def application(environ: Any, start_response: Any, value: Any) -> list[bytes]:
            environ["HTTP_X_REQUEST_ID"] = value
            raise ValueError

        # What the application may have put in its place.
        for value in ("a\nb", "a b", "", "é", "x" * 129, 7, None):
            run = Run(functools.partial(application, value=value))
            self.assertTrue(run.log[0].startswith("error in GET /\nTraceback"), value)


if __name__ == "__main__":
    unittest.main()


class FromOutside(unittest.TestCase):
    """Exceptions that are thrown into our code, and such that break who prints them."""

    def test_an_exception_that_cannot_be_shown_is_an_error_page(self) -> None:
        def application(environ: Any, start_response: Any) -> Any:
            raise LookupError("told")

        with mock.patch("traceback.format_exception", side_effect=KeyError("x")):
            run = Run(application)
        self.assertEqual((run.status, run.is_over, run.is_broken), (500, True, False))
        self.assertIn("LookupError (not shown: KeyError)", run.logged)
        self.assertIn("test_wsgi.py", run.logged)

    def test_nothing_follows_an_answer_behind_which_an_exception_came(self) -> None:
        class Late(BaseException):
            pass

        class Interrupted(RecordingChannel):
            def post(self, frame: bytes, now_ns: int) -> None:
                super().post(frame, now_ns)
                raise Late

        for length in (None, "1", "40000"):
            size = int(length or 1)

            def application(environ: Any, start_response: Any, length: Any = length) -> Any:
                fields = [] if length is None else [("Content-Length", length)]
                start_response("200 OK", fields)
                return [b"x" * int(length or 1)]

            events: list[Any] = []
            channel = Interrupted(events)
            Run(application, channel=channel)
            answers = [event for event in events if isinstance(event, wire.Answer)]
            self.assertEqual([len(answer.body) for answer in answers], [size])
            # The last one is too large to be posted: nothing came upon it.
            self.assertEqual(channel.is_lost, length != "40000")
