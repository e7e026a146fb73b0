"""The Python half of the bridge: calls a WSGI application for requests that come as JSON.

Usage: bridge.py DIRECTORY MODULE CALLABLE     writes its port to descriptor 3, ends with its stdin
"""

import importlib
import io
import json
import os
import signal
import socketserver
import sys
import threading
import traceback


class Bridge(socketserver.StreamRequestHandler):
    def handle(self):
        request = json.loads(self.rfile.readline())
        environ = request["environ"]
        environ["wsgi.version"] = (1, 0)
        environ["wsgi.input"] = io.BytesIO(request["body"].encode("latin-1"))
        environ["wsgi.errors"] = sys.stderr
        try:
            answer = call(application, environ)
        except Exception:
            traceback.print_exc()
            answer = {"status": "500 Internal Server Error", "headers": [], "body": ""}
        self.wfile.write(json.dumps(answer).encode())


def call(app, environ):
    """The whole of PEP 3333 on the server's side."""
    answer, body = {}, []

    def start_response(status, headers, exc_info=None):
        answer.update(status=status, headers=headers)
        return body.append

    result = app(environ, start_response)
    try:
        body.extend(result)
    finally:
        if hasattr(result, "close"):
            result.close()
    return {**answer, "body": b"".join(body).decode("latin-1")}


directory, module, name = sys.argv[1:]
sys.path.insert(0, directory)
signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, whose end is ours
application = getattr(importlib.import_module(module), name)
server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Bridge)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.write(3, b"%d" % server.server_address[1])
os.close(3)
sys.stdin.read()
