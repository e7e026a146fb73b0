"""Frames of a channel as bytes and as values (docs/protocol.md section 1).

The mirror of src/core/wire/. Pure: no sockets. The hot path (inbox.py, channel.py, exchange.py)
uses the same structs; the messages below are its slow and readable twin, for tests and tools.
"""

from __future__ import annotations

import struct
from typing import Callable, NamedTuple, Union

PROTOCOL_VERSION = 4

HELLO = 1
ANSWER = 2
BODY = 3
END = 4
REQUEST = 16
GONE = 17

# Flags of ANSWER; BODY shares COMPLETE and MEMORY.
ANSWER_COMPLETE = 1
ANSWER_END = 2
ANSWER_LENGTH = 4
ANSWER_DATE = 8
ANSWER_SERVER = 16
ANSWER_ID = 32
ANSWER_MEMORY = 64
BODY_COMPLETE = 1
BODY_MEMORY = 64
END_BROKEN = 1
REQUEST_FILE = 1
REQUEST_HEAD = 2
REQUEST_CHUNKED = 4
REQUEST_MEMORY = 8
REQUEST_SLOTS = 16
GONE_STOP = 1

# Which types go which way, and the flags that each may have.
_TO_FRONT = {HELLO: 0, ANSWER: 127, BODY: BODY_COMPLETE | BODY_MEMORY, END: END_BROKEN}
_TO_WORKER = {
    REQUEST: REQUEST_FILE | REQUEST_HEAD | REQUEST_CHUNKED | REQUEST_MEMORY | REQUEST_SLOTS,
    GONE: GONE_STOP,
}

MAX_PAYLOAD_BYTES = 1 << 30
# What a frame with MEMORY has in place of a body: where it lies and its length.
PLACE_BYTES = 8
MAX_HEAD_BLOCK_BYTES = 1 << 20
# The front counts in doubles: larger request numbers and lengths would be rounded there.
MAX_NUMBER = (1 << 53) - 1

# payload length, type, flags, zero, request number
HEADER = struct.Struct("<IBBHQ")
HEADER_BYTES = HEADER.size
_BEFORE_NUMBER = slice(8)
# header and environ length
REQUEST_START = struct.Struct("<IBBHQI")
# the same without the zero, and the first of the environ: the length of its values
REQUEST_VALUES_START = struct.Struct("<IBB2xQII")
# header, then status, zero, head length, content length, run ns
ANSWER_START = struct.Struct("<IBBHQHHIQQ")
ANSWER_FIXED_BYTES = ANSWER_START.size - HEADER.size
# header and run ns
END_FRAME = struct.Struct("<IBBHQQ")
END_BYTES = END_FRAME.size - HEADER.size
# The same, ready but for number and run ns, and what is ready: of a whole answer, of a broken one.
PREPARED_END = struct.Struct("<8sQQ")
WHOLE_END = HEADER.pack(END_BYTES, END, 0, 0, 0)[_BEFORE_NUMBER]
BROKEN_END = HEADER.pack(END_BYTES, END, END_BROKEN, 0, 0)[_BEFORE_NUMBER]
# header, then token, version, thread, pid
HELLO_FRAME = struct.Struct("<IBBHQ16sHHI")
HELLO_BYTES = HELLO_FRAME.size - HEADER.size

# An ANSWER of which only number, run time and body are missing: how many bytes the frame takes;
# what packs (buffer, offset, start, number, middle, run ns, head, body); start, middle and head.
PreparedAnswer = tuple[int, Callable[..., None], bytes, bytes, bytes]
# Of ANSWER_START: what comes between number and run ns.
_BEHIND_NUMBER = slice(16, 32)


def prepare_answer(status: int, head: bytes, flags: int, body_bytes: int) -> PreparedAnswer:
    """Of an answer whose body is whole in this frame, and has its Content-Length."""
    payload = ANSWER_FIXED_BYTES + len(head) + body_bytes
    start = ANSWER_START.pack(payload, ANSWER, flags, 0, 0, status, 0, len(head), body_bytes, 0)
    frame = struct.Struct(f"<8sQ16sQ{len(head)}s{body_bytes}s")
    return frame.size, frame.pack_into, start[_BEFORE_NUMBER], start[_BEHIND_NUMBER], head


class WireError(ValueError):
    """Bytes that no peer of this protocol version sends."""


class Hello(NamedTuple):
    token: bytes
    version: int
    thread: int
    pid: int


class Answer(NamedTuple):
    """`body` is with MEMORY the place of the piece, as in Body."""

    number: int
    flags: int
    status: int
    content_length: int
    run_ns: int
    head: bytes
    body: bytes


class Body(NamedTuple):
    number: int
    flags: int
    body: bytes


class End(NamedTuple):
    number: int
    flags: int
    run_ns: int


class Request(NamedTuple):
    """`environ` is values and shape, marshalled; `body` is with FILE the path of its file."""

    number: int
    flags: int
    environ: bytes
    body: bytes


class Gone(NamedTuple):
    number: int
    flags: int


