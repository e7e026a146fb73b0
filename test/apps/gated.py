"""Each request notes its path and waits for the gate of that name; /free/... does not wait."""

import os

import record


def app(environ, start_response):
    name = environ["PATH_INFO"][1:]
    record.note(f"{environ['REQUEST_METHOD']} {name} in {os.getpid()}")
    if not name.startswith("free"):
        record.wait_for_gate(name)
    return record.answer(start_response, name)
