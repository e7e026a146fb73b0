"""The smallest WSGI application: what is measured is the server. Other paths: see `app`."""

import time

BODY = b"Hello, World!\n"
HEADERS = [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))]
MIB = b"x" * 2**20
MIB_HEADERS = [("Content-Type", "application/octet-stream"), ("Content-Length", str(len(MIB)))]


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/slow":  # As one that waits for its database.
        time.sleep(0.1)
    elif path == "/down":
        start_response("200 OK", MIB_HEADERS)
        return [MIB]
    elif path == "/up":
        while environ["wsgi.input"].read(2**16):
            pass
    start_response("200 OK", HEADERS)
    return [BODY]
