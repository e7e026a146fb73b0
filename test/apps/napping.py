"""Sleeps for as many milliseconds as the query says: `?ms=100`."""

import time
from urllib.parse import parse_qs

import record


def app(environ, start_response):
    time.sleep(float(parse_qs(environ["QUERY_STRING"])["ms"][0]) / 1000)
    return record.answer(start_response, "awake")
