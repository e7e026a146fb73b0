"""/work/<id> is quick, so that a worker is given several at once; with the query `die` it kills its worker."""

import os
import signal

import record


def app(environ, start_response):
    record.note(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} in {os.getpid()}")
    if environ["QUERY_STRING"] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    return record.answer(start_response, environ["PATH_INFO"])
