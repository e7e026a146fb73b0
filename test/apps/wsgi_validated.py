"""An application that uses all that PEP 3333 offers, between the checks of wsgiref.validate."""

import hashlib
import io
import sys
from wsgiref.validate import validator

import record


def _bare(environ, start_response):
    """The path says how to answer; each body is read first, as every way to read goes."""
    name = environ["PATH_INFO"][1:]
    body = _read(environ, name)
    environ["wsgi.errors"].write(f"checked: {name}\n")
    environ["wsgi.errors"].writelines([])
    environ["wsgi.errors"].flush()
    headers = [("Content-Type", "text/plain"), ("X-Digest", hashlib.sha256(body).hexdigest())]
    answer = _ANSWERS.get(name, _list)
    return answer(environ, start_response, headers)


def _read(environ, name):
    stream = environ["wsgi.input"]
    if name == "lines":
        return b"".join(stream)
    if name == "readlines":
        return b"".join(stream.readlines())
    if name == "readline":
        return b"".join(iter(lambda: stream.readline(), b""))
    return b"".join(iter(lambda: stream.read(1000), b""))


def _list(environ, start_response, headers):
    start_response("200 OK", [*headers, ("Content-Length", "5")])
    return [b"valid"]


def _write(environ, start_response, headers):
    write = start_response("200 OK", headers)
    write(b"va")
    return [b"lid"]


def _generator(environ, start_response, headers):
    start_response("200 OK", headers)
    return (chunk for chunk in (b"", b"va", b"lid"))


def _file(environ, start_response, headers):
    start_response("200 OK", headers)
    return environ["wsgi.file_wrapper"](io.BytesIO(b"valid"))


def _empty(environ, start_response, headers):
    start_response("204 No Content", [])
    return []


def _unchanged(environ, start_response, headers):
    start_response("304 Not Modified", [("ETag", '"x"')])
    return []


def _again(environ, start_response, headers):
    start_response("200 OK", headers)
    try:
        raise ValueError("on purpose, handled")
    except ValueError:
        start_response("500 Handled", headers, sys.exc_info())
    return [b"valid"]


class _Closing(list):
    def close(self):
        record.note("closed the validated one")


def _closing(environ, start_response, headers):
    start_response("200 OK", headers)
    return _Closing([b"va", b"lid"])


_ANSWERS = {
    "write": _write,
    "generator": _generator,
    "file": _file,
    "empty": _empty,
    "unchanged": _unchanged,
    "again": _again,
    "closing": _closing,
}

app = validator(_bare)
