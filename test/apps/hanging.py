"""Does not answer, in several ways."""

import os
import re
import time

import record


def stuck_in_sleep():
    time.sleep(60)


def stuck_in_loop():
    end = time.monotonic() + 60
    while time.monotonic() < end:
        pass


def stuck_in_c_code():
    # Backtracks for years, in one call that never lets another thread run.
    re.match(r"(a+)+b", "a" * 60)


def _stream(pause, count):
    for index in range(count):
        yield f"{index}\n".encode()
        time.sleep(pause)


def app(environ, start_response):
    path = environ["PATH_INFO"]
    record.note(f"{environ['REQUEST_METHOD']} {path} in {os.getpid()}")
    if path == "/sleep":
        stuck_in_sleep()
    if path == "/loop":
        stuck_in_loop()
    if path == "/c":
        stuck_in_c_code()
    if path.startswith("/wait/"):
        record.wait_for_gate(path[6:])
    if path == "/large":
        return record.answer(start_response, "x" * (8 * 1024 * 1024))
    if path in ("/silent-stream", "/steady-stream"):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return _stream(60, 2) if path == "/silent-stream" else _stream(0.4, 5)
    return record.answer(start_response, str(os.getpid()))
