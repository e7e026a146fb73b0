"""Answers `gone` as soon as the server tells that the client has sent FIN, `there` if it never does; /endless goes on until it is closed."""

import time

import record


def app(environ, start_response):
    name = environ["PATH_INFO"][1:]
    record.note(name)
    if name == "held":
        record.wait_for_gate("held")
        return record.answer(start_response, "held")
    if name == "endless":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return go_on()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if environ["rickhouse.client_disconnected"]():
            return record.answer(start_response, "gone")
        time.sleep(0.002)
    return record.answer(start_response, "there")


def go_on():
    try:
        while True:
            yield b"."
            time.sleep(0.01)
    finally:
        record.note("closed")
