"""Ends its process as the path says, once the gate of the query is open; notes each run."""

import ctypes
import os
import signal

import record


def _end(how):
    if how == "exit":
        os._exit(7)
    if how == "crash":
        ctypes.string_at(0)
    if how == "abort":
        os.abort()
    if how == "terminate":
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)


def app(environ, start_response):
    _, how, *rest = environ["PATH_INFO"].split("/")
    record.note(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
    if environ["QUERY_STRING"]:
        record.wait_for_gate(environ["QUERY_STRING"])
    if rest[:1] == ["once"]:
        # Only the first run of this request dies.
        try:
            os.close(os.open(os.path.join(os.environ["TMPDIR"], "died"), os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            how = "survive"
    if rest[:1] == ["late"]:
        return _end_after_first_chunk(how, start_response)
    _end(how)
    return record.answer(start_response, str(os.getpid()))


def _end_after_first_chunk(how, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"first"
    _end(how)
