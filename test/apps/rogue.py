"""Speaks on the server's own sockets, as a broken worker or a broken application would."""

import os
import socket
import struct
import time
from urllib.parse import parse_qs

if os.environ.get("ROGUE_IMPORT_FILE") and os.path.exists(os.environ["ROGUE_IMPORT_FILE"]):
    with open(os.environ["ROGUE_IMPORT_FILE"]) as _file:
        _deed = _file.read()
    if _deed == "control":
        os.write(3, b"this is no report\n")
    elif _deed == "long":
        raise RuntimeError("x" * 1_500_000)


def _channel():
    for descriptor in range(3, 1024):
        try:
            found = socket.socket(fileno=os.dup(descriptor))
            if found.family == socket.AF_UNIX and "channel.sock" in str(found.getpeername()):
                return found
        except OSError:
            pass
    raise RuntimeError("no channel")


def app(environ, start_response):
    query = parse_qs(environ["QUERY_STRING"])
    if environ["PATH_INFO"] == "/too-long":
        number = int(query["number"][0])
        first = int(query["first"][0])
        head = b"200 OK\r\nContent-Length: 5\r\n"
        answer = struct.pack(
            "<IBBHQHHIQQ", 24 + len(head) + first, 2, 4, 0, number, 200, 0, len(head), 5, 0
        )
        channel = _channel()
        channel.sendall(answer + head + b"0" * first)
        channel.sendall(struct.pack("<IBBHQ", 10, 3, 0, 0, number) + b"1" * 10)
        time.sleep(30)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]
