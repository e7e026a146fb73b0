"""Reads a body in two halves and answers with its digest, which it also leaves in a file: a client may have left by then."""

import hashlib
import os
import time
import urllib.parse


def app(environ, start_response):
    """Of the query, all paths: the second half is read when `until` is there; `keep` gets the digest, and PATH.begun says that the first
    half was read. `drip`: an answer that goes on until that is there."""
    query = dict(urllib.parse.parse_qsl(environ["QUERY_STRING"]))
    if "drip" in query:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return _drip(query["drip"])
    stream = environ["wsgi.input"]
    digest = hashlib.sha256(stream.read(int(environ["CONTENT_LENGTH"]) // 2))
    keep = query.get("keep")
    if keep:
        _write(keep + ".begun", "")
    while "until" in query and not os.path.exists(query["until"]):
        time.sleep(0.01)
    digest.update(stream.read())
    if keep:
        _write(keep, digest.hexdigest())
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [digest.hexdigest().encode()]


def _drip(end):
    while not os.path.exists(end):
        yield b"."
        time.sleep(0.05)


def _write(path, text):
    with open(path + ".part", "w") as file:
        file.write(text)
    os.rename(path + ".part", path)
