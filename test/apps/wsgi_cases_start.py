"""start_response: when, how often, and with what."""

import json
import sys

_PLAIN = [("Content-Type", "text/plain")]


def given(environ, start_response):
    """Status and headers of X-Given: JSON, in latin-1 with escapes."""
    asked = json.loads(environ["HTTP_X_GIVEN"])
    start_response(asked["status"], [tuple(pair) for pair in asked["headers"]])
    return [b"a body"]


# Wrong arguments, by name. Each must be a 500, with a line in the log that says what is wrong.
_WRONG = {
    "status-none": (None, _PLAIN),
    "status-bytes": (b"200 OK", _PLAIN),
    "status-int": (200, _PLAIN),
    "status-tuple": ((200, "OK"), _PLAIN),
    "status-list": (["200 OK"], _PLAIN),
    "status-empty": ("", _PLAIN),
    "status-word": ("OK", _PLAIN),
    "status-short": ("20 OK", _PLAIN),
    "status-long": ("2000 OK", _PLAIN),
    "status-negative": ("-20 OK", _PLAIN),
    "status-leading-space": (" 200 OK", _PLAIN),
    "status-tab": ("200\tOK", _PLAIN),
    "status-no-space": ("200OK", _PLAIN),
    "status-digits-of-others": ("\u0662\u0660\u0660 OK", _PLAIN),
    "status-100": ("100 Continue", []),
    "status-101": ("101 Switching Protocols", []),
    "status-199": ("199 x", []),
    "status-000": ("000 x", []),
    "status-cr": ("200 O\rK", _PLAIN),
    "status-lf": ("200 OK\n", _PLAIN),
    "status-crlf": ("200 OK\r\nX-Evil: 1", _PLAIN),
    "status-nul": ("200 O\0K", _PLAIN),
    "status-not-latin1": ("200 \u20ac", _PLAIN),
    "headers-none": ("200 OK", None),
    "headers-tuple": ("200 OK", tuple(_PLAIN)),
    "headers-dict": ("200 OK", dict(_PLAIN)),
    "headers-generator": ("200 OK", (pair for pair in _PLAIN)),
    "headers-text": ("200 OK", "X-A: 1"),
    "pair-list": ("200 OK", [["X-A", "1"]]),
    "pair-text": ("200 OK", ["X-A: 1"]),
    "pair-two-letters": ("200 OK", ["XA"]),
    "pair-one": ("200 OK", [("X-A",)]),
    "pair-three": ("200 OK", [("X-A", "1", "2")]),
    "pair-none": ("200 OK", [None]),
    "name-bytes": ("200 OK", [(b"X-A", "1")]),
    "name-none": ("200 OK", [(None, "1")]),
    "name-empty": ("200 OK", [("", "1")]),
    "name-space": ("200 OK", [("X A", "1")]),
    "name-trailing-space": ("200 OK", [("X-A ", "1")]),
    "name-colon": ("200 OK", [("X-A:", "1")]),
    "name-crlf": ("200 OK", [("X-A\r\nX-Evil", "1")]),
    "name-lf": ("200 OK", [("X-A\n", "1")]),
    "name-nul": ("200 OK", [("X-\0A", "1")]),
    "name-latin1": ("200 OK", [("X-\xe9", "1")]),
    "name-status": ("200 OK", [("Status:", "200")]),
    "value-bytes": ("200 OK", [("X-A", b"1")]),
    "value-int": ("200 OK", [("X-A", 1)]),
    "value-none": ("200 OK", [("X-A", None)]),
    "value-list": ("200 OK", [("X-A", ["1"])]),
    "value-cr": ("200 OK", [("X-A", "1\r2")]),
    "value-lf": ("200 OK", [("X-A", "1\n2")]),
    "value-crlf": ("200 OK", [("X-A", "1\r\nX-Evil: 2")]),
    "value-fold": ("200 OK", [("X-A", "1\r\n 2")]),
    "value-nul": ("200 OK", [("X-A", "1\x002")]),
    "value-escape": ("200 OK", [("X-A", "\x1b[2J")]),
    "value-delete": ("200 OK", [("X-A", "\x7f")]),
    "value-trailing-lf": ("200 OK", [("X-A", "1\n")]),
    "value-not-latin1": ("200 OK", [("X-A", "\u20ac")]),
    "value-surrogate": ("200 OK", [("X-A", "\udce9")]),
    "connection": ("200 OK", [("Connection", "close")]),
    "connection-lower": ("200 OK", [("connection", "keep-alive")]),
    "keep-alive": ("200 OK", [("Keep-Alive", "timeout=5")]),
    "transfer-encoding": ("200 OK", [("Transfer-Encoding", "chunked")]),
    "transfer-encoding-case": ("200 OK", [("TRANSFER-ENCODING", "identity")]),
    "te": ("200 OK", [("TE", "trailers")]),
    "trailers": ("200 OK", [("Trailers", "X-A")]),
    "trailer": ("200 OK", [("Trailer", "X-A")]),
    "upgrade": ("200 OK", [("Upgrade", "websocket")]),
    "proxy-authenticate": ("200 OK", [("Proxy-Authenticate", "Basic")]),
    "proxy-authorization": ("200 OK", [("Proxy-Authorization", "Basic x")]),
    "two-lengths": ("200 OK", [("Content-Length", "6"), ("content-length", "7")]),
    "two-equal-lengths": ("200 OK", [("Content-Length", "6"), ("Content-Length", "6")]),
    "length-empty": ("200 OK", [("Content-Length", "")]),
    "length-plus": ("200 OK", [("Content-Length", "+6")]),
    "length-minus": ("200 OK", [("Content-Length", "-1")]),
    "length-space": ("200 OK", [("Content-Length", "6 ")]),
    "length-underscore": ("200 OK", [("Content-Length", "1_0")]),
    "length-hex": ("200 OK", [("Content-Length", "0x6")]),
    "length-list": ("200 OK", [("Content-Length", "6, 6")]),
    "length-fraction": ("200 OK", [("Content-Length", "6.0")]),
    "length-superscript": ("200 OK", [("Content-Length", "\xb2")]),
    "length-word": ("200 OK", [("Content-Length", "six")]),
    "length-huge": ("200 OK", [("Content-Length", "9" * 30)]),
    "length-int": ("200 OK", [("Content-Length", 6)]),
}


