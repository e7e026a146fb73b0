"""What the three framework applications share: a mount, a file to send, facts of bodies."""

import hashlib
import os
import tempfile
import threading

CONTENT = bytes(range(256)) * 40
PATH = os.path.join(tempfile.mkdtemp(dir=os.environ["TMPDIR"]), "data.bin")
with open(PATH, "wb") as _file:
    _file.write(CONTENT)
os.utime(PATH, (1_700_000_000, 1_700_000_000))

_meeting = threading.Barrier(4)


def mounted(application):
    """The application at / and at /mnt, where the prefix moves from PATH_INFO to SCRIPT_NAME."""

    def app(environ, start_response):
        path = environ["PATH_INFO"]
        if path == "/mnt" or path.startswith("/mnt/"):
            environ["SCRIPT_NAME"] += "/mnt"
            environ["PATH_INFO"] = path[4:]
        return application(environ, start_response)

    return app


def facts(data):
    return {"length": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def facts_of_file(stream):
    digest, length = hashlib.sha256(), 0
    while True:
        block = stream.read(65536)
        if not block:
            return {"length": length, "sha256": digest.hexdigest()}
        digest.update(block)
        length += len(block)


def meet():
    """Returns when four threads are here."""
    _meeting.wait(20)
