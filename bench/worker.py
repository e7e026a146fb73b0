"""What a worker spends on a request around the application's own call.

From the frame in its socket to the answer in it, in windows of 32, by the kernel's account of its processor time; the
application answers a constant. The front's part is played by the tests' own (python/tests/support.py), in another process.
Linux only. Usage: python3 bench/worker.py
"""

from __future__ import annotations

import socket
import statistics
import sys
import time
from pathlib import Path
from typing import Any

PYTHON = Path(__file__).parent.parent / "python"
sys.path[:0] = [str(PYTHON / "src"), str(PYTHON / "tests")]

from rickhouse import wire  # noqa: E402
from support import environ_of, load_zygote, request_frame  # noqa: E402

WINDOW = 32
WINDOWS = 200
ROUNDS = 30
LIST = """
HEADERS = [("Content-Type", "text/plain"), ("Content-Length", "14")]

def app(environ, start_response):
    start_response("200 OK", HEADERS)
    return [b"Hello, World!\\n"]
"""
# As Werkzeug and Django answer.
CLOSING = """
HEADERS = [("Content-Type", "text/plain"), ("Content-Length", "14")]

class Closing:
    def __init__(self, parts):
        self._next = iter(parts).__next__

    def __iter__(self):
        return self

    def __next__(self):
        return self._next()

    def close(self):
        pass

def app(environ, start_response):
    start_response("200 OK", HEADERS)
    return Closing((b"Hello, World!\\n",))
"""
APPLICATIONS = {"a list": LIST, "an iterable with close()": CLOSING}
TRACE = {"rickhouse.request_id": "m57qdqtkq100002qmq", "HTTP_X_REQUEST_START": "t=1.764450000000"}
KINDS: dict[str, dict[str, str]] = {
    "wrk's": {},
    "a browser's": {
        "HTTP_CONNECTION": "keep-alive",
        "HTTP_SEC_CH_UA": '"Chromium";v="142", "Not?A_Brand";v="99"',
        "HTTP_SEC_CH_UA_MOBILE": "?0",
        "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0",
        "HTTP_ACCEPT": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "HTTP_SEC_FETCH_SITE": "none",
        "HTTP_SEC_FETCH_MODE": "navigate",
        "HTTP_ACCEPT_ENCODING": "gzip, deflate, br, zstd",
        "HTTP_ACCEPT_LANGUAGE": "en-US,en;q=0.9",
        "HTTP_COOKIE": "session=0123456789abcdef0123456789abcdef",
    },
}


def processor_us(pid: int) -> float:
    with open(f"/proc/{pid}/schedstat") as file:
        return int(file.read().split()[0]) / 1000


def run_windows(channel: socket.socket, first: int, environ: dict[str, Any]) -> int:
    """Returns the next number."""
    number = first
    for _ in range(WINDOWS):
        numbers = range(number, number + WINDOW)
        number += WINDOW
        channel.sendall(b"".join(request_frame(each, environ) for each in numbers))
        await_end(channel, numbers[-1])
    return number


def await_end(channel: socket.socket, last: int) -> None:
    """Reads answers until that of the last request of a window is whole."""
    unread = b""
    while True:
        decoded = wire.decode_from_worker(unread)
        if decoded is None:
            data = channel.recv(1 << 20)
            if not data:
                raise EOFError("the worker has ended")
            unread += data
            continue
        message, length = decoded
        unread = unread[length:]
        is_whole = isinstance(message, wire.End) or message.flags & wire.ANSWER_END
        if message.number == last and is_whole:
            return


def application_us(source: str) -> float:
    """The least of many rounds of what is the application's own alone."""
    names: dict[str, Any] = {}
    exec(source, names)
    app, environ, least = names["app"], environ_of(), float("inf")
    for _ in range(ROUNDS):
        begun = time.perf_counter_ns()
        for _ in range(10_000):
            body = app(environ, lambda status, headers: None)
            if source is CLOSING:
                for _ in body:
                    pass
                body.close()
        least = min(least, (time.perf_counter_ns() - begun) / 1e7)
    return least


def measure(source: str, environ: dict[str, Any]) -> list[float]:
    """Of each round, what a request took, in microseconds."""
    costs = []
    with load_zygote(source) as front:
        channel = front.start_worker().socket
        pid = front.pids[1]
        number = run_windows(channel, 1, environ)
        for _ in range(ROUNDS):
            before = processor_us(pid)
            number = run_windows(channel, number, environ)
            costs.append((processor_us(pid) - before) / (WINDOWS * WINDOW))
    return costs


def main() -> None:
    for name, source in APPLICATIONS.items():
        own = application_us(source)
        print(f"{sys.version.split()[0]}; {name}; the application's own: {own:.2f} us")
        for kind, fields in KINDS.items():
            costs = measure(source, environ_of(**TRACE, **fields))
            least, median = min(costs) - own, statistics.median(costs) - own
            print(f"  {kind} request: least {least:.2f} us, median {median:.2f} us")


main()
