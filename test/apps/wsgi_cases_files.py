"""wsgi.file_wrapper: real files, files that are none, positions and lengths."""

import io
import os
import tempfile

import record
from wsgi_cases_support import query

_TEXT = b"0123456789" * 10


def _file(data=_TEXT):
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the server closes it)
    file.write(data)
    file.seek(0)
    return file


class _Noted:
    """A file-like object with nothing but read() and close()."""

    def __init__(self, data, name):
        self._stream = io.BytesIO(data)
        self._name = name

    def read(self, size=-1):
        return self._stream.read(size)

    def close(self):
        record.note(f"{self._name}: closed")


class _OnlyRead:
    def __init__(self, data):
        self._stream = io.BytesIO(data)

    def read(self, size):
        return self._stream.read(size)


class _StrangeDescriptor(io.BytesIO):
    """fileno() that is no descriptor."""

    def fileno(self):
        return "seven"


class _OtherDescriptor(io.BytesIO):
    """A descriptor whose file holds something else than read() gives, as GzipFile has it."""

    def __init__(self, data):
        super().__init__(data)
        self._other = _file(b"raw bytes below")

    def fileno(self):
        return self._other.fileno()


class _ShortReads(io.BytesIO):
    """Gives less than is asked for."""

    def read(self, size=-1):
        return super().read(min(size, 7) if size > 0 else 7)


class _RaisingLater(io.BytesIO):
    def read(self, size=-1):
        if self.tell() > 0:
            raise OSError("on purpose, in read")
        return super().read(10)


def _pipe():
    reader, writer = os.pipe()
    os.write(writer, _TEXT)
    os.close(writer)
    return os.fdopen(reader, "rb")


def _in_the_middle():
    file = _file()
    file.seek(95)
    return file


def _at_the_end():
    file = _file()
    file.seek(0, os.SEEK_END)
    return file


def _partly_read():
    """The buffer of the file object is ahead of what was read."""
    file = _file()
    file.read(95)
    return file


_KINDS = {
    "real": _file,
    "middle": _in_the_middle,
    "end": _at_the_end,
    "partly-read": _partly_read,
    "empty": lambda: _file(b""),
    "memory": lambda: io.BytesIO(_TEXT),
    "only-read": lambda: _OnlyRead(_TEXT),
    "strange-descriptor": lambda: _StrangeDescriptor(_TEXT),
    "other-descriptor": lambda: _OtherDescriptor(_TEXT),
    "short-reads": lambda: _ShortReads(_TEXT),
    "raising": lambda: _RaisingLater(_TEXT),
    "text": lambda: io.StringIO("text"),
    "pipe": _pipe,
    "large": lambda: _file(bytes(range(256)) * 12_000),
    "large-memory": lambda: io.BytesIO(bytes(range(256)) * 12_000),
}


def wrapped(environ, start_response):
    asked = query(environ)
    name = asked.get("name")
    file = _Noted(_TEXT, name) if asked["kind"] == "noted" else _KINDS[asked["kind"]]()
    headers = [("Content-Type", "application/octet-stream")]
    if "say" in asked:
        headers.append(("Content-Length", asked["say"]))
    start_response(asked.get("status", "200+OK").replace("+", " "), headers)
    wrap = environ["wsgi.file_wrapper"]
    return wrap(file, int(asked["block"])) if "block" in asked else wrap(file)


def in_a_list(environ, start_response):
    """A wrapper is an iterable like any other: a middleware may take it apart."""
    start_response("200 OK", [])
    return list(environ["wsgi.file_wrapper"](_file(), 30))


def through_generator(environ, start_response):
    start_response("200 OK", [])
    yield b"<"
    yield from environ["wsgi.file_wrapper"](io.BytesIO(_TEXT), 30)
    yield b">"


def plain_file(environ, start_response):
    """A file itself is an iterable of lines with close()."""
    start_response("200 OK", [])
    file = _file(b"one\r\ntwo\nthree")
    _opened[:] = [file]
    return file


_opened = []


def plain_file_closed(environ, start_response):
    return record.answer(start_response, str(_opened[0].closed))


def not_used(environ, start_response):
    """Made, but something else is returned: the file is the application's to close."""
    environ["wsgi.file_wrapper"](_Noted(_TEXT, "not used"))
    return record.answer(start_response, "something else")


def shape(environ, start_response):
    """Called with one or two arguments; has close() only where the file has it."""
    wrap = environ["wsgi.file_wrapper"]
    facts = [
        callable(wrap),
        hasattr(wrap(io.BytesIO()), "close"),
        hasattr(wrap(_OnlyRead(b"")), "close"),
        hasattr(wrap(io.BytesIO(), 10), "__iter__"),
        b"".join(wrap(io.BytesIO(b"abc"), 2)).decode(),
    ]
    return record.answer(start_response, repr(facts))
