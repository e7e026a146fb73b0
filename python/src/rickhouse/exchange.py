"""One request being answered: from start_response, write() and an iterable to frames.

Owns the rules of PEP 3333 about when a head goes out and where a body ends. Does not call the
application.
"""

from __future__ import annotations

from time import perf_counter_ns
from types import TracebackType
from typing import Callable, Union

from .answer_memory import LEAST_BYTES, SLOT_BYTES
from .channel import Channel
from .headers import BODILESS, MAX_POSTED_BYTES, NO_LENGTH, Head, build_head
from .wire import (
    ANSWER,
    ANSWER_COMPLETE,
    ANSWER_END,
    ANSWER_FIXED_BYTES,
    ANSWER_LENGTH,
    ANSWER_MEMORY,
    ANSWER_START,
    BODY,
    BODY_COMPLETE,
    BODY_MEMORY,
    BROKEN_END,
    HEADER,
    MAX_HEAD_BLOCK_BYTES,
    REQUEST_HEAD,
    REQUEST_SLOTS,
    WHOLE_END,
)

ExcInfo = Union[tuple[type[BaseException], BaseException, TracebackType], tuple[None, None, None]]
Write = Callable[[bytes], None]

# Far below the limit of a frame; the front takes no notice of where a body was cut.
_MAX_PIECE_BYTES = 1 << 26
# What goes by socket, of a body for which both slots are too small, before they are looked at
# again.
_BESIDE_BYTES = 1 << 18
_ERROR_BODY = b"Internal Server Error\n"
_ERROR_HEADERS = [
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Content-Length", str(len(_ERROR_BODY))),
]

_WHOLE = ANSWER_COMPLETE | ANSWER_END

_pack_answer = ANSWER_START.pack
_pack_header = HEADER.pack


class ClientGone(ConnectionResetError):
    """Nobody is there to read the answer. The application sees it as the error of write()."""


