"""An overloaded database: one lock for all workers, held for as many milliseconds as the query says."""

import fcntl
import os
import time
from urllib.parse import parse_qs

import record


def app(environ, start_response):
    milliseconds = float(parse_qs(environ["QUERY_STRING"])["ms"][0])
    with open(os.path.join(os.environ["TMPDIR"], "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        time.sleep(milliseconds / 1000)
    return record.answer(start_response, "done")
