"""What several test applications share: a record of what ran, and gates that a test opens.

Both are files in TMPDIR, which is the test's own directory: they work across processes and deaths.
"""

import os
import time

_DIRECTORY = os.environ["TMPDIR"]
_PATIENCE_SECONDS = 30


def note(text):
    """Appends one line; whole lines of several processes do not mix."""
    descriptor = os.open(os.path.join(_DIRECTORY, "record"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{text}\n".encode())
    os.close(descriptor)


def wait_for_gate(name):
    deadline = time.monotonic() + _PATIENCE_SECONDS
    path = os.path.join(_DIRECTORY, f"gate-{name}")
    while not os.path.exists(path):
        if time.monotonic() > deadline:
            raise TimeoutError(f"nobody opened the gate {name}")
        time.sleep(0.005)


def answer(start_response, text, status="200 OK"):
    body = text.encode()
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
