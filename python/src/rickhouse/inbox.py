"""What comes from the front, in the channel of one worker thread (docs/protocol.md section 1).

Knows nothing of WSGI. Hot: `next_request` runs once per request.
"""

from __future__ import annotations

import marshal
import socket
import threading
from select import POLLIN, poll  # As they are now: gevent and eventlet put others in their place.
from typing import Any

from .departure import Departing, Departure
from .ledger import WITHDRAWN_TO
from .shapes import Shape, Shapes
from .wire import (
    GONE,
    GONE_STOP,
    HEADER,
    HEADER_BYTES,
    MAX_PAYLOAD_BYTES,
    REQUEST,
    REQUEST_VALUES_START,
)

# A window is at most 256 KiB (docs/protocol.md); a single larger request gets a buffer of its own.
_BUFFER_BYTES = 256 * 1024
# Where the type stands in a frame.
KIND_AT = 4

_REQUEST_START_BYTES = REQUEST_VALUES_START.size
# Where the length of the values stands: what is counted as the environ begins there.
_ENVIRON_AT = _REQUEST_START_BYTES - 4
_request_start = REQUEST_VALUES_START.unpack_from
_header = HEADER.unpack_from
_loads = marshal.loads


class ChannelLost(Exception):
    """The front has closed the channel, or spoke in a way that this version does not know."""


# Number, flags, environ, and the body: a view of the channel's buffer, valid until the channel is
# read again, or empty bytes. A plain tuple: one is made for each request.
Request = tuple[int, int, dict[str, Any], "memoryview | bytes"]


