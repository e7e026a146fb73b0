"""PEP 3333 about answers: start_response, write, when a head goes out, where a body ends."""

import gc
import os
import sys
import tempfile
import unittest
import weakref
from collections.abc import Iterator
from typing import Any
from unittest import mock

from recorded import TEXT, Closable, RecordedSlots, RecordingChannel, Run, answering
from rickhouse import exchange, wire
from rickhouse.file_wrapper import FileWrapper


class WholeBodies(unittest.TestCase):
    def test_a_list_is_one_frame_with_end(self) -> None:
        for iterable in ([b"hello"], (b"hello",), [b"he", b"", b"llo"], [b"", b"hello"]):
            run = Run(answering(iterable))
            self.assertEqual(len(run.frames), 1)
            self.assertEqual(
                (run.status, run.body, run.lines[1]), (200, b"hello", b"Content-Type: text/plain")
            )
            self.assertEqual(run.frames[0].flags, wire.ANSWER_COMPLETE | wire.ANSWER_END)
            self.assertGreater(run.frames[0].run_ns, 0)

    def test_an_empty_body(self) -> None:
        for iterable in ([], (), [b""], [b"", b""]):
            run = Run(answering(iterable))
            self.assertEqual((len(run.frames), run.body, run.is_over), (1, b"", True))

    def test_with_its_content_length(self) -> None:
        run = Run(answering([b"hello"], headers=[("Content-Length", "5")]))
        self.assertEqual((run.has_length, run.content_length, len(run.frames)), (True, 5, 1))

    def test_an_iterable_of_length_one_is_complete_with_its_chunk(self) -> None:
        class One(Closable):
            def __len__(self) -> int:
                return 1

        one = One([b"hello", b"more than was said"])
        run = Run(answering(one))
        self.assertEqual([frame.flags & 1 for frame in run.frames], [wire.ANSWER_COMPLETE, 0])
        self.assertEqual((run.body, one.asked, one.closed), (b"hello", 2, 1))
        self.assertIn("cut", run.logged)

    def test_a_length_is_that_before_anything_was_taken(self) -> None:
        class Queue(list[bytes]):
            def __iter__(self) -> Iterator[bytes]:
                while self:
                    yield self.pop(0)

        self.assertEqual(Run(answering(Queue([b"hello ", b"world"]))).body, b"hello world")

    def test_what_is_asked_for_its_length_is_the_type(self) -> None:
        class Wrapper:
            def __init__(self) -> None:
                self.fields: dict[str, Any] = {}

            def __getattr__(self, name: str) -> Any:
                if name == "close":
                    raise AttributeError(name)
                return self.fields[name]

            def __iter__(self) -> Iterator[bytes]:
                return iter([b"a", b"b"])

        run = Run(answering(Wrapper()))
        self.assertEqual((run.body, run.logged), (b"ab", ""))

    def test_a_length_that_fails_is_unknown(self) -> None:
        class Failing(Closable):
            def __len__(self) -> int:
                raise RuntimeError

        run = Run(answering(Failing([b"a", b"b"])))
        self.assertEqual((run.body, run.logged), (b"ab", ""))


