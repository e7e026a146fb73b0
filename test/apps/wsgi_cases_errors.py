"""Errors of the application, and wsgi.errors."""

import sys

import record
from wsgi_cases_support import Watched, query, raising


class _Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError("no text of this error")


class _OwnBase(BaseException):
    pass


def _recurse():
    return _recurse() + 1


def _chained():
    try:
        raise KeyError("the cause")
    except KeyError as error:
        raise RuntimeError("the effect") from error


def _raise(error):
    raise error


def _kinds():
    return {
        "exception": lambda: _raise(RuntimeError("on purpose: a secret")),
        "system-exit": lambda: _raise(SystemExit(3)),
        "system-exit-0": lambda: sys.exit(0),
        "keyboard-interrupt": lambda: _raise(KeyboardInterrupt()),
        "generator-exit": lambda: _raise(GeneratorExit()),
        "stop-iteration": lambda: _raise(StopIteration()),
        "recursion": _recurse,
        "memory": lambda: _raise(MemoryError()),
        "base": lambda: _raise(_OwnBase("of its own")),
        "unspeakable": lambda: _raise(_Unspeakable()),
        "chained": _chained,
        "non-ascii": lambda: _raise(RuntimeError("\u20ac\xe9\udce9")),
        "multi-line": lambda: _raise(RuntimeError("one\ntwo")),
        "assertion": lambda: _raise(AssertionError()),
        "os-error": lambda: _raise(OSError(5, "input/output")),
        "broken-pipe": lambda: _raise(BrokenPipeError(32, "of the application itself")),
        "reset": lambda: _raise(ConnectionResetError(104, "of the application itself")),
        "timeout": lambda: _raise(TimeoutError("of the application itself")),
        "syntax": lambda: eval("1 +"),
        "unicode": lambda: b"\xff".decode(),
        "zero": lambda: 1 // 0,
    }


def in_call(environ, start_response):
    """Before start_response."""
    _kinds()[query(environ)["kind"]]()


def after_start(environ, start_response):
    start_response("200 OK", [("X-Promised", "1"), ("Content-Length", "6")])
    _kinds()[query(environ)["kind"]]()


def in_first_chunk(environ, start_response):
    start_response("200 OK", [("X-Promised", "1")])
    _kinds()[query(environ)["kind"]]()
    yield b"never"


def after_empty_chunk(environ, start_response):
    start_response("200 OK", [("X-Promised", "1")])
    yield b""
    _kinds()[query(environ)["kind"]]()


def after_first_chunk(environ, start_response):
    start_response("200 OK", [])
    yield b"first"
    _kinds()[query(environ)["kind"]]()


def after_write(environ, start_response):
    start_response("200 OK", [])(b"first")
    _kinds()[query(environ)["kind"]]()


def in_iter(environ, start_response):
    start_response("200 OK", [])
    return _RaisingIter()


class _RaisingIter:
    def __iter__(self):
        raise RuntimeError("on purpose, in __iter__")


def own_error_page(environ, start_response):
    """As PEP 3333 shows it: the application handles its own error."""
    try:
        raise RuntimeError("on purpose, handled")
    except RuntimeError:
        start_response("500 Mine", [("Content-Type", "text/html")], sys.exc_info())
        return [b"<h1>sorry</h1>"]


def raising_iterable(environ, start_response):
    start_response("200 OK", [])
    return Watched(query(environ)["name"], raising(RuntimeError("on purpose"), [b"", b"first"]))


def worker(environ, start_response):
    import os

    return record.answer(start_response, str(os.getpid()))


# wsgi.errors


def stream(environ, start_response):
    """`kind` says how it is used."""
    asked = query(environ)
    errors = environ["wsgi.errors"]
    kind = asked["kind"]
    if kind == "write":
        errors.write("errors: a line\n")
    elif kind == "lines":
        errors.writelines(["errors: line one\n", "errors: line two\n"])
    elif kind == "flush":
        errors.write("errors: no line end")
        errors.flush()
        errors.write("\n")
    elif kind == "text":
        errors.write("errors: \u20ac \xe9 \U0001f943\n")
    elif kind == "surrogate":
        errors.write("errors: lone \udce9\n")
    elif kind == "long":
        errors.write("errors: " + "x" * 100_000 + " end\n")
    elif kind == "print":
        print("errors: printed", 1, 2, file=errors)
    elif kind == "close":
        errors.write("errors: before close,")
        errors.close()
    elif kind == "with":
        with errors:
            errors.write("errors: within,")
    elif kind == "unfinished":
        errors.write("errors: unfinished,")
        raise RuntimeError("on purpose, behind an unfinished line")
    return record.answer(start_response, "said")


def stream_methods(environ, start_response):
    names = ("flush", "write", "writelines")
    found = [name for name in names if callable(getattr(environ["wsgi.errors"], name, None))]
    return record.answer(start_response, ",".join(found))


def stream_in_close(environ, start_response):
    class Closing(list):
        def close(self):
            environ["wsgi.errors"].write("errors: in close\n")

    start_response("200 OK", [])
    return Closing([b"said"])
