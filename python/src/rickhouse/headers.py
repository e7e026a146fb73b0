"""Checks of a status line and a header list (PEP 3333, RFC 9110 section 5); makes the head block.

Pure. Hot: once per answer. Lines that were found right are remembered with their check, since most
answers of an application have most of their lines in common (0.4 µs for two of them, against 1.3);
and so are whole heads of such lines (0.1 µs), and how the whole answer is packed.
"""

from __future__ import annotations

import re
from typing import Any, Optional

from .wire import (
    ANSWER_COMPLETE,
    ANSWER_DATE,
    ANSWER_END,
    ANSWER_ID,
    ANSWER_LENGTH,
    ANSWER_SERVER,
    MAX_HEAD_BLOCK_BYTES,
    MAX_NUMBER,
    PreparedAnswer,
    prepare_answer,
)

NO_LENGTH = -1

# Status; what stands after `HTTP/1.1 `, up to and not including the empty line; flags of ANSWER;
# Content-Length or NO_LENGTH; how an answer with a body of that length is packed, where that is
# remembered. A plain tuple: a named one takes five times as long to make.
Head = tuple[int, bytes, int, int, Optional[PreparedAnswer], Optional[PreparedAnswer]]
# A line with its end; its flag of ANSWER or 0; the number that it holds if it is a Content-Length.
_Line = tuple[bytes, int, int]

_NO_CONTENT = 204
_RESET_CONTENT = 205
_NOT_MODIFIED = 304
# Answers that never have a body (RFC 9110 sections 15.3.5, 15.3.6, 15.4.5).
BODILESS = frozenset((_NO_CONTENT, _RESET_CONTENT, _NOT_MODIFIED))

# For fullmatch(). RFC 9110 section 5.6.2; RFC 9112 section 4, less the interim statuses.
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_STATUS = re.compile(r"([2-9][0-9][0-9])( .*)?", re.DOTALL)
_DIGITS = re.compile(r"[0-9]{1,16}")
# As wsgiref's is_hop_by_hop, with the field that RFC 9110 knows as Trailer and the one that proxies
# invented.
_HOP_BY_HOP = frozenset(
    (
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization"),
        *("proxy-connection", "te", "trailer", "trailers", "transfer-encoding", "upgrade"),
    )
)
_FLAGS = {
    "content-length": ANSWER_LENGTH,
    "date": ANSWER_DATE,
    "server": ANSWER_SERVER,
    "x-request-id": ANSWER_ID,
}
# All but HTAB (RFC 9110 section 5.5).
_CONTROLS = bytes([*range(0x09), *range(0x0A, 0x20), 0x7F])

# When one is full it starts anew: what is usual is soon in it again.
_MAX_KNOWN = 512
_MAX_KNOWN_BYTES = 256
_known_lines: dict[tuple[str, str], _Line] = {}
_known_statuses: dict[str, tuple[int, bytes]] = {}
# By status and header pairs. Only heads whose every line was known: one that has a new cookie or
# date each time would push the others out.
_MAX_KNOWN_HEADS = 128
_MAX_KNOWN_HEAD_BYTES = 1024
# Larger bodies do not wait for others: to hand them over costs more than what could be saved.
MAX_POSTED_BYTES = 8192
_known_heads: dict[tuple[Any, ...], Head] = {}