class Exchange:
    __slots__ = (
        "_began_ns",
        "_channel",
        "_flags",
        "_is_over",
        "_number",
        "_remaining",
        "head",
        "is_complete",
        "is_head_sent",
        "problem",
        "wants_no_body",
    )

    def __init__(self, channel: Channel, number: int, flags: int) -> None:
        """`flags` of the REQUEST."""
        self._began_ns = perf_counter_ns()
        self._channel = channel
        self._number = number
        self._flags = flags
        # COMPLETE or END was sent: nothing of the body may follow, nor is anything wrong with it.
        self.is_complete = False
        # All of it is sent; the application may still hold write() and start_response.
        self._is_over = False
        # What the Content-Length leaves for the rest of the body, once the head is sent; NO_LENGTH
        # without one.
        self._remaining = NO_LENGTH
        self.head: Head | None = None
        self.is_head_sent = False
        # The head is known, and is the whole answer (RFC 9110 sections 6.4.1, 9.3.2).
        self.wants_no_body = False
        # What is wrong with the length of the body, for the log.
        self.problem = ""

    # What the application calls

    def start_response(
        self, status: str, response_headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Write:
        if exc_info:
            try:
                if self.is_head_sent or self._is_over:
                    raise _error_of(exc_info)
            finally:
                exc_info = None  # PEP 3333: no reference cycle through the traceback.
        elif self.head is not None:
            raise AssertionError("start_response was called a second time without exc_info")
        self.head = head = build_head(status, response_headers)
        self.wants_no_body = self._flags & REQUEST_HEAD != 0 or head[0] in BODILESS
        return self  # To be called as `write`: a bound method would be one object more.

    def write(self, data: bytes) -> None:
        """PEP 3333's write(): `data` is on the wire when it returns.

        Any thread may call it: they wait for each other.
        """
        channel = self._channel
        with channel.writing:
            if self._is_over:
                raise RuntimeError("write() was called when the request was over")
            channel.written = self._number
            self.raise_if_stopped()
            before = channel.position, self.is_head_sent, self.is_complete, self._remaining
            try:
                self.send_chunk(data)
            except BaseException:
                # A RecursionError, say, that the application catches, to write again. Where the
                # limit allows no call here, nothing was put into the channel either.
                position, self.is_head_sent, self.is_complete, self._remaining = before
                if channel.position != position and not channel.is_lost:
                    channel.interrupt()
                raise

    __call__ = write

    def is_client_gone(self) -> bool:
        """environ["rickhouse.client_disconnected"]: true after FIN, though the client may read."""
        return self._channel.is_gone(self._number)

    # What is sent

    def send_whole(self, parts: list[bytes] | tuple[bytes, ...]) -> bool:
        """Sends the usual answer in one frame: no write() before, a body of the right length.

        False, and nothing is sent, for any other: then `send_chunk` finds out what to do.
        """
        head = self.head
        if head is None or self.is_head_sent or self.wants_no_body:
            return False
        if len(parts) == 1:
            body = parts[0]
            if type(body) is not bytes:
                return False
        else:
            for part in parts:
                if type(part) is not bytes:
                    return False
            body = b"".join(parts)
        size = len(body)
        status, block, flags, length, prepared, _ = head
        if length == size:
            if prepared is not None:
                self._is_over = True
                now_ns = perf_counter_ns()
                run_ns = now_ns - self._began_ns
                self._channel.post_prepared(prepared, self._number, run_ns, body, now_ns)
                return True
        else:
            if length != NO_LENGTH:
                return False
            length = 0
        if size > MAX_POSTED_BYTES:
            return self._send_large(body)
        block_size = len(block)
        number = self._number
        flags |= _WHOLE
        payload = ANSWER_FIXED_BYTES + block_size + size
        self._is_over = True
        now_ns = perf_counter_ns()
        run_ns = now_ns - self._began_ns
        start = _pack_answer(
            payload, ANSWER, flags, 0, number, status, 0, block_size, length, run_ns
        )
        self._channel.post(start + block + body, now_ns)
        return True

    def _send_large(self, body: bytes) -> bool:
        """Of `send_whole`: too large to wait for others."""
        assert self.head is not None
        status, block, flags, length, _, _ = self.head
        size = len(body)
        if size > self._most_whole_bytes:
            # The front, which hears of a piece alone, cannot know it. A head without room for it is
            # followed by chunks.
            known = block + b"Content-Length: %d\r\n" % size
            if length == NO_LENGTH and len(known) <= MAX_HEAD_BLOCK_BYTES:
                self.head = status, known, flags | ANSWER_LENGTH, size, None, None
            self.send_chunk(body, is_last=True)
            self.end(is_broken=False)
            return True
        place = self._put(body)
        flags |= _WHOLE if place is None else _WHOLE | ANSWER_MEMORY
        body = body if place is None else place
        payload = ANSWER_FIXED_BYTES + len(block) + len(body)
        self._is_over = True
        run_ns = perf_counter_ns() - self._began_ns
        fields = status, 0, len(block), max(length, 0), run_ns
        self._channel.send(
            _pack_answer(payload, ANSWER, flags, 0, self._number, *fields) + block, body
        )
        return True

    @property
    def is_over(self) -> bool:
        """Its last frame was sent, or an exception came on the way to it."""
        return self._is_over

    @property
    def _most_whole_bytes(self) -> int:
        return SLOT_BYTES if self._flags & REQUEST_SLOTS else _MAX_PIECE_BYTES

    def _put(self, piece: bytes | memoryview) -> bytes | None:
        """Leaves `piece` in memory, where that is possible and worth it: see Channel.put."""
        if self._flags & REQUEST_SLOTS and LEAST_BYTES <= len(piece) <= SLOT_BYTES:
            return self._channel.put(piece)
        return None

    def send_all_but_end(self, data: bytes) -> bool:
        """Sends the usual answer of a framework, which has to be closed yet: a body of one piece.

        False, and nothing is sent, for any other: then `send_chunk` finds out what to do.
        """
        head = self.head
        if head is None or self.is_head_sent or type(data) is not bytes:
            return False
        prepared = head[5]
        if prepared is None or head[3] != len(data) or self.wants_no_body or not data:
            return False
        channel = self._channel
        if channel.written == self._number:  # By a write() of nothing, or one that failed.
            return False
        try:
            self.is_head_sent = self.is_complete = True
            self._remaining = 0
            channel.post_unended(prepared, self._number, data, perf_counter_ns())
        except BaseException:
            # Of a signal handler of the application, say: it may be there or not.
            if not channel.is_lost:
                channel.interrupt()
            raise
        return True

    @property
    def has_length(self) -> bool:
        """Whether the head that start_response was called with tells it."""
        return self.head is not None and self.head[3] != NO_LENGTH

    def send_chunk(self, data: bytes, is_last: bool = False) -> None:
        """Sends one piece of the body, the head before the first that is not empty.

        `is_last` when nothing follows for sure.
        """
        if not isinstance(data, bytes):
            raise TypeError(_explain_chunk(data))
        if not data:
            return  # No body yet: start_response may come later (PEP 3333, "Middleware").
        head = self.head
        if head is None:
            raise AssertionError("the body begins before start_response was called")
        if self.wants_no_body:
            if not self.is_head_sent:
                self._send_answer(b"", is_last=True)
            return
        if self.is_complete:
            self.problem = "the body is longer than its Content-Length: cut"
            return
        if len(data) > self._most_whole_bytes:
            self._send_in_pieces(memoryview(data), is_last)
        else:
            self._send_piece(data, is_last)

    def _send_in_pieces(self, data: memoryview, is_last: bool) -> None:
        while data:
            if self.is_complete:
                self.problem = "the body is longer than its Content-Length: cut"
                return
            size = self._most_whole_bytes
            if size == SLOT_BYTES and len(data) > size and not self._channel.has_free_slot:
                size = _BESIDE_BYTES
            piece, data = data[:size], data[size:]
            self._send_piece(piece, is_last and not data)

    def finish_body(self) -> None:
        """The iterable is exhausted: sends the head if no chunk did, and judges the length."""
        if not self.is_head_sent:
            if self.head is None:
                raise AssertionError("the application did not call start_response")
            self._send_answer(b"", is_last=True)
        if self._remaining > 0:
            self.problem = f"the body is {self._remaining} bytes shorter than its Content-Length"

    def complete_body(self) -> None:
        """Nothing will follow, and the client need not wait for what close() does.

        Only a body without Content-Length needs it, and only after `finish_body`.
        """
        if not self.is_complete and self._remaining == NO_LENGTH:
            self.is_complete = True
            self._send_last(_pack_header(0, BODY, BODY_COMPLETE, 0, self._number), b"")

    def end(self, is_broken: bool) -> None:
        """The last frame. After the body was complete nothing is broken any more."""
        if self._channel.written == self._number:
            with self._channel.writing:  # A thread of the application's may still be in write().
                self._is_over = True
        now_ns = perf_counter_ns()
        self._is_over = True
        is_broken = not self.is_complete and (is_broken or self._remaining > 0)
        start = BROKEN_END if is_broken else WHOLE_END
        self._channel.post_end(start, self._number, now_ns - self._began_ns, now_ns)

    def send_error_page(
        self, headers: list[tuple[str, str]] | None = None, body: bytes = b""
    ) -> None:
        """500 instead of whatever head the application had in mind; no details unless given."""
        if headers is None:
            headers, body = _ERROR_HEADERS, _ERROR_BODY
        self.head = build_head("500 Internal Server Error", headers)
        self.wants_no_body = self._flags & REQUEST_HEAD != 0
        self._send_answer(b"" if self.wants_no_body else body, is_last=True)

    def raise_if_stopped(self) -> None:
        """Looked for between two chunks: the usual answer has only one and need not ask."""
        if self.is_head_sent and self._channel.is_stopped(self._number):
            raise ClientGone("the client has gone")

    def _send_piece(self, data: bytes | memoryview, is_last: bool) -> None:
        if not self.is_head_sent:
            self._send_answer(data, is_last)
            return
        data, is_last = self._within_length(data, is_last)
        flags = 0
        if is_last:
            flags = BODY_COMPLETE
            self.is_complete = True
        place = self._put(data)
        if place is not None:
            flags |= BODY_MEMORY
            data = place
        start = _pack_header(len(data), BODY, flags, 0, self._number)
        if is_last and place is None:
            self._send_last(start, data)
        else:
            self._channel.send(start, data)

    def _send_answer(self, data: bytes | memoryview, is_last: bool) -> None:
        assert self.head is not None
        status, block, flags, length, _, _ = self.head
        self.is_head_sent = True
        if length == len(data):
            # The usual body of a framework: one piece.
            self._remaining = 0
            is_last = True
        elif not self.wants_no_body:
            self._remaining = length
            data, is_last = self._within_length(data, is_last)
        if is_last:
            flags |= ANSWER_COMPLETE
            self.is_complete = True
        place = self._put(data)
        if place is not None:
            flags |= ANSWER_MEMORY
            data = place
        payload = ANSWER_FIXED_BYTES + len(block) + len(data)
        start = _pack_answer(
            payload, ANSWER, flags, 0, self._number, status, 0, len(block), max(length, 0), 0
        )
        if is_last and place is None:
            self._send_last(start + block, data)
        else:
            self._channel.send(start + block, data)

    def _send_last(self, start: bytes, data: bytes | memoryview) -> None:
        """The body is whole with this, but the application still has to close it."""
        channel = self._channel
        if len(data) <= MAX_POSTED_BYTES and channel.has_next(self._number):
            channel.post(start + data, perf_counter_ns())
        else:
            channel.send(start, data)

    def _within_length(
        self, data: bytes | memoryview, is_last: bool
    ) -> tuple[bytes | memoryview, bool]:
        """What of `data` the Content-Length has room for; whether the body is whole with it."""
        remaining = self._remaining
        if remaining == NO_LENGTH:
            return data, is_last
        if len(data) > remaining:
            self.problem = "the body is longer than its Content-Length: cut"
            data = data[:remaining]
        self._remaining = remaining - len(data)
        return data, self._remaining == 0


def _error_of(exc_info: ExcInfo) -> BaseException:
    error = exc_info[1]
    if error is None:
        return AssertionError(
            "start_response was called with exc_info, but without an error, after the head was sent"
        )
    return error.with_traceback(exc_info[2])


def _explain_chunk(data: object) -> str:
    text = f"the body must be made of bytes, not {type(data).__name__}"
    if isinstance(data, int):
        return text + ": the application returned bytes where a list of bytes is meant"
    return text + ": encode it" if isinstance(data, str) else text