def wrong(environ, start_response):
    status, headers = _WRONG[environ["QUERY_STRING"]]
    start_response(status, headers)
    return [b"a body"]


def wrong_without_arguments(environ, start_response):
    start_response()
    return [b"a body"]


def third_argument_none(environ, start_response):
    start_response("200 OK", _PLAIN, None)
    return [b"a body"]


def never(environ, start_response):
    return [b"a body"]


def never_and_empty(environ, start_response):
    return []


def never_in_generator(environ, start_response):
    yield b"a body"


def in_generator(environ, start_response):
    start_response("201 Created", [("X-From", "generator")])
    yield b"a body"


def in_iterator(environ, start_response):
    class Iterator:
        def __init__(self):
            self._left = [b"a body"]

        def __iter__(self):
            start_response("201 Created", [("X-From", "__iter__")])
            return iter(self._left)

    return Iterator()


def in_next(environ, start_response):
    class Iterator:
        _count = 0

        def __iter__(self):
            return self

        def __next__(self):
            self._count += 1
            if self._count == 1:
                start_response("201 Created", [("X-From", "__next__")])
                return b"a body"
            raise StopIteration

    return Iterator()


def after_empty_chunk(environ, start_response):
    yield b""
    start_response("201 Created", [("X-From", "after the empty chunk")])
    yield b"a body"


def after_full_chunk(environ, start_response):
    yield b"too early"
    start_response("201 Created", [])
    yield b"a body"


def in_generator_without_body(environ, start_response):
    start_response("201 Created", [("X-From", "generator")])
    return
    yield


def twice(environ, start_response):
    start_response("200 OK", [("X-A", "1")])
    start_response("201 Created", [("X-A", "2")])
    return [b"a body"]


def twice_with_none(environ, start_response):
    start_response("200 OK", [("X-A", "1")])
    start_response("201 Created", [("X-A", "2")], None)
    return [b"a body"]


def twice_swallowed(environ, start_response):
    """The application takes the error of the second call: the first one counts."""
    start_response("200 OK", [("X-A", "1")])
    try:
        start_response("201 Created", [("X-A", "2")])
    except AssertionError:
        return [b"refused"]
    return [b"not refused"]


def twice_in_generator(environ, start_response):
    start_response("200 OK", [("X-A", "1")])
    yield b"first"
    start_response("201 Created", [("X-A", "2")])
    yield b"second"


