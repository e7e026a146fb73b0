"""Standard output and standard error as streams to the front, which logs each line as JSON.

Only where the front asks for it (`--log-format json`); docs/protocol.md section 5. What Python code
prints while a request runs goes out as a piece that carries the request's id. What C code and
other programs write to the descriptors goes the same way without one. Where a file holds a plain
log (`--log FILE`), only our own reports go to the front.
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
from threading import get_ident, local
from typing import Any, Callable, TypeVar

from .process import SEND_FLAGS, OwnSocket, identity

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
# Where reports alone go; None: with the streams, or to descriptor 2.
_reports: _Reports | None = None


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
        connected = [_connected(path, worker, name, mark) for name in _STREAMS.values()]
    except OSError:
        return
    if _mark is None:
        for number in _STREAMS:
            _replace_stream(number)
    for number, stream in zip(_STREAMS, connected):
        os.dup2(stream.fileno(), number)
        stream.close()
    _mark = b"\0" + mark.encode()


def report_to(path: str | None, worker: int) -> None:
    """Reports of this process go to `path` from now on, and nothing else does."""
    global _reports
    if path is not None:
        _reports = _Reports(path, worker)


def _connected(
    path: str, worker: int, name: str, mark: str, seconds: float | None = None
) -> socket.socket:
    stream = OwnSocket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.settimeout(seconds)  # The application may have set another default.
    try:
        stream.connect(path)
        hello = {
            "pid": os.getpid(),
            "worker": worker,
            "stream": name,
            "mark": mark,
        }
        stream.sendall(json.dumps(hello).encode() + b"\n", SEND_FLAGS)
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
        return _reports is not None and _reports.send(data)
    flush()
    with contextlib.suppress(OSError):  # Nowhere is left to say it.
        _write_all(2, _piece(_mark, b"r", data))
    return True


# A log that takes nothing must not hold up a request, nor the zygote.
_SECONDS = 1.0


class _Reports(local):
    """A stream of each thread that has something to report, of each process: most never have.

    Each makes its own, with its first report: none cuts into what another one sends.
    """

    def __init__(self, path: str, worker: int) -> None:
        self._place = path, worker
        self._stream: socket.socket | None = None
        self._is_sending = False
        # Who has made it, and what it was then.
        self._pid = 0
        self._identity: tuple[int, int] | None = None
        self._mark = b""

    def send(self, data: bytes) -> bool:
        """False when nobody can be told, nor by a signal handler in the midst of telling."""
        if self._is_sending:
            return False
        self._is_sending = True
        try:
            stream = self._own_stream()
            stream.sendall(_piece(self._mark, b"r", data), SEND_FLAGS)
        except OSError:
            self._stream = None
            return False
        finally:
            self._is_sending = False
        return True

    def _own_stream(self) -> socket.socket:
        pid, stream = os.getpid(), self._stream
        if stream is not None:
            is_intact = identity(stream.fileno()) == self._identity
            if is_intact and self._pid == pid:
                return stream
            if not is_intact:  # The application has closed it: the number is its own by now.
                stream.detach()
        path, worker = self._place
        mark = os.urandom(16).hex()
        self._stream = stream = _connected(path, worker, "reports", mark, _SECONDS)
        self._pid, self._identity = pid, identity(stream.fileno())
        self._mark = b"\0" + mark.encode()
        return stream


def _piece(mark: bytes, kind: bytes, data: bytes | memoryview) -> bytes:
    request_id = _NO_ID
    if _environ is not None and get_ident() == _thread:
        request_id = request_id_of(_environ) or _NO_ID
    head = b"%b %b %b %d\n" % (mark, request_id.encode(), kind, len(data))
    return head + bytes(data)


def request_id_of(environ: dict[str, Any]) -> str:
    """Empty where there is none: the application may have put anything in its place."""
    request_id = environ.get("HTTP_X_REQUEST_ID")
    if type(request_id) is str and _REQUEST_ID.fullmatch(request_id):
        return request_id
    return ""


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
        _write_all(self._number, _piece(_mark or b"", b"t", view))
        return len(view)
