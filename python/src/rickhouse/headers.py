"""Checks of a status line and a header list (PEP 3333, RFC 9110 section 5) and their way to a head
block.

Pure. Hot: once per answer, so what is right goes through few operations, and `_explain` finds out
what is wrong.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, NoReturn

from .wire import (
    ANSWER_DATE,
    ANSWER_LENGTH,
    ANSWER_SERVER,
    MAX_CONTENT_LENGTH,
    MAX_HEAD_BLOCK_BYTES,
)

NO_LENGTH = -1

# RFC 9110 section 5.6.2, RFC 9112 section 4. fullmatch() of both.
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_STATUS = re.compile(r"([2-9][0-9][0-9])(?: .*)?", re.DOTALL)
# As wsgiref's is_hop_by_hop, with the field that RFC 9110 knows as Trailer and the one that proxies
# invented.
_HOP_BY_HOP = frozenset(
    (
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization"),
        *("proxy-connection", "te", "trailer", "trailers", "transfer-encoding", "upgrade"),
    )
)
# Deleting these from a block must leave all of it but the line ends: quicker than a pattern (0.1 µs
# for 200 bytes).
_CONTROLS = bytes([*range(0x09), *range(0x0A, 0x20), 0x7F])
# 204 has no Content-Length (RFC 9110 section 8.6); 205 has no content, and says so (section
# 15.3.6).
_NO_CONTENT = 204
_RESET_CONTENT = 205
BODILESS = frozenset((_NO_CONTENT, _RESET_CONTENT, 304))

_PLAIN, _LENGTH, _DATE, _SERVER = 0, ANSWER_LENGTH, ANSWER_DATE, ANSWER_SERVER
_KINDS = {"content-length": _LENGTH, "date": _DATE, "server": _SERVER}

# Names and statuses as applications write them: a bounded set in practice, and bounded here.
_MAX_KNOWN = 512
_known_names: dict[str, tuple[str, int]] = {}
_known_statuses: dict[str, int] = {}


class Head(NamedTuple):
    status: int
    # What stands after `HTTP/1.1 `, up to and not including the empty line.
    block: bytes
    # ANSWER_LENGTH, ANSWER_DATE, ANSWER_SERVER.
    flags: int
    # NO_LENGTH without a Content-Length.
    content_length: int


def build_head(status: str, headers: list[tuple[str, str]]) -> Head:
    """Raises TypeError or ValueError that says what is wrong."""
    if not isinstance(headers, list):
        raise TypeError(f"response headers must be a list, not {type(headers).__name__}")
    try:
        code = _known_statuses.get(status) or _status_code(status)
        lines = [status]
        flags = 0
        length = NO_LENGTH
        for pair in headers:
            name, value = pair
            prefix, kind = _known_names.get(name) or _name(name)
            line = prefix + value
            if kind:
                if kind == _LENGTH:
                    length = _content_length(value, length)
                    if code in (_NO_CONTENT, _RESET_CONTENT):
                        continue
                flags |= kind
            lines.append(line)
            if type(pair) is not tuple:
                _require_tuple(pair)
        if code in BODILESS:
            length = _bodiless_length(code, length, lines)
            flags = flags & ~ANSWER_LENGTH | (ANSWER_LENGTH if length >= 0 else 0)
        elif len(status) == 3:
            lines[0] = status + " "  # The space is not optional on the wire (RFC 9112 section 4).
        lines.append("")
        block = "\r\n".join(lines).encode("latin-1")
    except (TypeError, UnicodeEncodeError, ValueError) as error:
        _explain(status, headers, error)
    if len(block.translate(None, _CONTROLS)) != len(block) - 2 * (len(lines) - 1):
        _explain(status, headers, None)
    if len(block) > MAX_HEAD_BLOCK_BYTES:
        raise ValueError(
            f"the response head has {len(block)} bytes; at most {MAX_HEAD_BLOCK_BYTES} are sent"
        )
    return Head(code, block, flags, length)


def _status_code(status: str) -> int:
    if not isinstance(status, str):
        raise TypeError(f"the status must be a str, not {type(status).__name__}")
    match = _STATUS.fullmatch(status)
    if match is None:
        raise ValueError(
            f"the status must be three digits from 200 to 999, a space and a reason, not {status!r}"
        )
    code = int(match[1])
    if len(_known_statuses) < _MAX_KNOWN:
        _known_statuses[status] = code
    return code


def _name(name: str) -> tuple[str, int]:
    """The start of the name's lines, and what the front needs to know of it."""
    if not isinstance(name, str):
        raise TypeError(f"a header name must be a str, not {type(name).__name__} ({name!r})")
    if _TOKEN.fullmatch(name) is None:
        raise ValueError(f"{name!r} is not a header name")
    lower = name.lower()
    if lower in _HOP_BY_HOP:
        raise ValueError(
            f"the header {name} is the server's own business (hop-by-hop): leave it out"
        )
    known = (name + ": ", _KINDS.get(lower, _PLAIN))
    if len(_known_names) < _MAX_KNOWN:
        _known_names[name] = known
    return known


def _content_length(value: str, earlier: int) -> int:
    if (
        not (value.isascii() and value.isdigit())
        or len(value) > 16
        or int(value) > MAX_CONTENT_LENGTH
    ):
        raise ValueError(f"Content-Length must be a number of bytes, not {value!r}")
    if earlier != NO_LENGTH:
        raise ValueError("two Content-Length headers")
    return int(value)


def _bodiless_length(code: int, length: int, lines: list[str]) -> int:
    if len(lines[0]) == 3:
        lines[0] += " "
    if code == _RESET_CONTENT:
        lines.append("Content-Length: 0")
        return 0
    return NO_LENGTH if code == _NO_CONTENT else length


def _require_tuple(pair: object) -> None:
    if not isinstance(pair, tuple):
        raise TypeError(
            f"a header must be a tuple of name and value, not {type(pair).__name__} ({pair!r})"
        )


def _explain(status: str, headers: list[Any], error: Exception | None) -> NoReturn:
    """The slow twin: goes through the list once more and raises for the first thing that is wrong."""
    _status_code(status)
    _check_text(status, "the status")
    for pair in headers:
        _require_tuple(pair)
        if len(pair) != 2:
            raise ValueError(f"a header must be a tuple of name and value, not {pair!r}") from None
        name, value = pair
        _name(name)
        if not isinstance(value, str):
            raise TypeError(
                f"the value of {name} must be a str, not {type(value).__name__} ({value!r})"
            ) from None
        _check_text(value, f"the value of {name}")
    raise error or ValueError("the response head has a control character")


def _check_text(text: str, what: str) -> None:
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{what} has a character outside of latin-1: {text[error.start]!r}"
        ) from None
    if data.translate(None, _CONTROLS) != data:
        raise ValueError(f"{what} has a control character: {text!r}")
