"""Counts each run by the id in its path, in one file per process; the query says how many milliseconds it takes."""

import os
import time

import record

_file = None


def app(environ, start_response):
    global _file
    if _file is None:
        _file = os.open(
            os.path.join(os.environ["TMPDIR"], f"runs-{os.getpid()}"),
            os.O_WRONLY | os.O_APPEND | os.O_CREAT,
        )
    path = environ["PATH_INFO"]
    os.write(_file, f"{path.rpartition('/')[2]}\n".encode())
    if environ["QUERY_STRING"]:
        time.sleep(int(environ["QUERY_STRING"]) / 1000)
    return record.answer(start_response, path)