def again(environ, start_response):
    """With exc_info before the head is out: the new head replaces the old one altogether."""
    start_response("200 OK", [("X-Old", "1"), ("Content-Length", "99"), ("Set-Cookie", "a=1")])
    try:
        raise KeyError("on purpose")
    except KeyError:
        start_response("503 Sorry", [("X-New", "2")], sys.exc_info())
    return [b"sorry"]


def again_first(environ, start_response):
    """exc_info in the first call."""
    try:
        raise KeyError("on purpose")
    except KeyError:
        start_response("503 Sorry", [("X-New", "2")], sys.exc_info())
    return [b"sorry"]


def again_thrice(environ, start_response):
    for status in ("500 One", "501 Two", "502 Three"):
        try:
            raise KeyError(status)
        except KeyError:
            start_response(status, [("X-Status", status)], sys.exc_info())
    return [b"sorry"]


def again_after_empty_chunk(environ, start_response):
    """An empty chunk sends no head, so it can still be replaced."""
    start_response("200 OK", [("X-Old", "1")])
    yield b""
    try:
        raise KeyError("on purpose")
    except KeyError:
        start_response("503 Sorry", [("X-New", "2")], sys.exc_info())
    yield b"sorry"


def again_after_empty_write(environ, start_response):
    write = start_response("200 OK", [("X-Old", "1")])
    write(b"")
    try:
        raise KeyError("on purpose")
    except KeyError:
        start_response("503 Sorry", [("X-New", "2")], sys.exc_info())
    return [b"sorry"]


def again_after_head(environ, start_response):
    """The head is out: start_response raises what exc_info holds."""
    start_response("200 OK", [("X-Old", "1")])
    yield b"first"
    try:
        raise KeyError("the error of the application")
    except KeyError:
        start_response("503 Sorry", [("X-New", "2")], sys.exc_info())
    yield b"never"


def again_after_write(environ, start_response):
    write = start_response("200 OK", [("X-Old", "1")])
    write(b"first")
    try:
        raise KeyError("the error of the application")
    except KeyError:
        start_response("503 Sorry", [("X-New", "2")], sys.exc_info())
    return [b"never"]


def again_after_head_is_the_same(environ, start_response):
    """What is raised is the very error, with its traceback."""
    start_response("200 OK", [])
    yield b"first,"
    try:
        _raise_deep()
    except KeyError as error:
        try:
            start_response("503 Sorry", [], sys.exc_info())
        except KeyError as raised:
            frames = []
            at = raised.__traceback__
            while at is not None:
                frames.append(at.tb_frame.f_code.co_name)
                at = at.tb_next
            yield b"same," if raised is error else b"another,"
            yield b"deep" if "_raise_deep" in frames else b"shallow"


def _raise_deep():
    raise KeyError("deep")


def again_without_error(environ, start_response):
    """sys.exc_info() where nothing is wrong: three times None, before the head."""
    start_response("200 OK", [("X-Old", "1")])
    start_response("202 Accepted", [("X-New", "2")], (None, None, None))
    return [b"a body"]


def again_wrong(environ, start_response):
    """The replacement is refused, the application goes on with what it had."""
    start_response("200 OK", [("X-Old", "1")])
    try:
        raise KeyError("on purpose")
    except KeyError:
        try:
            start_response("503 Sorry", [("X-New", "a\r\nb")], sys.exc_info())
        except ValueError:
            return [b"the old one"]
    return [b"not refused"]


def wrong_then_right(environ, start_response):
    """A refused call is no call."""
    try:
        start_response("200 OK", [("X-Bad", "a\nb")])
    except ValueError:
        start_response("200 OK", [("X-Good", "1")])
    return [b"a body"]


def changed_afterwards(environ, start_response):
    headers = [("X-A", "1")]
    start_response("200 OK", headers)
    headers.append(("X-B", "2"))
    headers[0] = ("X-A", "changed")
    environ["REQUEST_METHOD"] = "HEAD"
    return [b"a body"]


def list_untouched(environ, start_response):
    """The server adds its own fields, but not to the application's list."""
    headers = [("X-A", "1")]
    start_response("200 OK", headers)
    yield b"x"
    yield repr(headers).encode()


def returns_write(environ, start_response):
    write = start_response("200 OK", [])
    return [b"callable" if callable(write) else b"not callable"]


class _Text(str):
    pass


class _Pairs(list):
    pass


def subclasses(environ, start_response):
    """As frameworks give them: text that is marked as safe, a list with methods of its own."""
    start_response(_Text("200 OK"), _Pairs([(_Text("X-A"), _Text("1"))]))
    return [b"a body"]
