"""Runs the operations of X-Operations on wsgi.input and tells what each gave."""

import hashlib
import json

import record

_MAX_TEXT = 300


def run(environ, start_response):
    stream = environ["wsgi.input"]
    results = [_run(stream, *operation) for operation in json.loads(environ["HTTP_X_OPERATIONS"])]
    return record.answer(start_response, json.dumps(results))


def _run(stream, name, *arguments):
    if name == "iterate":
        return [_shown(line) for line in stream]
    if name == "next":
        return _shown(next(iter(stream)))
    if name == "drain":
        return _shown(b"".join(iter(lambda: stream.read(arguments[0]), b"")))
    result = getattr(stream, name)(*arguments)
    return [_shown(line) for line in result] if type(result) is list else _shown(result)


def _shown(data):
    if type(data) is not bytes:
        return f"not bytes: {type(data).__name__}"
    if len(data) <= _MAX_TEXT:
        return data.decode("latin-1")
    return f"{len(data)} {hashlib.sha256(data).hexdigest()}"


def ignore(environ, start_response):
    return record.answer(start_response, "unread")


def some(environ, start_response):
    return record.answer(start_response, environ["wsgi.input"].read(3).decode("latin-1"))


def late(environ, start_response):
    """Reads while the body of the answer is made."""
    start_response("200 OK", [])
    yield b"<"
    while True:
        block = environ["wsgi.input"].read(65536)
        if not block:
            break
        yield b"%d," % len(block)
    yield b">"


class in_close:
    """Reads when the answer is out already."""

    def __init__(self, environ, start_response):
        self._stream = environ["wsgi.input"]
        start_response("200 OK", [])

    def __iter__(self):
        return iter([b"whole"])

    def close(self):
        record.note(f"in close: {len(self._stream.read())} bytes")


def closing(environ, start_response):
    """An application should not; nothing may break."""
    environ["wsgi.input"].close()
    return record.answer(start_response, "closed")


def by_length(environ, start_response):
    """The careful way of PEP 3333."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return record.answer(start_response, str(len(environ["wsgi.input"].read(length))))
