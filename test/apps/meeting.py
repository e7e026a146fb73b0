"""Answers when 4 requests of one process run at the same time."""

import threading

import record

_barrier = threading.Barrier(4)


def app(environ, start_response):
    _barrier.wait(20)
    facts = f"{environ['wsgi.multithread']} {environ['wsgi.multiprocess']}"
    return record.answer(start_response, facts)
