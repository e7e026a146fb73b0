"""One worker thread's socket to the front: frames in, frames out (docs/protocol.md section 1).

Owns both directions' buffers. Knows nothing of WSGI. Hot: `next_request` and `post` run once per
request.
"""

from __future__ import annotations

import contextlib
import errno
import marshal
import socket
import threading
from select import POLLIN, poll  # As they are now: gevent and eventlet put others in their place.
from typing import Any, NoReturn

from .answer_memory import AnswerSlots
from .departure import Departing, Departure
from .ledger import BASE, OUTBOX_BYTES, WITHDRAWN_TO, WRITTEN
from .process import moved_up
from .shapes import Shape, Shapes
from .wire import (
    GONE,
    GONE_STOP,
    HEADER,
    HEADER_BYTES,
    HELLO,
    HELLO_BYTES,
    HELLO_FRAME,
    MAX_PAYLOAD_BYTES,
    PROTOCOL_VERSION,
    REQUEST,
    REQUEST_VALUES_START,
    PreparedAnswer,
)

# A window is at most 256 KiB (docs/protocol.md); a single larger request gets a buffer of its own.
_BUFFER_BYTES = 256 * 1024
# What the kernel may hold of what was sent; Linux counts its own bookkeeping too.
_SEND_BYTES = 1024 * 1024
# So long a finished answer waits for others at most while the worker finishes more of them.
_MAX_WAIT_NS = 300_000
# Where the type stands in a frame.
_KIND_AT = 4

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


