"""What start_response accepts, what it refuses, and the head block that comes of it."""

import unittest
from enum import Enum
from typing import Any

from rickhouse import headers
from rickhouse.headers import MAX_POSTED_BYTES, NO_LENGTH, build_head
from rickhouse.wire import (
    ANSWER_COMPLETE,
    ANSWER_DATE,
    ANSWER_END,
    ANSWER_ID,
    ANSWER_LENGTH,
    ANSWER_SERVER,
    Answer,
    encode,
)


class Accepted(unittest.TestCase):
    def test_the_usual(self) -> None:
        head = build_head("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "14")])
        block = b"200 OK\r\nContent-Type: text/plain\r\nContent-Length: 14\r\n"
        self.assertEqual(head[:4], (200, block, ANSWER_LENGTH, 14))

    def test_the_same_twice_is_the_same(self) -> None:
        pairs = [("Content-Length", "7"), ("Date", "today"), ("X-Test", "1")]
        self.assertEqual(build_head("200 OK", pairs)[:4], build_head("200 OK", list(pairs))[:4])

    def test_a_remembered_head_knows_its_whole_answer(self) -> None:
        pairs = [("Content-Length", "2"), ("Date", "today"), ("X-Remembered", "1")]
        for _ in range(2):  # Lines, then the head.
            self.assertIsNone(build_head("200 OK", pairs)[4])
        _, block, flags, length, whole, unended = build_head("200 OK", pairs)
        for prepared, more in (
            (whole, ANSWER_COMPLETE | ANSWER_END),
            (unended, ANSWER_COMPLETE),
        ):
            assert prepared is not None
            size, pack_into, start, middle, head = prepared
            frame = bytearray(size + 3)
            pack_into(frame, 3, start, 2**53 - 1, middle, 2**64 - 1, head, b"ok")
            answer = Answer(2**53 - 1, flags | more, 200, length, 2**64 - 1, block, b"ok")
            self.assertEqual(frame[3:], encode(answer))

    def test_no_whole_answer_without_a_length_or_with_a_large_one(self) -> None:
        for length in ([], [("Content-Length", str(MAX_POSTED_BYTES + 1))]):
            pairs = [*length, ("X-Remembered", "2")]
            for _ in range(3):
                self.assertIsNone(build_head("200 OK", pairs)[4])

    def test_no_headers(self) -> None:
        head = build_head("404 Not Found", [])
        self.assertEqual(head[:4], (404, b"404 Not Found\r\n", 0, NO_LENGTH))

    def test_flags_of_any_case(self) -> None:
        pairs = [("DATE", "today"), ("server", "mine"), ("content-LENGTH", "0")]
        pairs.append(("x-request-ID", "i"))
        _, _, flags, length = build_head("200 OK", pairs)[:4]
        expected = ANSWER_DATE | ANSWER_SERVER | ANSWER_LENGTH | ANSWER_ID
        self.assertEqual((flags, length), (expected, 0))

    def test_reasons(self) -> None:
        for status, line in (
            ("200 OK", b"200 OK"),
            ("200 ", b"200 "),
            ("200", b"200 "),
            ("299 Custom Reason: yes!", b"299 Custom Reason: yes!"),
            ("404 Nicht gefunden \xfc", b"404 Nicht gefunden \xfc"),
            ("999 Last", b"999 Last"),
        ):
            with self.subTest(status):
                self.assertEqual(build_head(status, [])[1], line + b"\r\n")

    def test_values_in_latin_1_with_tabs_and_empty(self) -> None:
        pairs = [("X-A", "\xe4\tb"), ("X-B", "")]
        self.assertEqual(build_head("200 OK", pairs)[1], b"200 OK\r\nX-A: \xe4\tb\r\nX-B: \r\n")

    def test_order_and_repetition_are_kept(self) -> None:
        pairs = [("Set-Cookie", "a=1"), ("X", "y"), ("Set-Cookie", "b=2")]
        lines = build_head("200 OK", pairs)[1].split(b"\r\n")
        self.assertEqual(lines[1:4], [b"Set-Cookie: a=1", b"X: y", b"Set-Cookie: b=2"])

    def test_subclasses_of_str_list_and_tuple(self) -> None:
        class Text(str):
            pass

        class Pairs(list):  # type: ignore[type-arg]
            pass

        class Pair(tuple):  # type: ignore[type-arg]
            pass

        pairs = Pairs([Pair((Text("X-A"), Text("b")))])
        self.assertEqual(build_head(Text("200 OK"), pairs)[1], b"200 OK\r\nX-A: b\r\n")

    def test_what_a_subclass_of_str_shows_is_not_what_it_holds(self) -> None:
        class Name(str, Enum):
            THING = "X-Enum-Thing"

        class Shown(str):
            def __str__(self) -> str:
                return "evil\r\nX-Evil: 1"

            def __format__(self, how: str) -> str:
                return str(self)

            def encode(self, *how: Any) -> bytes:
                return str(self).encode()

            def lower(self) -> str:
                return str(self)

        block = b"200 OK\r\nX-Enum-Thing: held\r\n"
        for name in (Name.THING, Shown("X-Enum-Thing"), "X-Enum-Thing"):
            for value in (Shown("held"), "held"):
                headers._known_lines.clear()
                headers._known_heads.clear()
                for again in (value, "held"):
                    head = build_head(Shown("200 OK"), [(name, again)])
                    self.assertEqual(head[:4], (200, block, 0, NO_LENGTH))
                    self.assertEqual(build_head("200 OK", [("X-Enum-Thing", "held")])[1], block)
        self.assertEqual({type(key[0]) for key in headers._known_lines}, {str})
        with self.assertRaisesRegex(ValueError, "hop-by-hop"):
            build_head("200 OK", [(Shown("Connection"), "close")])

    def test_statuses_without_a_body_and_content_length(self) -> None:
        pairs = [("Content-Length", "5"), ("X-A", "b")]
        rest = b"X-A: b\r\n"
        self.assertEqual(
            build_head("204 No Content", pairs)[:4],
            (204, b"204 No Content\r\n" + rest, 0, NO_LENGTH),
        )
        reset = b"205 Reset Content\r\n" + rest + b"Content-Length: 0\r\n"
        self.assertEqual(build_head("205 Reset Content", pairs)[:4], (205, reset, ANSWER_LENGTH, 0))
        unmodified = b"304 Not Modified\r\nContent-Length: 5\r\n" + rest
        self.assertEqual(
            build_head("304 Not Modified", pairs)[:4], (304, unmodified, ANSWER_LENGTH, 5)
        )
        self.assertEqual(build_head("304 Not Modified", [])[2:4], (0, NO_LENGTH))


class Refused(unittest.TestCase):
    def refuse(self, error: type[Exception], text: str, status: Any, pairs: Any) -> None:
        # Twice: what was refused must not be remembered as right.
        for _ in range(2):
            with self.assertRaisesRegex(error, text):
                build_head(status, pairs)

    def test_statuses(self) -> None:
        for status in (
            "",
            "20",
            "2000 OK",
            "200OK",
            "abc OK",
            " 200 OK",
            "-20 OK",
            "\u0662\u0660\u0660 OK",
        ):
            with self.subTest(status):
                self.refuse(ValueError, "status must be", status, [])
        for status in ("100 Continue", "101 Switching Protocols", "199 X", "000 X"):
            with self.subTest(status):
                self.refuse(ValueError, "200 to 999", status, [])
        for wrong in (200, b"200 OK", None, ["200 OK"]):
            with self.subTest(wrong):
                self.refuse(TypeError, "status must be a str", wrong, [])

    def test_controls_in_a_status(self) -> None:
        for status in (
            "200 OK\r\nX-Evil: 1",
            "200 O\nK",
            "200 O\0K",
            "200 OK\x7f",
            "200 OK\r",
            "200 OK\n",
        ):
            with self.subTest(status):
                self.refuse(ValueError, "status has a control", status, [])
        self.refuse(ValueError, "outside of latin-1", "200 \u20ac", [])

    def test_lists(self) -> None:
        for wrong in ((("A", "b"),), {"A": "b"}, None, "AB", iter([("A", "b")])):
            with self.subTest(wrong):
                self.refuse(TypeError, "must be a list", "200 OK", wrong)
        for pair in (["A", "b"], "AB", ("A",), ("A", "b", "c"), None, {"A": "b"}):
            with self.subTest(pair):
                self.refuse(TypeError, "tuple of name and value", "200 OK", [pair])

    def test_names(self) -> None:
        for name in ("", "A B", "A:", "A\r\n", "\xe4", "A\0", "(A)", "A\n", " A", "A "):
            with self.subTest(name):
                self.refuse(ValueError, "not a header name", "200 OK", [(name, "b")])
        for wrong in (b"A", 1, None, ["A"]):
            with self.subTest(wrong):
                self.refuse(TypeError, "name must be a str", "200 OK", [(wrong, "b")])

    def test_values(self) -> None:
        for value in ("a\r\nb", "a\nb", "a\rb", "a\0b", "a\x1fb", "a\x7fb", "a\n", "\r\n b"):
            with self.subTest(value):
                self.refuse(ValueError, "X-A has a control", "200 OK", [("X-A", value)])
        self.refuse(ValueError, "X-A has a character outside", "200 OK", [("X-A", "\u20ac")])
        for wrong in (b"b", 1, None, ["b"]):
            with self.subTest(wrong):
                self.refuse(TypeError, "X-A must have a str", "200 OK", [("X-A", wrong)])

    def test_hop_by_hop(self) -> None:
        for name in (
            *("Connection", "keep-alive", "Proxy-Authenticate", "Proxy-Authorization", "TE"),
            *("Trailer", "Trailers", "Transfer-Encoding", "UPGRADE", "Proxy-Connection"),
        ):
            with self.subTest(name):
                self.refuse(ValueError, "hop-by-hop", "200 OK", [(name, "x")])

    def test_content_length(self) -> None:
        for value in (
            "",
            "+5",
            "-1",
            "1_0",
            "5 5",
            " 5",
            "5,5",
            "0x5",
            "\u0665",
            "5\n",
            "9" * 16,
            "1e3",
        ):
            with self.subTest(value):
                self.refuse(ValueError, "Content-Length", "200 OK", [("Content-Length", value)])
        for second in ("5", "6"):
            pairs = [("Content-Length", "5"), ("content-length", second)]
            self.refuse(ValueError, "two Content-Length", "200 OK", pairs)
            self.refuse(ValueError, "two Content-Length", "204 No Content", pairs)

    def test_a_head_above_what_the_front_takes(self) -> None:
        self.refuse(ValueError, "at most", "200 OK", [("X-A", "b" * 600_000)] * 2)


class Memory(unittest.TestCase):
    def test_what_is_remembered_is_bounded(self) -> None:
        for number in range(5000):
            build_head(f"200 Reason {number}", [("X-Number", str(number)), ("X-Long", "x" * 300)])
        self.assertLessEqual(len(headers._known_lines), 512)
        self.assertLessEqual(len(headers._known_statuses), 512)
        self.assertTrue(all(len(pair[1]) < 300 for pair in headers._known_lines))

    def test_whole_heads_are_remembered_and_bounded(self) -> None:
        pairs = [("X-A", "a"), ("X-B", "b")]
        for _ in range(3):
            build_head("200 OK", pairs)
        self.assertIn(("200 OK", *pairs), headers._known_heads)
        for number in range(5000):
            # All lines are known, in combinations that are not.
            many = [("X-A", "a"), ("X-B", "b")] * (number % 600)
            build_head("200 OK", many)
            build_head(f"{200 + number % 700} OK", pairs)
        self.assertLessEqual(len(headers._known_heads), 128)
        self.assertTrue(all(len(head[1]) <= 1024 for head in headers._known_heads.values()))

    def test_a_line_that_is_new_each_time_leaves_no_head_behind(self) -> None:
        headers._known_heads.clear()
        for number in range(100):
            build_head("200 OK", [("X-A", "a"), ("Set-Cookie", f"id=once-{number}")])
        self.assertEqual(headers._known_heads, {})

    def test_a_list_that_changes_behind_a_remembered_head(self) -> None:
        pairs = [("X-A", "a"), ("X-B", "b")]
        for _ in range(3):
            build_head("200 OK", pairs)
        pairs[1] = ("X-B", "c")
        self.assertEqual(build_head("200 OK", pairs)[1], b"200 OK\r\nX-A: a\r\nX-B: c\r\n")
        pairs.append(("Connection", "close"))
        with self.assertRaises(ValueError):
            build_head("200 OK", pairs)


if __name__ == "__main__":
    unittest.main()