class Inbox:
    """The receiving half of a Channel."""

    def __init__(
        self,
        connected: socket.socket,
        departure: Departure,
        cell: memoryview,
        base: dict[str, Any],
    ) -> None:
        """`cell`: this thread's (docs/protocol.md). `base`: in every environ besides the rest."""
        self._socket = connected
        self._departure = departure
        self._cell = cell
        self._shapes = Shapes(base)
        self._known_shapes = self._shapes.known
        # Of the request before: the next one often has the same, and need not hash its bytes.
        self._last_shape: bytes | None = None
        self._last: Shape = ({}, ())
        self._readable = poll()
        self._readable.register(connected, POLLIN)
        # Unread bytes are view[start:end].
        self._start = self._end = 0
        self._replace_buffer(_BUFFER_BYTES, b"")
        # Bytes before this offset were searched for GONE.
        self._scanned = 0
        # Requests whose client has sent FIN, and whose client is gone for good.
        self._gone: set[int] = set()
        self._stopped: set[int] = set()
        self._is_ended = False
        # The thread that serves this channel: only that one may read it.
        self.owner = threading.get_ident()

    def flush(self, frame: bytes = b"") -> None:
        """Before it waits: what was to be sent is sent."""
        raise NotImplementedError

    def interrupt(self) -> None:
        """An exception came while it read: nobody knows how much."""
        raise NotImplementedError

    def next_request(self) -> Request | None:
        """Waits for a request; None when the front has ended its side or the worker is to leave.

        Raises ChannelLost.
        """
        while True:
            start = self._start
            needed = HEADER_BYTES
            if start + needed <= self._end:
                # The lengths of a frame that has none are read from the slack of the buffer and
                # mean nothing.
                length, kind, flags, number, environ_length, values_length = _request_start(
                    self._buffer, start
                )
                needed += length
                end = start + needed
                if end <= self._end:
                    self._start = end
                    if kind == REQUEST:
                        if self._gone:
                            self._forget_gone(number)
                        body_start = start + _ENVIRON_AT + environ_length
                        view = self._view
                        # One copy of both parts: `marshal` takes no notice of what follows.
                        data = view[start + _REQUEST_START_BYTES : body_start].tobytes()
                        shape = data[values_length:]
                        if shape != self._last_shape:
                            self._last = self._known_shapes.get(shape) or self._shapes.learn(shape)
                            self._last_shape = shape
                        template, keys = self._last
                        environ = template.copy()
                        environ |= zip(keys, _loads(data))
                        body = view[body_start:end] if end > body_start else b""
                        return number, flags, environ, body
                    if kind == GONE:
                        continue  # Behind its REQUEST, so that one is over.
                    raise ChannelLost(f"frame of type {kind}")
                if length > MAX_PAYLOAD_BYTES:
                    raise ChannelLost(f"frame of {length} bytes")
            self.flush()
            if self._is_ended:
                return None
            self._make_room(needed)
            try:
                if not self._wait():
                    return None
            except Departing:
                return None
            except OSError as error:
                raise ChannelLost(str(error)) from None

    def _wait(self) -> bool:
        # The handler of SIGTERM raises Departing if it runs in this frame. A signal between the
        # last look of the interpreter and the system call is not heard here: the zygote repeats it.
        if self._departure.is_requested:
            return False
        count = self._socket.recv_into(self._view[self._end :])
        self._end += count
        return count > 0

    def is_gone(self, number: int) -> bool:
        """Whether the client of request `number` has sent FIN or is gone. Never waits."""
        self._look()
        return number in self._gone

    def is_stopped(self, number: int) -> bool:
        """Whether the client of request `number` is gone for good. Never waits."""
        self._look()
        return number in self._stopped

    def _look(self) -> None:
        """Reads what is there, for GONE. Only the owner may: other threads know what it saw."""
        if threading.get_ident() != self.owner:
            return
        while not self._is_ended and self._readable.poll(0):
            try:
                self._make_room(HEADER_BYTES)
                count = self._socket.recv_into(self._view[self._end :])
                self._end += count
                self._is_ended = count == 0
            except OSError:
                self._is_ended = True  # What is sent next will tell.
            except BaseException:
                # What was read may be lost, and where the next frame begins with it.
                self.interrupt()
                raise
        self._scan()

    def _scan(self) -> None:
        at = max(self._scanned, self._start)
        while at + HEADER_BYTES <= self._end:
            length, kind, flags, _, number = _header(self._buffer, at)
            if kind == GONE:
                self._gone.add(number)
                if flags & GONE_STOP:
                    self._stopped.add(number)
            at += HEADER_BYTES + length
        # Beyond `end` when a frame is incomplete: the search goes on behind it.
        self._scanned = at

    def _forget_gone(self, next_number: int) -> None:
        self._gone = {number for number in self._gone if number >= next_number}
        self._stopped &= self._gone

    def _make_room(self, needed: int) -> None:
        """Room behind the unread bytes, and for all `needed` bytes of the frame that they begin."""
        start, end = self._start, self._end
        unread = end - start
        size = len(self._view)
        if unread == 0 and start > 0:
            self._scanned -= start
            self._start = self._end = 0
            if size > _BUFFER_BYTES:
                self._replace_buffer(_BUFFER_BYTES, b"")
        elif start + needed > size or end == size:
            self._scanned -= start
            if needed <= size and unread <= size // 2:
                self._view[:unread] = self._view[start:end]
                self._start, self._end = 0, unread
            else:
                # A new one, as views of this one may be alive.
                self._replace_buffer(max(needed, 2 * size), self._view[start:end])

    def _replace_buffer(self, size: int, unread: memoryview | bytes) -> None:
        # The slack lets `next_request` unpack one struct for every type of frame.
        self._buffer = bytearray(size + _REQUEST_START_BYTES)
        self._view = memoryview(self._buffer)[:size]
        self._start, self._end = 0, len(unread)
        self._view[: len(unread)] = unread

    def has_next(self, number: int) -> bool:
        """Whether, behind request `number`, another is at hand that will run here."""
        start = self._start
        return (
            self._end - start >= HEADER_BYTES
            and self._buffer[start + KIND_AT] == REQUEST
            and number > self._cell[WITHDRAWN_TO]
        )

    # The one function that the handler of SIGTERM may end with an exception.
    interruptible = _wait.__code__
