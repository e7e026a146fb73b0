"""Bodies: what an application may return or write, close(), and lengths that are kept or not."""

import itertools
import os
import threading
import time

import record
from wsgi_cases_support import Watched, query, raising

_PATIENCE_SECONDS = 20
_late = []


def _start(start_response, *headers):
    return start_response("200 OK", list(headers))


def _simple(make):
    """A case that only differs in what it returns."""

    def case(environ, start_response):
        _start(start_response)
        return make()

    return case


class _Bytes(bytes):
    pass


class _GetItem:
    """The old protocol of iteration."""

    def __getitem__(self, index):
        return [b"old ", b"protocol"][index]


class _Sized:
    def __init__(self, length, chunks):
        self._length = length
        self._chunks = chunks

    def __len__(self):
        if self._length is None:
            raise RuntimeError("no length of this")
        return self._length

    def __iter__(self):
        return iter(self._chunks)


class _Self:
    """iter() gives another object than the one that has close()."""

    def __iter__(self):
        return iter([b"from ", b"another"])

    def close(self):
        record.note("self: close")


def _noting():
    yield b"a body"
    record.note("sized: asked to its end")


list_one = _simple(lambda: [b"a body"])
list_many = _simple(lambda: [b"a", b" ", b"body"])
list_empty = _simple(list)
list_of_empty = _simple(lambda: [b"", b"", b""])
list_empty_between = _simple(lambda: [b"", b"a", b"", b"b", b""])
tuple_one = _simple(lambda: (b"a body",))
tuple_many = _simple(lambda: (b"a ", b"body"))
tuple_empty = _simple(tuple)
generator = _simple(lambda: (chunk for chunk in (b"a ", b"body")))
generator_empty = _simple(lambda: iter(()))
generator_of_empty = _simple(lambda: (chunk for chunk in (b"", b"")))
set_one = _simple(lambda: {b"a body"})
dict_keys = _simple(lambda: {b"a body": 1})
old_protocol = _simple(_GetItem)
sized_one = _simple(lambda: _Sized(1, [b"a body"]))
sized_two = _simple(lambda: _Sized(2, [b"a ", b"body"]))
sized_zero_lie = _simple(lambda: _Sized(0, [b"a ", b"body"]))
sized_more_lie = _simple(lambda: _Sized(5, [b"a ", b"body"]))
sized_one_of_none = _simple(lambda: _Sized(1, []))
sized_one_lie = _simple(lambda: _Sized(1, [b"a body", b", and more", b" of it"]))
sized_one_noting = _simple(lambda: _Sized(1, _noting()))
sized_raises = _simple(lambda: _Sized(None, [b"a ", b"body"]))
bytes_subclass = _simple(lambda: [_Bytes(b"a body")])
bytes_empty = _simple(lambda: b"")
bytes_direct = _simple(lambda: b"a body")
text_direct = _simple(lambda: "a body")
text_chunk = _simple(lambda: ["a body"])
text_second_chunk = _simple(lambda: [b"a ", "body"])
none_returned = _simple(lambda: None)
int_returned = _simple(lambda: 42)
object_returned = _simple(object)
none_chunk = _simple(lambda: [None])
int_chunk = _simple(lambda: [7])
bytearray_chunk = _simple(lambda: [bytearray(b"a body")])
memoryview_chunk = _simple(lambda: [memoryview(b"a body")])
map_returned = _simple(lambda: map(bytes, [b"a ", b"body"]))
chain_returned = _simple(lambda: itertools.chain([b"a "], [b"body"]))
binary = _simple(lambda: [bytes(range(256)) * 4])
megabytes = _simple(lambda: [b"x" * (3 << 20)])
many_chunks = _simple(lambda: (b"%d," % number for number in range(5000)))
another_iterator = _simple(_Self)


def text_after_bytes(environ, start_response):
    _start(start_response)
    yield b"first"
    yield "second"


class as_class:
    """PEP 3333's own example of an application: a class."""

    def __init__(self, environ, start_response):
        self._start = start_response

    def __iter__(self):
        _start(self._start)
        yield b"a class"


# Chunk by chunk


def gated(environ, start_response):
    """Each chunk only after the client has said, by a gate, that it holds the one before."""
    name = query(environ)["name"]
    _start(start_response)
    for number in range(3):
        if number > 0:
            record.wait_for_gate(f"{name}-{number}")
        yield b"chunk %d," % number


def gated_length(environ, start_response):
    name = query(environ)["name"]
    _start(start_response, ("Content-Length", "10"))
    yield b"12345"
    record.wait_for_gate(f"{name}-1")
    yield b"67890"


def gated_write(environ, start_response):
    """write() returns when its data is on the way to the client."""
    name = query(environ)["name"]
    write = _start(start_response)
    write(b"written,")
    record.wait_for_gate(f"{name}-1")
    write(b"again,")
    record.wait_for_gate(f"{name}-2")
    return [b"returned"]