class InMemory(unittest.TestCase):
    """Large pieces, where the front has said that they may lie there."""

    LEAST = 256 * 1024
    SLOT = 1 << 20

    def run_with(
        self, slots: RecordedSlots, application: Any, flags: int = wire.REQUEST_SLOTS
    ) -> Run:
        channel = RecordingChannel([])
        channel.slots = slots
        return Run(application, channel=channel, flags=flags)

    def flags_of(self, run: Run) -> list[int]:
        return [frame.flags & wire.BODY_MEMORY for frame in run.frames]

    def test_a_whole_body_is_one_frame_from_256_kib_to_a_slot(self) -> None:
        for size in (self.LEAST, self.SLOT):
            slots = RecordedSlots(2)
            run = self.run_with(slots, answering([os.urandom(size)]))
            whole = wire.ANSWER_COMPLETE | wire.ANSWER_END
            self.assertEqual([frame.flags for frame in run.frames], [whole | wire.ANSWER_MEMORY])
            self.assertEqual([run.body], slots.pieces)

    def test_what_is_smaller_goes_by_socket(self) -> None:
        slots = RecordedSlots(2)
        body = os.urandom(self.LEAST - 1)
        for iterable in ([body], iter([body, body])):
            self.run_with(slots, answering(iterable))
        self.assertEqual(slots.pieces, [])

    def test_and_all_of_it_where_the_front_has_not_said_so(self) -> None:
        slots = RecordedSlots(2)
        body = os.urandom(5 * self.SLOT)
        for iterable in ([body], iter([body]), [body[: self.SLOT]], iter([body[: self.LEAST]])):
            run = self.run_with(slots, answering(iterable), flags=0)
            self.assertEqual(run.body, body[: len(run.body)])
        self.assertEqual(slots.pieces, [])

    def test_a_larger_one_is_in_several_and_its_length_is_known(self) -> None:
        body = os.urandom(5 * self.SLOT + 5)
        for parts in ([body], [body[:7], body[7:]]):
            for headers in ([], [("Content-Length", str(len(body)))]):
                slots = RecordedSlots(2)
                run = self.run_with(slots, answering(parts, headers=headers))
                self.assertEqual(run.body, body)
                self.assertEqual((run.has_length, run.content_length), (True, len(body)))
                self.assertEqual(len(slots.pieces), 5)
                self.assertTrue(run.is_over and not run.is_broken)
                self.assertEqual(run.logged, "")

    def test_a_head_without_room_for_its_length_goes_as_it_is(self) -> None:
        body = os.urandom(2 * self.SLOT)
        value = "x" * (wire.MAX_HEAD_BLOCK_BYTES - len("200 OK\r\nX: \r\n"))
        run = self.run_with(RecordedSlots(2), answering([body], headers=[("X", value)]))
        self.assertEqual((run.body, run.has_length, run.is_broken), (body, False, False))
        self.assertEqual(run.logged, "")

    def test_without_a_free_slot_it_goes_by_socket(self) -> None:
        body = os.urandom(3 * self.SLOT)
        slots = RecordedSlots(2, frees=False)
        run = self.run_with(slots, answering([body]))
        self.assertEqual(run.body, body)
        self.assertEqual([len(piece) for piece in slots.pieces], [self.SLOT] * 2)
        small = self.run_with(RecordedSlots(0), answering([body[: self.SLOT]]))
        self.assertEqual((small.body, self.flags_of(small)), (body[: self.SLOT], [0]))

    def test_pieces_of_a_stream(self) -> None:
        pieces = [os.urandom(size) for size in (10, self.LEAST, self.SLOT, 3 * self.SLOT, 10)]
        slots = RecordedSlots(2)
        run = self.run_with(slots, answering(iter(pieces)))
        self.assertEqual(run.body, b"".join(pieces))
        self.assertFalse(run.has_length)
        self.assertEqual(len(slots.pieces), 5)
        run = self.run_with(RecordedSlots(2), answering(Closable([pieces[1]])))
        self.assertEqual((run.body, run.is_broken), (pieces[1], False))

    def test_what_is_too_long_is_cut(self) -> None:
        for size in (self.SLOT, 2 * self.SLOT, 2 * self.SLOT + 9):
            body = os.urandom(size + self.SLOT)
            headers = [("Content-Length", str(size))]
            for iterable in ([body], iter([body])):
                run = self.run_with(RecordedSlots(2), answering(iterable, headers=headers))
                self.assertEqual(run.body, body[:size])
                # A frame behind the last one would be an error, which is logged too.
                self.assertEqual(len(run.log), 1)
                self.assertIn("cut", run.logged)
                self.assertFalse(run.is_broken)

    def test_none_for_head(self) -> None:
        slots = RecordedSlots(2)
        flags = wire.REQUEST_SLOTS | wire.REQUEST_HEAD
        run = self.run_with(slots, answering([bytes(self.SLOT)]), flags=flags)
        self.assertEqual((run.body, slots.pieces), (b"", []))

    def test_it_leaves_at_once_though_a_further_request_is_at_hand(self) -> None:
        class Single(Closable):
            def __len__(self) -> int:
                return 1

        for iterable in ([bytes(self.SLOT)], Single([bytes(self.SLOT)])):
            channel = RecordingChannel([])
            channel.slots = RecordedSlots(2)
            channel.is_window = True
            with mock.patch.object(channel, "post", wraps=channel.post) as post:
                run = Run(answering(iterable), channel=channel, flags=wire.REQUEST_SLOTS)
            self.assertEqual(len(run.body), self.SLOT)
            # The END of the second may wait.
            self.assertTrue(all(len(call.args[0]) == 24 for call in post.call_args_list))


