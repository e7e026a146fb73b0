"""Sleeps as long as the query says: `?seconds=1`."""

import time
from urllib.parse import parse_qs


def app(environ, start_response):
    time.sleep(float(parse_qs(environ["QUERY_STRING"]).get("seconds", ["0"])[0]))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"awake\n"]