def gated_empty(environ, start_response):
    """No byte before the first chunk that is not empty."""
    name = query(environ)["name"]
    _start(start_response)
    yield b""
    record.note(f"{name}: one empty chunk")
    record.wait_for_gate(f"{name}-1")
    yield b""
    yield b"full"


# write()


def write_only(environ, start_response):
    write = _start(start_response)
    write(b"a ")
    write(b"body")
    return []


def write_then_list(environ, start_response):
    write = _start(start_response)
    write(b"written ")
    return [b"and ", b"returned"]


def write_then_one(environ, start_response):
    write = _start(start_response)
    write(b"written ")
    return [b"and returned"]


def write_then_generator(environ, start_response):
    write = _start(start_response)
    write(b"written ")
    return (chunk for chunk in (b"and ", b"generated"))


def write_in_generator(environ, start_response):
    write = _start(start_response)
    yield b"yielded,"
    write(b"written,")
    yield b"yielded"


def write_empty(environ, start_response):
    write = _start(start_response)
    write(b"")
    return [b"a body"]


def write_empty_only(environ, start_response):
    write = _start(start_response)
    write(b"")
    return []


def write_length(environ, start_response):
    write = _start(start_response, ("Content-Length", "6"))
    write(b"a ")
    write(b"body")
    return []


def write_too_long(environ, start_response):
    write = _start(start_response, ("Content-Length", "4"))
    write(b"a body")
    write(b"more")
    return [b"still more"]


def write_too_short(environ, start_response):
    write = _start(start_response, ("Content-Length", "9"))
    write(b"a body")
    return []


def write_text(environ, start_response):
    _start(start_response)("a body")
    return []


def write_none(environ, start_response):
    _start(start_response)(None)
    return []


def write_int(environ, start_response):
    _start(start_response)(7)
    return []


def write_and_none(environ, start_response):
    """The body is written, but an iterable is due nevertheless."""
    _start(start_response)(b"a body")
    return None


def write_text_swallowed(environ, start_response):
    write = _start(start_response)
    try:
        write("text")
    except TypeError:
        return [b"refused"]
    return [b"not refused"]


def write_keep(environ, start_response):
    """Keeps write() and start_response for later."""
    _late[:] = [_start(start_response), start_response]
    return [b"kept"]


def write_keep_in_generator(environ, start_response):
    _late[:] = [_start(start_response), start_response]
    yield b"kept"


def write_late(environ, start_response):
    """Uses what an earlier request left: nothing of it may show anywhere."""
    outcomes = []
    for call in (
        lambda: _late[0](b"late"),
        lambda: _late[1]("500 Late", [("X-Late", "1")]),
        lambda: _late[1]("500 Late", [("X-Late", "1")], (ValueError, ValueError("late"), None)),
        lambda: _late[0](b"later"),
    ):
        try:
            call()
            outcomes.append("nothing")
        except Exception as error:
            outcomes.append(type(error).__name__)
    return record.answer(start_response, ",".join(outcomes))


# Lengths


def length(environ, start_response):
    """Says `say`, gives `give`, as `kind`."""
    asked = query(environ)
    _start(start_response, ("Content-Length", asked["say"]))
    data = b"0123456789"[: int(asked["give"])]
    kind = asked["kind"]
    if kind == "list":
        return [data]
    if kind == "pieces":
        return [data[at : at + 1] for at in range(len(data))]
    return Watched(asked["name"], [data[at : at + 2] for at in range(0, len(data), 2)])


def length_then_raise(environ, start_response):
    """The body is whole when the error comes."""
    _start(start_response, ("Content-Length", "6"))
    yield b"a body"
    raise RuntimeError("on purpose, behind a whole body")


def endless(environ, start_response):
    """More than was said, without an end: the server stops asking."""
    _start(start_response, ("Content-Length", "5"))
    try:
        for _ in range(10_000_000):
            yield b"xx"
    finally:
        record.note("endless: closed")


# close()


def closed(environ, start_response):
    """`kind` says how the request ends, `name` how it is noted."""
    asked = query(environ)
    name = asked["name"]
    kind = asked["kind"]
    if kind == "no-start":
        return Watched(name, [b"a body"])
    if kind == "length":
        _start(start_response, ("Content-Length", "6"))
    elif kind == "204":
        start_response("204 No Content", [])
    elif kind == "304":
        start_response("304 Not Modified", [])
    else:
        _start(start_response)
    chunks = {
        "whole": [b"a ", b"body"],
        "empty": [],
        "length": [b"a body", b" and more"],
        "raises-first": raising(RuntimeError("on purpose, first")),
        "raises-later": raising(RuntimeError("on purpose, later"), [b"first"]),
        "exits": raising(SystemExit(1), [b"first"]),
        "text": [b"first", "text"],
    }
    return Watched(name, chunks.get(kind, [b"a ", b"body"]))


