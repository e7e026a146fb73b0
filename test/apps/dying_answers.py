"""Ends its process behind an answer that is whole, or when a piece of one lies in memory and nobody was told of it."""

import gc
import hashlib
import os
import signal
from urllib.parse import parse_qs


class _Last:
    """One piece, and the end of the process where it is closed."""

    def __init__(self, body):
        self._pieces = iter([body])

    def __len__(self):
        return 1

    def __iter__(self):
        return self._pieces

    def close(self):
        _die()


def _die():
    os.kill(os.getpid(), signal.SIGKILL)


def app(environ, start_response):
    query = {key: values[0] for key, values in parse_qs(environ["QUERY_STRING"]).items()}
    body = hashlib.shake_256(query["seed"].encode()).digest(int(query["n"]))
    start_response("200 OK", [("Content-Length", str(len(body)))])
    if environ["PATH_INFO"] == "/list":
        return [body]
    if environ["PATH_INFO"] == "/untold":
        for each in gc.get_objects():
            if type(each).__name__ == "Channel" and hasattr(each, "has_free_slot"):
                each.put(body)
        if "raise" in query:
            raise RuntimeError("on purpose, where no application can")
        _die()
    return _Last(body)
