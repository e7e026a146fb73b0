"""/work/<id> is quick, so that a worker is given several at once; the query says what else it does.

`kill`, `exit` and `crash` end its worker; anything else is the name of a gate that it waits for.
"""

import ctypes
import os
import signal

import record


def app(environ, start_response):
    record.note(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} in {os.getpid()}")
    query = environ["QUERY_STRING"]
    if query == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif query == "exit":
        os._exit(7)
    elif query == "crash":
        ctypes.string_at(0)
    elif query:
        record.wait_for_gate(query)
    return record.answer(start_response, environ["PATH_INFO"])