class Streams(unittest.TestCase):
    def test_each_chunk_is_sent_before_the_next_is_asked_for(self) -> None:
        events: list[Any] = []

        def application(environ: Any, start_response: Any) -> Iterator[bytes]:
            start_response("200 OK", TEXT)
            for chunk in (b"a", b"b", b"c"):
                events.append(f"give {chunk.decode()}")
                yield chunk
            events.append("end")

        Run(application, events=events)
        told = [event if isinstance(event, str) else type(event).__name__ for event in events]
        self.assertEqual(
            told, ["give a", "Answer", "give b", "Body", "give c", "Body", "end", "End"]
        )

    def test_the_head_waits_for_the_first_chunk_that_is_not_empty(self) -> None:
        events: list[Any] = []

        def application(environ: Any, start_response: Any) -> Iterator[bytes]:
            start_response("200 OK", TEXT)
            yield b""
            events.append("after the empty one")
            yield b"a"

        run = Run(application, events=events)
        self.assertEqual(events[0], "after the empty one")
        self.assertEqual((run.body, run.frames[0].flags), (b"a", 0))

    def test_a_stream_of_nothing_still_has_a_head(self) -> None:
        for iterable in (iter([]), iter([b"", b""])):
            run = Run(answering(iterable))
            self.assertEqual((run.status, run.body, run.is_over), (200, b"", True))
            self.assertTrue(run.frames[0].flags & wire.ANSWER_COMPLETE)

    def test_start_response_inside_the_generator(self) -> None:
        def application(environ: Any, start_response: Any) -> Iterator[bytes]:
            start_response("418 I'm a teapot", [("X-Late", "yes")])
            yield b"short and stout"

        run = Run(application)
        self.assertEqual((run.status, run.lines[1]), (418, b"X-Late: yes"))

    def test_complete_when_the_content_length_is_reached(self) -> None:
        events: list[Any] = []

        def chunks() -> Iterator[bytes]:
            yield b"ab"
            yield b"cde"
            events.append("still running")

        run = Run(answering(chunks(), headers=[("Content-Length", "5")]), events=events)
        answer, body, running, end = events
        self.assertEqual(
            (answer.flags, body.flags, running),
            (wire.ANSWER_LENGTH, wire.BODY_COMPLETE, "still running"),
        )
        self.assertEqual((end.flags, run.body), (0, b"abcde"))

    def test_a_file_as_iterable(self) -> None:
        with tempfile.TemporaryFile() as file:
            file.write(b"skip\na\nb\n")
            file.seek(5)
            run = Run(answering(FileWrapper(file, 2)))
            self.assertEqual(run.body, b"a\nb\n")
            self.assertTrue(file.closed)

    @mock.patch.object(exchange, "_MAX_PIECE_BYTES", 10_000)
    def test_a_very_large_chunk_is_cut_into_frames(self) -> None:
        for iterable in ([bytes(20_005)], iter([bytes(20_005)])):
            run = Run(answering(iterable, headers=[("Content-Length", "20005")]))
            self.assertEqual([len(piece) for piece in run.pieces], [10_000, 10_000, 5])
            self.assertEqual((run.is_broken, run.logged), (False, ""))


class WrongLengths(unittest.TestCase):
    def test_a_body_that_is_too_long_is_cut_and_logged_once(self) -> None:
        for iterable in (
            [b"hello world"],
            iter([b"hel", b"lo wo", b"rld"]),
            iter([b"hello", b" wor", b"ld"]),
        ):
            run = Run(answering(iterable, headers=[("Content-Length", "5")]))
            self.assertEqual((run.body, run.is_broken, len(run.log)), (b"hello", False, 1))
            self.assertIn("GET /: the body is longer than its Content-Length: cut", run.logged)

    def test_an_endless_body_ends_at_its_content_length(self) -> None:
        def endless() -> Iterator[bytes]:
            while True:
                yield b"x"

        run = Run(answering(endless(), headers=[("Content-Length", "3")]))
        self.assertEqual((run.body, len(run.log)), (b"xxx", 1))

    def test_a_body_that_is_too_short_breaks_the_answer(self) -> None:
        for iterable in ([b"hel"], iter([b"h", b"el"]), [], iter([])):
            run = Run(answering(iterable, headers=[("Content-Length", "5")]))
            self.assertTrue(run.is_broken)
            self.assertIn("shorter than its Content-Length", run.logged)

    def test_content_length_0_with_a_body(self) -> None:
        run = Run(answering([b"x"], headers=[("Content-Length", "0")]))
        self.assertEqual((run.body, run.is_broken, len(run.log)), (b"", False, 1))


