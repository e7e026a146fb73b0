"""Computes for as many milliseconds of processor time as the query says: `?ms=20`."""

import time
from urllib.parse import parse_qs


def app(environ, start_response):
    seconds = float(parse_qs(environ["QUERY_STRING"])["ms"][0]) / 1000
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"done\n"]