def build_head(status: str, headers: list[tuple[str, str]]) -> Head:
    """Raises TypeError or ValueError that says what is wrong."""
    if type(headers) is not list and not isinstance(headers, list):
        raise TypeError(f"response headers must be a list, not {type(headers).__name__}")
    try:
        key = (status, *headers)
        head = _known_heads.get(key)
        if head is not None:
            if head[4] is None and 0 <= head[3] <= MAX_POSTED_BYTES:
                return _prepare(key, head)
            return head
        is_all_known = status in _known_statuses
        code, status_line = _known_statuses.get(status) or _check_status(status)
        lines = [status_line]
        flags, length = 0, NO_LENGTH
        for pair in headers:
            known = _known_lines.get(pair)
            if known is None:
                is_all_known = False
                known = _check_line(pair)
            if known[1]:
                if known[1] == ANSWER_LENGTH:
                    if flags & ANSWER_LENGTH:
                        raise ValueError("two Content-Length headers")
                    length = known[2]
                flags |= known[1]
            lines.append(known[0])
    except TypeError:
        _explain_type(status, headers)
        raise
    if code in BODILESS and code != _NOT_MODIFIED:
        # 204 has no Content-Length (RFC 9110 section 8.6), that of 205 is 0 (section 15.3.6).
        lines = [line for line in lines if not line.lower().startswith(b"content-length:")]
        flags, length = flags & ~ANSWER_LENGTH, NO_LENGTH
        if code == _RESET_CONTENT:
            lines.append(b"Content-Length: 0\r\n")
            flags, length = flags | ANSWER_LENGTH, 0
    block = b"".join(lines)
    if len(block) > MAX_HEAD_BLOCK_BYTES:
        raise ValueError(f"the head has {len(block)} bytes, and {MAX_HEAD_BLOCK_BYTES} at most")
    if not is_all_known or len(block) > _MAX_KNOWN_HEAD_BYTES:
        return code, block, flags, length, None, None
    if len(_known_heads) >= _MAX_KNOWN_HEADS:
        _known_heads.clear()
    _known_heads[key] = head = code, block, flags, length, None, None
    return head


def _prepare(key: tuple[Any, ...], head: Head) -> Head:
    """Not before it is used again: it takes 3 µs, which a head that does not come again wastes."""
    code, block, flags, length, _, _ = head
    flags |= ANSWER_COMPLETE
    unended = prepare_answer(code, block, flags, length)
    whole = prepare_answer(code, block, flags | ANSWER_END, length)
    _known_heads[key] = head = code, block, head[2], length, whole, unended
    return head


def _check_status(status: str) -> tuple[int, bytes]:
    if not isinstance(status, str):
        raise TypeError(f"the status must be a str, not {type(status).__name__}")
    match = _STATUS.fullmatch(status)
    if match is None:
        form = "three digits from 200 to 999, a space and a reason"
        raise ValueError(f"the status must be {form}, not {status!r}")
    # The space is not optional on the wire (RFC 9112 section 4).
    line = _encode(status if match[2] else status + " ", "the status") + b"\r\n"
    known = int(match[1]), line
    if len(_known_statuses) >= _MAX_KNOWN:
        _known_statuses.clear()
    if len(line) <= _MAX_KNOWN_BYTES:
        _known_statuses[status] = known
    return known


def _check_line(pair: tuple[str, str]) -> _Line:
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise TypeError(f"a header must be a tuple of name and value, not {pair!r}")
    name, value = pair
    if not isinstance(name, str):
        raise TypeError(f"a header name must be a str, not {type(name).__name__} ({name!r})")
    if not isinstance(value, str):
        raise TypeError(f"{name} must have a str, not {type(value).__name__} ({value!r})")
    # What it holds: a subclass may show something else, as an Enum does, and is equal to it.
    name, value = str.__str__(name), str.__str__(value)
    if _TOKEN.fullmatch(name) is None:
        raise ValueError(f"{name!r} is not a header name")
    lower = name.lower()
    if lower in _HOP_BY_HOP:
        raise ValueError(f"{name} is between server and client (hop-by-hop): leave it out")
    line = f"{name}: ".encode("latin-1") + _encode(value, name) + b"\r\n"
    flag = _FLAGS.get(lower, 0)
    known = line, flag, _content_length(value) if flag == ANSWER_LENGTH else NO_LENGTH
    if len(_known_lines) >= _MAX_KNOWN:
        _known_lines.clear()
    if len(line) <= _MAX_KNOWN_BYTES:
        _known_lines[name, value] = known
    return known


def _content_length(value: str) -> int:
    if _DIGITS.fullmatch(value) is None or int(value) > MAX_NUMBER:
        raise ValueError(f"Content-Length must be a number of bytes, not {value!r}")
    return int(value)


def _encode(text: str, what: str) -> bytes:
    try:
        data = str.encode(text, "latin-1")
    except UnicodeEncodeError as error:
        character = text[error.start]
        raise ValueError(f"{what} has a character outside of latin-1: {character!r}") from None
    if len(data.translate(None, _CONTROLS)) != len(data):
        raise ValueError(f"{what} has a control character: {text!r}")
    return data


def _explain_type(status: Any, headers: list[Any]) -> None:
    """What cannot be looked up because it has no hash: raises what the check of that part says."""
    _check_status(status)
    for pair in headers:
        _check_line(pair)
