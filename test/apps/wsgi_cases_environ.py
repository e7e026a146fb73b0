"""What the application got, as JSON: every value of the environ with its exact type."""

import json
import os
import sys

import record


def show(environ, start_response):
    return record.answer(start_response, json.dumps(_seen(environ)))


def _seen(environ):
    return {
        "values": {key: value for key, value in environ.items() if type(value) in (str, bool)},
        "types": {key: type(value).__name__ for key, value in environ.items()},
        "dict": type(environ) is dict,
        "native": all(
            type(key) is str and (type(value) is not str or _is_latin1(value))
            for key, value in environ.items()
        ),
        "version": environ["wsgi.version"] == (1, 0) and type(environ["wsgi.version"]) is tuple,
        "errors_is_stderr": environ["wsgi.errors"] is sys.stderr,
        "callable": [key for key, value in environ.items() if callable(value)],
        "process": {key: os.environ.get(key) for key in ("QUERY_STRING", "HTTP_LEAK")},
    }


def _is_latin1(text):
    return all(ord(character) < 256 for character in text)


def spoil(environ, start_response):
    """Leaves the environ in a state that must be nobody else's."""
    environ["wsgi.version"] = (9, 9)
    environ["SPOILT"] = "yes"
    environ["wsgi.input"] = environ["wsgi.errors"] = None
    del environ["wsgi.url_scheme"]
    return record.answer(start_response, "spoilt")


def empty(environ, start_response):
    """Nothing of the environ is left when the application returns."""
    start_response("200 OK", [])
    environ.clear()
    return [b"emptied"]


def empty_and_raise(environ, start_response):
    environ.clear()
    raise RuntimeError("on purpose, with an empty environ")


class _Unspeakable:
    def __str__(self):
        raise RuntimeError("no text of this")


def replace_and_raise(environ, start_response):
    """What the log line is made of is not text any more."""
    environ["REQUEST_URI"] = environ["PATH_INFO"] = environ["REQUEST_METHOD"] = _Unspeakable()
    raise RuntimeError("on purpose, with a strange environ")