Message = Union[Hello, Answer, Body, End, Request, Gone]


def encode(message: Message) -> bytes:
    if isinstance(message, Hello):
        version, thread, pid = message.version, message.thread, message.pid
        return HELLO_FRAME.pack(HELLO_BYTES, HELLO, 0, 0, 0, message.token, version, thread, pid)
    if isinstance(message, Answer):
        rest = message.head + message.body
        start = ANSWER_START.pack(
            *(ANSWER_FIXED_BYTES + len(rest), ANSWER, message.flags, 0, message.number),
            *(message.status, 0, len(message.head), message.content_length, message.run_ns),
        )
        return start + rest
    if isinstance(message, Body):
        return HEADER.pack(len(message.body), BODY, message.flags, 0, message.number) + message.body
    if isinstance(message, End):
        return END_FRAME.pack(END_BYTES, END, message.flags, 0, message.number, message.run_ns)
    if isinstance(message, Request):
        rest = message.environ + message.body
        environ_length = len(message.environ)
        start = REQUEST_START.pack(
            4 + len(rest), REQUEST, message.flags, 0, message.number, environ_length
        )
        return start + rest
    return HEADER.pack(0, GONE, message.flags, 0, message.number)


def decode_from_worker(data: bytes) -> tuple[Message, int] | None:
    """As `decode_from_front`, for the other direction."""
    return _decode(data, _TO_FRONT)


def decode_from_front(data: bytes) -> tuple[Message, int] | None:
    """The first frame of `data` and its length; None when it is incomplete. Raises WireError."""
    return _decode(data, _TO_WORKER)


def _decode(data: bytes, allowed: dict[int, int]) -> tuple[Message, int] | None:
    if len(data) < HEADER_BYTES:
        return None
    length, kind, flags, zero, number = HEADER.unpack_from(data)
    if kind not in allowed or flags & ~allowed[kind]:
        raise WireError(f"frame of type {kind} with flags {flags}")
    if zero != 0 or length > MAX_PAYLOAD_BYTES:
        raise WireError(f"frame of type {kind} with length {length} and reserved bytes {zero}")
    if number > MAX_NUMBER or (number == 0) != (kind == HELLO):
        raise WireError(f"frame of type {kind} with number {number}")
    end = HEADER_BYTES + length
    if kind == BODY and flags & BODY_MEMORY and length != PLACE_BYTES:
        raise WireError(f"BODY with a place of {length} bytes")
    if kind == ANSWER and length >= ANSWER_FIXED_BYTES and len(data) >= ANSWER_START.size:
        _check_answer(data, end)
    if len(data) < end:
        return None
    return _message(kind, flags, number, data[:end]), end


def _check_answer(data: bytes, end: int) -> None:
    """What the fixed part tells before the head is there."""
    flags = data[5]
    status, zero, head_length, content_length, _ = ANSWER_START.unpack_from(data)[5:]
    if not 100 <= status <= 999 or zero != 0:
        raise WireError(f"ANSWER with status {status} and reserved bytes {zero}")
    if head_length > MAX_HEAD_BLOCK_BYTES or ANSWER_START.size + head_length > end:
        raise WireError(f"ANSWER with a head of {head_length} bytes")
    if flags & ANSWER_MEMORY and ANSWER_START.size + head_length + PLACE_BYTES != end:
        raise WireError("ANSWER with MEMORY and no place")
    has_length = bool(flags & ANSWER_LENGTH)
    if content_length > MAX_NUMBER or (content_length != 0 and not has_length):
        raise WireError(f"ANSWER with content length {content_length}")


def _message(kind: int, flags: int, number: int, frame: bytes) -> Message:
    payload = frame[HEADER_BYTES:]
    try:
        if kind == HELLO:
            token, version, thread, pid = HELLO_FRAME.unpack(frame)[5:]
            return Hello(token, version, thread, pid)
        if kind == ANSWER:
            status, _, head_length, content_length, run_ns = ANSWER_START.unpack_from(frame)[5:]
            head_end = ANSWER_START.size + head_length
            head, body = frame[ANSWER_START.size : head_end], frame[head_end:]
            if not head.endswith(b"\r\n"):
                raise WireError("ANSWER with a head that does not end in CRLF")
            return Answer(number, flags, status, content_length, run_ns, head, body)
        if kind == BODY and (payload or flags):
            return Body(number, flags, payload)
        if kind == END:
            return End(number, flags, END_FRAME.unpack(frame)[5])
        if kind == REQUEST:
            environ_end = REQUEST_START.size + REQUEST_START.unpack_from(frame)[5]
            if environ_end > len(frame):
                raise WireError("REQUEST with an environ longer than the frame")
            environ, body = frame[REQUEST_START.size : environ_end], frame[environ_end:]
            return Request(number, flags, environ, body)
        if kind == GONE and not payload:
            return Gone(number, flags)
    except struct.error as error:
        raise WireError(f"frame of type {kind} with {len(payload)} bytes: {error}") from None
    raise WireError(f"frame of type {kind} with {len(payload)} bytes")