class Channel:
    def __init__(
        self,
        path: str,
        departure: Departure,
        cell: memoryview,
        outbox: memoryview,
        base: dict[str, Any],
        slots: AnswerSlots | None = None,
    ) -> None:
        """`cell` and `outbox` are this thread's memory that the zygote reads (docs/protocol.md).

        `base`: what is in every environ besides what the front says. `slots`: where pieces of
        answers may lie.
        """
        self._shapes = Shapes(base)
        self._known_shapes = self._shapes.known
        # Of the request before: the next one often has the same, and need not hash its bytes.
        self._last_shape: bytes | None = None
        self._last: Shape = ({}, ())
        self._departure = departure
        self._cell = cell
        self._outbox = outbox
        self._slots = slots
        # What the cell says: the outbox holds the channel's bytes from `base` on, `used` of them.
        self._base = self._used = 0
        # When the first of them has waited long enough; of the clock of the run times.
        self._due_ns = 0
        self._socket = moved_up(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        self._socket.settimeout(None)  # The application may have set another default.
        # Room for a large answer, as far as the system allows: each time it is full, both sides
        # wait for each other.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BYTES)
        self._socket.connect(path)
        self._readable = poll()
        self._readable.register(self._socket, POLLIN)
        # Unread bytes are view[start:end].
        self._start = self._end = 0
        self._replace_buffer(_BUFFER_BYTES, b"")
        # Bytes before this offset were searched for GONE.
        self._scanned = 0
        # Requests whose client has sent FIN, and whose client is gone for good.
        self._gone: set[int] = set()
        self._stopped: set[int] = set()
        self._is_ended = False
        # Held while write() is called, which any thread may do; and for which request it was last.
        self.writing = threading.RLock()
        self.written = 0
        # The thread that serves this channel: only that one may read it.
        self.owner = threading.get_ident()
        # Nothing can be sent any more: the front has gone, or one of the two below.
        self.is_lost = False
        # The application closed our socket.
        self.was_closed = False
        # An exception came while something was sent or read, from a signal handler of the
        # application, say: nobody knows how much of it.
        self.was_interrupted = False
        # We are a child that the application forked, and with what it ends.
        self.was_abandoned = False
        self.exit_status = 0

    def hello(self, token: bytes, thread: int, pid: int) -> None:
        """From now on requests may come."""
        self.send(
            HELLO_FRAME.pack(HELLO_BYTES, HELLO, 0, 0, 0, token, PROTOCOL_VERSION, thread, pid)
        )

    def abandon(self) -> None:
        """In a child that the application forked: the channel and the outbox are its parent's."""
        self._detach()
        self.was_abandoned = True
        self._slots = None
        self.writing = threading.RLock()  # Whoever holds it is a thread of the parent's.
        self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):  # The application has closed it.
            self._socket.close()

    # Receiving

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

    # Sending

    def send(self, start: bytes, body: bytes | memoryview = b"") -> None:
        """Hands all of it to the kernel, behind what is in the outbox. Raises ChannelLost.

        Any other exception that comes meanwhile ends the channel too; one that comes before leaves
        `position` as it was.
        """
        size = len(start) + len(body)
        if size <= OUTBOX_BYTES - self._used:
            self.flush(start + body)
            return
        self.flush()
        try:
            sent = self._socket.sendmsg((start, body)) - len(start)
            if sent < 0:
                self._socket.sendall(start[sent:])
            if sent < len(body):
                self._socket.sendall(memoryview(body)[max(sent, 0) :])
            # Around the outbox. In this order: BASE beyond WRITTEN means that it is empty.
            cell = self._cell
            self._base = cell[BASE] = self._base + size
            cell[WRITTEN] = self._base
        except OSError as error:
            self._lose(error)
        except BaseException:
            self.interrupt()
            raise

    @property
    def position(self) -> int:
        """How many bytes were sent or are in the outbox, where the zygote may have read them."""
        return self._base + self._used

    def put(self, piece: bytes | memoryview) -> bytes | None:
        """Leaves a piece of an answer in a slot of ours: what says so in its frame, or None.

        Only while a request runs for which the front said that it may. The frame is sent next.
        """
        return None if self._slots is None else self._slots.put(piece)

    @property
    def has_free_slot(self) -> bool:
        return self._slots is not None and self._slots.is_free

    def post(self, frame: bytes, now_ns: int) -> None:
        """As `send`, for the last frame of an answer: it waits in the outbox while others are made.

        There it outlives this process. It leaves when no request is at hand, or none that can be
        answered within `_MAX_WAIT_NS`; what takes longer than was to be expected, the front sees.
        """
        used = self._used
        end = used + len(frame)
        if end > OUTBOX_BYTES:
            self.send(frame)
            return
        if used == 0:
            self._due_ns = now_ns + _MAX_WAIT_NS
        self._outbox[used:end] = frame
        self._used = end
        self._cell[WRITTEN] = self._base + end
        if self._start == self._end or now_ns > self._due_ns:
            self.flush()

    def post_prepared(
        self, prepared: PreparedAnswer, number: int, run_ns: int, body: bytes, now_ns: int
    ) -> None:
        """As `post`, straight into the outbox: takes half as long."""
        size, pack_into, start, middle, head = prepared
        used = self._used
        end = used + size
        if end > OUTBOX_BYTES:
            self.flush()
            used, end = 0, size
        if used == 0:
            self._due_ns = now_ns + _MAX_WAIT_NS
        pack_into(self._outbox, used, start, number, middle, run_ns, head, body)
        self._used = end
        self._cell[WRITTEN] = self._base + end
        if self._start == self._end or now_ns > self._due_ns:
            self.flush()

    def has_next(self, number: int) -> bool:
        """Whether, behind request `number`, another is at hand that will run here."""
        start = self._start
        return (
            self._end - start >= HEADER_BYTES
            and self._buffer[start + _KIND_AT] == REQUEST
            and number > self._cell[WITHDRAWN_TO]
        )

    def flush(self, frame: bytes = b"") -> None:
        """Empties the outbox into the socket, with `frame` behind it. Raises what `send` raises."""
        if self.is_lost:
            raise ChannelLost("nothing can be sent any more")
        if frame:
            # By a call, as the sending: the limit of recursion is met here or not at all.
            self._put(frame)
        used = self._used
        if used == 0:
            return
        try:
            self._socket.sendall(self._outbox[:used])
            self._used = 0
            self._base += used
            self._cell[BASE] = self._base
        except OSError as error:
            self._lose(error)
        except BaseException:
            self.interrupt()
            raise

    def interrupt(self) -> None:
        """How much was sent or read is not known: nothing more is, and the front finds out."""
        self._detach()
        self.was_interrupted = True

    def _detach(self) -> None:
        """The outbox stays as it is: what is still written goes nowhere."""
        self.is_lost = True
        self._cell = memoryview(bytearray(self._cell.nbytes)).cast("Q")
        self._outbox = memoryview(bytearray(OUTBOX_BYTES))
        self._used = 0

    def _put(self, data: bytes) -> None:
        used = self._used
        end = used + len(data)
        self._outbox[used:end] = data
        self._used = end
        # Not before the bytes are there: from here on the zygote may read them.
        self._cell[WRITTEN] = self._base + end

    def _lose(self, error: OSError) -> NoReturn:
        self._detach()
        self.was_closed = error.errno in (errno.EBADF, errno.ENOTSOCK)
        raise ChannelLost(str(error)) from None

    # The one function that the handler of SIGTERM may end with an exception.
    interruptible = _wait.__code__