class NoBodies(unittest.TestCase):
    def test_head_keeps_the_length_and_asks_for_one_chunk(self) -> None:
        iterable = Closable([b"hello"])
        run = Run(answering(iterable, headers=[("Content-Length", "5")]), "HEAD")
        self.assertEqual(
            (run.body, run.has_length, run.content_length, run.is_broken), (b"", True, 5, False)
        )
        self.assertEqual((iterable.asked, iterable.closed, run.logged), (1, 1, ""))

    def test_head_of_a_generator_runs_up_to_start_response(self) -> None:
        reached: list[str] = []

        def application(environ: Any, start_response: Any) -> Iterator[bytes]:
            start_response("200 OK", TEXT)
            reached.append("first")
            yield b"a"
            reached.append("second")
            yield b"b"

        run = Run(application, "HEAD")
        self.assertEqual((run.status, run.body, reached, run.is_over), (200, b"", ["first"], True))

    def test_head_with_write(self) -> None:
        def application(environ: Any, start_response: Any) -> list[bytes]:
            start_response("200 OK", TEXT)(b"hello")
            return [b"more"]

        run = Run(application, "HEAD")
        self.assertEqual((run.status, run.body, run.is_over, run.logged), (200, b"", True, ""))

    def test_statuses_without_content(self) -> None:
        for status in ("204 No Content", "205 Reset Content", "304 Not Modified"):
            iterable = Closable([b"never sent"])
            for answer in (iterable, [b"never sent"]):
                run = Run(answering(answer, status))
                self.assertEqual(
                    (run.body, run.is_over, run.is_broken, run.logged), (b"", True, False, "")
                )
            self.assertEqual((iterable.asked, iterable.closed), (1, 1))

    def test_a_generator_that_is_returned_runs_what_it_has_for_its_end(self) -> None:
        for method, status in (("HEAD", "200 OK"), ("GET", "204 No Content")):
            for first in (b"a", b""):
                notes: list[str] = []

                def chunks(first: bytes = first, notes: list[str] = notes) -> Iterator[bytes]:
                    try:
                        yield first
                        notes.append("asked again")
                    finally:
                        notes.append("closed")

                run = Run(answering(chunks(), status), method)
                self.assertEqual(
                    (run.status, run.body, run.is_over, run.is_broken, run.logged),
                    (int(status[:3]), b"", True, False, ""),
                )
                self.assertEqual(notes, ["closed"])

    def test_an_error_in_the_first_chunk_is_one_as_ever(self) -> None:
        def raising() -> Iterator[bytes]:
            raise ValueError("the reason")
            yield b""

        for method, status in (("HEAD", "200 OK"), ("GET", "304 Not Modified")):
            for iterable, text in ((raising(), "the reason"), (iter(["text"]), "made of bytes")):
                run = Run(answering(iterable, status), method)
                self.assertEqual((run.status, run.is_over, run.is_broken), (500, True, False))
                self.assertEqual(run.body == b"", method == "HEAD")
                self.assertIn(text, run.logged)

    def test_a_file_is_closed_unread(self) -> None:
        with tempfile.TemporaryFile() as file:
            file.write(b"hello")
            file.seek(0)
            with mock.patch.object(FileWrapper, "__next__", side_effect=AssertionError):
                run = Run(answering(FileWrapper(file), "304 Not Modified"))
            self.assertEqual((run.status, run.logged, file.closed), (304, "", True))


