"""bjoern has no command: `serve_bjoern.py MODULE PORT WORKERS` forks workers that share the port."""

import importlib
import os
import signal
import sys

import bjoern

module, port, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
app = importlib.import_module(module).app
children = []
for _ in range(workers):
    child = os.fork()
    if child == 0:
        bjoern.run(app, "127.0.0.1", port, reuse_port=True)
        sys.exit(0)
    children.append(child)


def end(signum, frame):
    for child in children:
        os.kill(child, signal.SIGTERM)
    sys.exit(0)


signal.signal(signal.SIGTERM, end)
while True:
    signal.pause()
