"""Answers of every shape: the path says which, the query how large. `/state` tells what became of the others."""

import hashlib
import json
import os
import time
from urllib.parse import parse_qs

_PATTERN = bytes(range(256)) * 256
_STATE = {"calls": 0, "produced": 0, "closed": 0, "disconnected": 0, "write_failed": 0}
_PATIENCE_SECONDS = 20


def pattern(start, length):
    """What stands in every body: byte n of it is n modulo 256."""
    first = start % 256
    whole = _PATTERN * (length // len(_PATTERN) + 2)
    return whole[first : first + length]


def app(environ, start_response):
    query = {key: values[0] for key, values in parse_qs(environ["QUERY_STRING"]).items()}
    answer = _ANSWERS[environ["PATH_INFO"]]
    if environ["PATH_INFO"] != "/state":
        _STATE["calls"] += 1
    return answer(environ, start_response, query)


def _state(environ, start_response, query):
    return _json(start_response, _STATE)


def _list(environ, start_response, query):
    start_response("200 OK", [])
    return [pattern(0, int(query["n"]))]


def _parts(environ, start_response, query):
    """A list of several parts: the server must find the length out or chunk."""
    start_response("200 OK", [])
    return [pattern(0, 10), b"", pattern(10, 20)]


def _length(environ, start_response, query):
    """Says `say` bytes, gives `n`, in pieces."""
    start_response("200 OK", [("Content-Length", query["say"])])
    return _pieces(int(query["n"]), int(query.get("piece", 65536)))


def _stream(environ, start_response, query):
    start_response("200 OK", [])
    return _pieces(int(query["n"]), int(query.get("piece", 65536)))


def _raise(environ, start_response, query):
    fields = [("Content-Length", query["say"])] if "say" in query else []
    start_response("200 OK", fields)
    yield from _pieces(int(query["n"]), 65536)
    raise RuntimeError("on purpose, behind the first bytes")


def _status(environ, start_response, query):
    start_response(query["line"], [])
    return [b"a body"]


def _own(environ, start_response, query):
    start_response(
        "200 OK", [("date", "Thu, 01 Jan 1970 00:00:00 GMT"), ("SERVER", "own"), ("X", "1")]
    )
    return [b"x"]


def _gate(environ, start_response, query):
    """Waits for a file."""
    _wait(lambda: os.path.exists(query["path"]))
    start_response("200 OK", [])
    return [b"open"]


def _gated_stream(environ, start_response, query):
    """One piece, then waits for a file."""
    start_response("200 OK", [])
    yield b"first"
    _wait(lambda: os.path.exists(query["path"]))
    yield b"second"


def _watch(environ, start_response, query):
    """Waits until its client has gone."""
    _STATE["watching"] = True
    gone = environ["rickhouse.client_disconnected"]
    _STATE["disconnected"] += _wait(gone)
    start_response("200 OK", [])
    return [b"alone"]


def _upload(environ, start_response, query):
    digest = hashlib.sha256()
    length = 0
    stream = environ["wsgi.input"]
    while True:
        data = stream.read(65536)
        if not data:
            break
        length += len(data)
        digest.update(data)
    name = getattr(stream, "name", None)
    return _json(
        start_response,
        {
            "length": length,
            "sha256": digest.hexdigest(),
            "content_length": environ.get("CONTENT_LENGTH"),
            "mode": oct(os.stat(name).st_mode & 0o777) if name else None,
        },
    )


class _Pieces:
    def __init__(self, length, size):
        self._at = 0
        self._length = length
        self._size = size

    def __iter__(self):
        return self

    def __next__(self):
        if self._at >= self._length:
            raise StopIteration
        piece = pattern(self._at, min(self._size, self._length - self._at))
        self._at += len(piece)
        _STATE["produced"] += len(piece)
        return piece

    def close(self):
        _STATE["closed"] += 1


def _pieces(length, size):
    return _Pieces(length, size)


def _wait(condition):
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.005)
    return False


def _json(start_response, value):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(value).encode("ascii")]


_ANSWERS = {
    "/state": _state,
    "/list": _list,
    "/parts": _parts,
    "/length": _length,
    "/stream": _stream,
    "/raise": _raise,
    "/status": _status,
    "/own": _own,
    "/gate": _gate,
    "/gated-stream": _gated_stream,
    "/watch": _watch,
    "/upload": _upload,
}