def closed_without_iterator(environ, start_response):
    """An object that cannot be iterated, but closed."""
    _start(start_response)
    return _OnlyClose()


class _OnlyClose:
    def close(self):
        record.note("only close: close")


def close_raises(environ, start_response):
    _start(start_response)
    return _RaisingClose(RuntimeError("on purpose, in close"))


def close_raises_before_head(environ, start_response):
    """An error, and another one when the iterable is closed."""
    _start(start_response)
    return _RaisingClose(
        RuntimeError("on purpose, in close"), raising(RuntimeError("on purpose, in iteration"))
    )


def close_exits(environ, start_response):
    _start(start_response)
    return _RaisingClose(SystemExit(3))


class _RaisingClose:
    def __init__(self, error, chunks=(b"a ", b"body")):
        self._error = error
        self._chunks = chunks

    def __iter__(self):
        return iter(self._chunks)

    def close(self):
        raise self._error


def close_not_callable(environ, start_response):
    class Strange(list):
        close = "not to be called"

    _start(start_response)
    return Strange([b"a body"])


def close_gated(environ, start_response):
    """The body is whole; close() waits until the client, which has it, opens the gate."""
    asked = query(environ)
    headers = [("Content-Length", "6")] if asked["kind"] == "length" else []
    _start(start_response, *headers)
    if asked["kind"] == "sized":
        return _SizedGatedClose(asked["name"], [b"a body"])
    return _GatedClose(asked["name"], [b"a ", b"body"])


def close_gated_error(environ, start_response):
    start_response("200 OK", [])
    chunks = raising(RuntimeError("on purpose, before a close() that waits"))
    return _GatedClose(query(environ)["name"], chunks)


class _GatedClose:
    def __init__(self, name, chunks):
        self._name = name
        self._chunks = chunks

    def __iter__(self):
        return iter(self._chunks)

    def close(self):
        record.wait_for_gate(self._name)
        record.note(f"{self._name}: close")


class _SizedGatedClose(_GatedClose):
    def __len__(self):
        return len(self._chunks)


def gone(environ, start_response):
    """Sends something, waits until its client has gone, and goes on: the server ends that."""
    name = query(environ)["name"]
    _start(start_response)
    try:
        yield b"first"
        _until(environ["rickhouse.client_disconnected"])
        for _ in _for_long():
            yield b"nobody reads this"
        record.note(f"{name}: nobody ended this")
    finally:
        record.note(f"{name}: closed")


def gone_write(environ, start_response):
    name = query(environ)["name"]
    write = _start(start_response)
    try:
        write(b"first")
        _until(environ["rickhouse.client_disconnected"])
        for _ in _for_long():
            write(b"nobody reads this")
        record.note(f"{name}: nobody ended this")
    except OSError as error:
        assert isinstance(error, ConnectionError)
        record.note(f"{name}: write() raised")
        raise
    return []


def _for_long():
    """Far longer than a server needs to find out that nobody reads."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end:
        yield
        time.sleep(0.001)


def _until(condition):
    end = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the client is still there")
        time.sleep(0.005)


# Status without a body, HEAD


def status(environ, start_response):
    asked = query(environ)
    headers = [("Content-Length", asked["say"])] if "say" in asked else []
    write = start_response(asked["line"].replace("+", " "), headers)
    kind = asked.get("kind", "list")
    if kind == "list":
        return [b"a body"]
    if kind == "write":
        write(b"a body")
        return [b"and more"]
    return Watched(asked["name"], [b"a ", b"body"])


def head_write(environ, start_response):
    write = _start(start_response, ("Content-Length", "6"))
    write(b"a body")
    return []


def head_generator(environ, start_response):
    """start_response comes with the first chunk, so that one must be asked for."""
    record.note("head generator: asked")
    start_response("203 Somewhat", [("X-Late", "1")])
    try:
        yield b"a "
        record.note("head generator: asked again")
        yield b"body"
    finally:
        record.note("head generator: closed")


def head_raises(environ, start_response):
    raise RuntimeError("on purpose, for HEAD")


# Others


def threads(environ, start_response):
    """Threads of the application write to standard output and error, which are nobody else's."""
    _start(start_response)
    print("a line of the application on stdout", flush=True)
    workers = [
        threading.Thread(target=os.write, args=(1, b"line %d of a thread\n" % number))
        for number in range(4)
    ]
    for worker in workers:
        worker.start()
    yield b"a "
    for worker in workers:
        worker.join()
    yield b"body"


def write_from_thread(environ, start_response):
    """A generator whose write() is called in another thread, which it waits for."""
    write = _start(start_response)
    worker = threading.Thread(target=write, args=(b"from a thread,",))
    worker.start()
    worker.join()
    return [b"from the application"]
