"""The smallest application: the same answer to every request.

bin/rickhouse examples/hello:app
"""

BODY = b"Hello world!\n"
HEADERS = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]


def app(environ, start_response):
    start_response("200 OK", list(HEADERS))
    return [BODY]
