"""One worker thread's socket to the front: frames in, frames out (docs/protocol.md section 1).

Knows nothing of WSGI. Hot: `next_request` (inbox.py) and what begins with `post` run once per
request.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
from typing import Any, NoReturn

from .answer_memory import AnswerSlots
from .departure import Departure
from .inbox import KIND_AT, ChannelLost, Inbox
from .ledger import BASE, OUTBOX_BYTES, WITHDRAWN_TO, WRITTEN
from .process import SEND_FLAGS, OwnSocket, moved_up
from .wire import (
    HEADER_BYTES,
    HELLO,
    HELLO_BYTES,
    HELLO_FRAME,
    PREPARED_END,
    PROTOCOL_VERSION,
    REQUEST,
    PreparedAnswer,
)

# What the kernel may hold of what was sent; Linux counts its own bookkeeping too.
_SEND_BYTES = 1024 * 1024
# So long a finished answer waits for others at most while the worker finishes more of them.
_MAX_WAIT_NS = 300_000
_pack_end_into = PREPARED_END.pack_into
_END_FRAME_BYTES = PREPARED_END.size


class Channel(Inbox):
    """Both halves; the sending one is here."""

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
        beginning = OwnSocket(socket.AF_UNIX, socket.SOCK_STREAM)
        beginning.settimeout(None)  # The application may have set another default.
        beginning.connect(path)
        connected = moved_up(beginning)
        connected.settimeout(None)
        # Room for a large answer, as far as the system allows: each time it is full, both sides
        # wait for each other.
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BYTES)
        super().__init__(connected, departure, cell, base)
        self._outbox = outbox
        self._slots = slots
        # What the cell says: the outbox holds the channel's bytes from `base` on, `used` of them.
        self._base = self._used = 0
        # When the first of them has waited long enough; of the clock of the run times.
        self._due_ns = 0
        # Held while write() is called, which any thread may do; and for which request it was last.
        self.writing = threading.RLock()
        self.written = 0
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
            sent = self._sendmsg(start, body) - len(start)
            if sent < 0:
                self._socket.sendall(start[sent:], SEND_FLAGS)
            if sent < len(body):
                self._socket.sendall(memoryview(body)[max(sent, 0) :], SEND_FLAGS)
            # Around the outbox. In this order: BASE beyond WRITTEN means that it is empty.
            cell = self._cell
            self._base = cell[BASE] = self._base + size
            cell[WRITTEN] = self._base
        except OSError as error:
            self._lose(error)
        except BaseException:
            self.interrupt()
            raise

    def _sendmsg(self, start: bytes, body: bytes | memoryview) -> int:
        try:
            return self._socket.sendmsg((start, body), (), SEND_FLAGS)
        except BlockingIOError:
            return 0  # eventlet's sockets do not wait here, in sendall they do.

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

    def post_unended(self, prepared: PreparedAnswer, number: int, body: bytes, now_ns: int) -> None:
        """As `post_prepared`, for all of an answer but END: it does not wait for that alone."""
        size, pack_into, start, middle, head = prepared
        used = self._used
        end = used + size
        if end > OUTBOX_BYTES:
            self.flush()
            used, end = 0, size
        if used == 0:
            self._due_ns = now_ns + _MAX_WAIT_NS
        pack_into(self._outbox, used, start, number, middle, 0, head, body)
        self._used = end
        self._cell[WRITTEN] = self._base + end
        at = self._start
        if (  # As `has_next`: a call takes a tenth of all this.
            self._end - at < HEADER_BYTES
            or self._buffer[at + KIND_AT] != REQUEST
            or number <= self._cell[WITHDRAWN_TO]
            or now_ns > self._due_ns
        ):
            self.flush()

    def post_end(self, start: bytes, number: int, run_ns: int, now_ns: int) -> None:
        """As `post`, for END, whose `start` is of wire.py: straight into the outbox."""
        used = self._used
        end = used + _END_FRAME_BYTES
        if end > OUTBOX_BYTES:
            self.flush()
            used, end = 0, _END_FRAME_BYTES
        if used == 0:
            self._due_ns = now_ns + _MAX_WAIT_NS
        _pack_end_into(self._outbox, used, start, number, run_ns)
        self._used = end
        self._cell[WRITTEN] = self._base + end
        if self._start == self._end or now_ns > self._due_ns:
            self.flush()

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
            self._socket.sendall(self._outbox[:used], SEND_FLAGS)
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
