"""What the faults of this folder ask of an application: the path says what it does, FAULTS_DIR keeps notes of it."""

import ctypes
import os
import re
import subprocess
import time
from urllib.parse import parse_qs

_DIRECTORY = os.environ["FAULTS_DIR"]
_PIECE = b"x" * 65536
_children = []


def note(name, text=""):
    """One line in a file: seen from outside whichever worker it was."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    descriptor = os.open(os.path.join(_DIRECTORY, name), flags, 0o666)
    os.write(descriptor, f"{text}\n".encode("latin-1", "replace"))
    os.close(descriptor)


def _read_version():
    try:
        with open(os.path.join(_DIRECTORY, "version")) as file:
            return file.read()
    except FileNotFoundError:
        return "0"


version = _read_version()
if version == "broken":
    raise RuntimeError("this version does not import")


class _Pieces:
    def __init__(self, size):
        self._left = size

    def __iter__(self):
        return self

    def __next__(self):
        if self._left <= 0:
            raise StopIteration
        self._left -= len(_PIECE)
        return _PIECE

    def close(self):
        note("closed")


def _break_off():
    yield b"first"
    time.sleep(0.1)
    raise RuntimeError("on purpose, behind the first bytes")


def _upload(environ):
    try:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 1 << 20))
    except Exception as error:
        note("upload-refused", type(error).__name__)
        raise
    note("upload", len(body))
    return str(len(body)).encode()


def _spawn():
    """Programs that nobody waits for."""
    _children.extend(subprocess.Popen(["true"]) for _ in range(5))
    return b"started"


def _text(environ, query):
    path = environ["PATH_INFO"]
    if path == "/nap":
        time.sleep(int(query["ms"][0]) / 1000)
    elif path == "/mark":
        note("mark")
    elif path == "/exit":
        os._exit(1)
    elif path == "/segv":
        ctypes.string_at(0)
    elif path == "/hang":
        time.sleep(60)
    elif path == "/c":
        # Backtracks for years, in one call that never lets another thread run.
        re.match(r"(a+)+b", "a" * 60)
    elif path == "/spawn":
        return _spawn()
    elif path == "/upload":
        return _upload(environ)
    elif path == "/big":
        return _PIECE * 160
    elif path == "/variable":
        return environ.get(query["name"][0], "absent").encode("latin-1")
    elif path == "/pid":
        return str(os.getpid()).encode()
    return f"Hello, World! {version}".encode()


def app(environ, start_response):
    path = environ["PATH_INFO"]
    query = parse_qs(environ["QUERY_STRING"])
    if path.startswith("/smuggled"):
        note("smuggled", path)
    plain = ("Content-Type", "text/plain")
    if path == "/stream":
        start_response("200 OK", [plain])
        return _Pieces(int(query["n"][0]))
    if path == "/broken":
        start_response("200 OK", [plain])
        return _break_off()
    if path in ("/short", "/long"):
        size, said = (10, "100") if path == "/short" else (100, "10")
        start_response("200 OK", [plain, ("Content-Length", said)])
        return [b"x" * size]
    body = _text(environ, query)
    start_response("200 OK", [plain, ("Content-Length", str(len(body)))])
    return [body]
