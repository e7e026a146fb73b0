"""Standard output and standard error as streams to the front, which logs each line as JSON.

Only where the front asks for it (`--log-format json`); docs/protocol.md section 5. What Python code
prints while a request runs goes out as a piece that carries the request's id. What C code and
other programs write to the descriptors goes the same way without one.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import socket
import sys
from select import POLLOUT, poll  # As they are now: see inbox.py.
from threading import get_ident
from typing import Any, Callable, TypeVar

from .process import OwnSocket

# A tuple whose third item is the environ (inbox.py).
_Request = TypeVar("_Request", bound=tuple[Any, ...])

_STREAMS = {1: "stdout", 2: "stderr"}
# A piece is one write, and what other programs write may come between two.
_PIECE_BYTES = 16 * 1024
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")
_NO_ID = "-"

# What stands before each piece; None: the descriptors are those that the front has inherited.
_mark: bytes | None = None
# Of the request that runs, and the thread that runs it.
_environ: dict[str, Any] | None = None
_thread = 0


def connect(path: str | None, worker: int) -> None:
    """Descriptors 1 and 2 of this process, and of all that it starts. `worker` 0 is the zygote.

    When that fails they stay what they are: what is printed is more than where it came from.
    """
    global _mark
    if path is None:
        return
    mark = os.urandom(16).hex()
    flush()
    try:
        connected = [_connected(path, worker, number, mark) for number in _STREAMS]
    except OSError:
        return
    if _mark is None:
        for number in _STREAMS:
            _replace_stream(number)
    for number, stream in zip(_STREAMS, connected):
        os.dup2(stream.fileno(), number)
        stream.close()
    _mark = b"\0" + mark.encode()


def _connected(path: str, worker: int, number: int, mark: str) -> socket.socket:
    stream = OwnSocket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.settimeout(None)  # The application may have set another default.
    try:
        stream.connect(path)
        hello = {
            "pid": os.getpid(),
            "worker": worker,
            "stream": _STREAMS[number],
            "mark": mark,
        }
        stream.sendall(json.dumps(hello).encode() + b"\n")
    except OSError:
        stream.close()
        raise
    return stream


def flush() -> None:
    _flush(sys.stdout)
    _flush(sys.stderr)
    # What stands in their place may keep it to itself.
    if sys.__stdout__ is not sys.stdout:
        _flush(sys.__stdout__)
    if sys.__stderr__ is not sys.stderr:
        _flush(sys.__stderr__)


def _flush(stream: Any) -> None:
    with contextlib.suppress(Exception):  # Closed or replaced by the application.
        stream.flush()


def keep_errors_open() -> None:
    """close() of standard error only flushes: as wsgi.errors it belongs to all requests."""
    errors = sys.__stderr__
    if errors is not None:
        errors.close = errors.flush  # type: ignore[method-assign]


def _replace_stream(number: int) -> None:
    """Before the import: what the application keeps of them (in a logging handler) is ours."""
    name = _STREAMS[number]
    old = getattr(sys, name)
    new = io.TextIOWrapper(
        io.BufferedWriter(_TaggedStream(number)),
        encoding=getattr(old, "encoding", None) or "utf-8",
        errors=getattr(old, "errors", None) or "backslashreplace",
        line_buffering=True,
    )
    setattr(sys, name, new)
    setattr(sys, f"__{name}__", new)


def tagged(run: Callable[[_Request], None]) -> Callable[[_Request], None]:
    """`run`, so that what its thread prints carries the id of the request; `run` where none may."""
    if _mark is None:
        return run

    def run_tagged(request: _Request) -> None:
        global _environ, _thread
        _environ, _thread = request[2], get_ident()
        try:
            run(request)
        finally:
            # What it has printed without an end of the line is still its own.
            flush()
            _environ = None

    return run_tagged


def report(text: str) -> bool:
    """A text of our own, as one message. False where there is nobody to tell it so."""
    data = text.rstrip().encode("utf-8", "backslashreplace")
    if _mark is None:
        return False
    flush()
    with contextlib.suppress(OSError):  # Nowhere is left to say it.
        _write_all(2, _piece(b"r", data))
    return True


def _piece(kind: bytes, data: bytes | memoryview) -> bytes:
    head = b"%b %b %b %d\n" % (_mark or b"", _request_id().encode(), kind, len(data))
    return head + bytes(data)


def _request_id() -> str:
    if _environ is None or get_ident() != _thread:
        return _NO_ID
    request_id = _environ.get("HTTP_X_REQUEST_ID")
    # The application may have put anything in its place.
    if type(request_id) is str and _REQUEST_ID.fullmatch(request_id):
        return request_id
    return _NO_ID


def _write_all(number: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(number, view) :]
        except BlockingIOError:  # The application has made it so (asyncio's connect_write_pipe).
            writable = poll()
            writable.register(number, POLLOUT)
            writable.poll()


class _TaggedStream(io.RawIOBase):
    def __init__(self, number: int) -> None:
        self._number = number
        self.name = f"<{_STREAMS[number]}>"
        self.mode = "w"

    def fileno(self) -> int:
        return self._number

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")[:_PIECE_BYTES]
        if _environ is None or get_ident() != _thread:
            return os.write(self._number, view)
        _write_all(self._number, _piece(b"t", view))
        return len(view)