class StartResponse(unittest.TestCase):
    def test_never_called(self) -> None:
        for result in ([], [b"x"], iter([]), iter([b"x"])):
            run = Run(lambda environ, start_response, result=result: result)
            self.assertEqual(run.status, 500)
            self.assertIn("start_response", run.logged)

    def test_called_twice(self) -> None:
        def application(environ: Any, start_response: Any) -> list[bytes]:
            start_response("200 OK", [])
            start_response("200 OK", [])
            return []

        run = Run(application)
        self.assertEqual(run.status, 500)
        self.assertIn("AssertionError: start_response was called a second time", run.logged)

    def test_again_with_exc_info_replaces_the_head(self) -> None:
        def application(environ: Any, start_response: Any) -> list[bytes]:
            start_response("200 OK", [("X-Old", "1")])
            try:
                raise ValueError
            except ValueError:
                start_response("503 Sorry", [("X-New", "1")], sys.exc_info())
            return [b"sorry"]

        run = Run(application)
        self.assertEqual(run.lines, [b"503 Sorry", b"X-New: 1"])

    def test_with_exc_info_after_the_head_raises_that_error(self) -> None:
        def application(environ: Any, start_response: Any) -> Iterator[bytes]:
            start_response("200 OK", TEXT)
            yield b"first"
            try:
                raise ValueError("the original")
            except ValueError:
                start_response("500 Sorry", [], sys.exc_info())

        run = Run(application)
        self.assertEqual((run.status, run.body, run.is_broken), (200, b"first", True))
        self.assertIn("ValueError: the original", run.logged)

    def test_exc_info_makes_no_reference_cycle(self) -> None:
        class Problem(Exception):
            pass

        errors: list[Any] = []

        def application(environ: Any, start_response: Any) -> Iterator[bytes]:
            start_response("200 OK", TEXT)
            yield b"first"
            error = Problem()
            errors.append(weakref.ref(error))
            exc_info = (Problem, error, None)
            del error
            try:
                start_response("500 Sorry", [], exc_info)
            finally:
                del exc_info

        gc.disable()
        self.addCleanup(gc.enable)
        Run(application)
        self.assertIsNone(errors[0]())

    def test_with_exc_info_at_first_is_as_without(self) -> None:
        def application(environ: Any, start_response: Any) -> list[bytes]:
            start_response("500 Sorry", [], (ValueError, ValueError(), None))
            return [b"sorry"]

        self.assertEqual(Run(application).status, 500)

    def test_errors_show_in_the_application(self) -> None:
        caught: list[Exception] = []

        def application(environ: Any, start_response: Any) -> list[bytes]:
            try:
                start_response("200 OK", [("Connection", "close")])
            except ValueError as error:
                caught.append(error)
            start_response("200 OK", [])
            return [b"fine"]

        run = Run(application)
        self.assertEqual((run.status, run.body, len(caught)), (200, b"fine", 1))


class Write(unittest.TestCase):
    def test_each_write_is_sent_before_it_returns_and_the_iterable_comes_behind(self) -> None:
        events: list[Any] = []

        def application(environ: Any, start_response: Any) -> list[bytes]:
            write = start_response("200 OK", TEXT)
            for data in (b"", b"a", b"b"):
                write(data)
                events.append("written")
            return [b"c", b"d"]

        run = Run(application, events=events)
        told = [event if isinstance(event, str) else type(event).__name__ for event in events]
        expected = ["written", "Answer", "written", "Body", "written", "Body", "Body", "End"]
        self.assertEqual((told, run.body), (expected, b"abcd"))

    def test_only_write(self) -> None:
        def application(environ: Any, start_response: Any) -> list[bytes]:
            start_response("200 OK", [("Content-Length", "2")])(b"ab")
            return []

        run = Run(application)
        self.assertEqual((run.body, run.is_broken, run.logged), (b"ab", False, ""))

    def test_write_after_the_request_raises_and_sends_nothing(self) -> None:
        kept: list[Any] = []

        def application(environ: Any, start_response: Any) -> list[bytes]:
            kept.append(start_response("200 OK", TEXT))
            return [b"a"]

        run = Run(application)
        with self.assertRaises(RuntimeError):
            kept[0](b"late")
        self.assertEqual(len(run.frames), 1)

    def test_write_to_a_client_that_is_gone_for_good_raises_in_the_application(self) -> None:
        channel = RecordingChannel([])
        caught: list[OSError] = []

        def application(environ: Any, start_response: Any) -> list[bytes]:
            write = start_response("200 OK", TEXT)
            write(b"a")
            channel.stopped.add(Run.NUMBER)
            try:
                write(b"b")
            except ConnectionResetError as error:
                caught.append(error)
                raise
            return []

        run = Run(application, channel=channel)
        self.assertEqual((run.body, run.is_broken, len(caught), run.logged), (b"a", True, 1, ""))


if __name__ == "__main__":
    unittest.main()
