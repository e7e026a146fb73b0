"""Runs one WSGI application in this process and records what it makes the worker send."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any
from unittest import mock

from rickhouse import log, wire
from rickhouse.inbox import ChannelLost
from rickhouse.wsgi import Gateway, base_environ
from support import Exchanged, environ_of

TEXT = [("Content-Type", "text/plain")]
NO_BODIES = memoryview(b"")


class RecordedSlots:
    """As many as are free; a front that is told of one reads it when `frees`, and frees it."""

    def __init__(self, free: int, frees: bool = True) -> None:
        self.free = free
        self.pieces: list[bytes] = []
        self._frees = frees

    def put(self, piece: bytes | memoryview) -> bytes | None:
        if self.free == 0:
            return None
        self.free -= 1
        self.pieces.append(bytes(piece))
        return len(self.pieces).to_bytes(wire.PLACE_BYTES, "little")

    def told(self, message: wire.Message) -> wire.Message:
        """The message with its piece in place of the place, and without the flag."""
        if not isinstance(message, (wire.Answer, wire.Body)):
            return message
        if not message.flags & wire.BODY_MEMORY:
            return message
        self.free += self._frees
        piece = self.pieces[int.from_bytes(message.body, "little") - 1]
        return message._replace(body=piece)


class RecordingChannel:
    """Takes frames where a Channel would send them. `events` can be shared with the application."""

    def __init__(self, events: list[Any]) -> None:
        self.events = events
        self.exchanged = Exchanged()
        self.gone: set[int] = set()
        self.stopped: set[int] = set()
        self.is_lost = False
        self.was_abandoned = False
        self.writing = threading.RLock()
        self.written = 0
        # A further request is at hand: the last frame of an answer may wait.
        self.is_window = False
        # What is at hand will not run here.
        self.is_withdrawn = False
        self._posted = b""
        # None: pieces of answers go by socket.
        self.slots: RecordedSlots | None = None

    def interrupt(self) -> None:
        self.is_lost = True

    @property
    def position(self) -> int:
        return len(self.events)

    def put(self, piece: bytes | memoryview) -> bytes | None:
        return None if self.slots is None else self.slots.put(piece)

    @property
    def has_free_slot(self) -> bool:
        return self.slots is not None and self.slots.free > 0

    def send(self, start: bytes, body: bytes | memoryview = b"") -> None:
        if self.is_lost:
            raise ChannelLost("lost")
        data, self._posted = self._posted + start + body, b""
        while data:
            decoded = wire.decode_from_worker(data)
            assert decoded is not None, f"half a frame in one write: {data!r}"
            message, length = decoded
            data = data[length:]
            if self.slots is not None:
                message = self.slots.told(message)
            self.exchanged.take(message)
            self.events.append(message)

    def post(self, frame: bytes, now_ns: int) -> None:
        self._posted += frame
        if not self.is_window:
            self.flush()

    def post_prepared(
        self, prepared: wire.PreparedAnswer, number: int, run_ns: int, body: bytes, now_ns: int
    ) -> None:
        size, pack_into, start, middle, head = prepared
        frame = bytearray(size)
        pack_into(frame, 0, start, number, middle, run_ns, head, body)
        self.post(bytes(frame), now_ns)

    def post_unended(
        self, prepared: wire.PreparedAnswer, number: int, body: bytes, began_ns: int
    ) -> None:
        self.post_prepared(prepared, number, 0, body, began_ns)
        if not self.has_next(number):
            self.flush()

    def post_end(self, start: bytes, number: int, run_ns: int, now_ns: int) -> None:
        frame = bytearray(wire.PREPARED_END.size)
        wire.PREPARED_END.pack_into(frame, 0, start, number, run_ns)
        self.post(bytes(frame), now_ns)

    def has_next(self, number: int) -> bool:
        return self.is_window and not self.is_withdrawn

    def flush(self) -> None:
        self.send(b"")

    def is_gone(self, number: int) -> bool:
        return number in self.gone

    def is_stopped(self, number: int) -> bool:
        return number in self.stopped


class Run:
    """One request to `application`, its frames and what was logged."""

    NUMBER = 7

    def __init__(
        self,
        application: Any,
        method: str = "GET",
        path: str = "/",
        *,
        body: bytes = b"",
        flags: int = 0,
        events: list[Any] | None = None,
        channel: RecordingChannel | None = None,
        bodies: memoryview = NO_BODIES,
        **environ: Any,
    ) -> None:
        self.channel = channel or RecordingChannel([] if events is None else events)
        self.environ = environ_of(method, path, **environ)
        flags |= wire.REQUEST_HEAD if method == "HEAD" else 0
        self.environ.update(base_environ("1.2.3", False, True))
        gateway = Gateway(application, self.channel, bodies=bodies)  # type: ignore[arg-type]
        with recorded_log() as self.log:
            gateway.run((self.NUMBER, flags, self.environ, memoryview(body) if body else body))
            if not self.channel.is_lost:
                self.channel.flush()
        exchanged = self.channel.exchanged
        self.status = exchanged.status
        self.lines = exchanged.lines
        self.body = exchanged.body
        self.pieces = exchanged.pieces
        self.is_broken = exchanged.is_broken
        self.is_over = exchanged.is_over
        self.content_length = exchanged.content_length
        self.has_length = bool(exchanged.flags & wire.ANSWER_LENGTH)

    @property
    def frames(self) -> list[Any]:
        return [event for event in self.channel.events if hasattr(event, "number")]

    @property
    def logged(self) -> str:
        return "\n".join(self.log)


class Closable:
    """An iterable whose close() is counted."""

    def __init__(self, chunks: Any, on_close: Any = None) -> None:
        self._chunks = iter(chunks)
        self._on_close = on_close
        self.closed = 0
        self.asked = 0

    def __iter__(self) -> Closable:
        return self

    def __next__(self) -> bytes:
        self.asked += 1
        return bytes(next(self._chunks))

    def close(self) -> None:
        self.closed += 1
        if self._on_close:
            self._on_close()


def answering(iterable: Any, status: str = "200 OK", headers: Any = None) -> Any:
    def application(environ: Any, start_response: Any) -> Any:
        start_response(status, TEXT if headers is None else headers)
        return iterable

    return application


@contextlib.contextmanager
def recorded_log() -> Iterator[list[str]]:
    lines: list[str] = []
    with mock.patch.object(log, "report", lambda role, text: lines.append(text)):
        yield lines
