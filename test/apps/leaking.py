"""Keeps as many MiB as the query says, for ever: `?mib=40`. Answers with its process id; /gate/NAME waits first."""

import os

import record

_kept = []


def app(environ, start_response):
    if environ["QUERY_STRING"]:
        mib = int(environ["QUERY_STRING"].partition("=")[2])
        # Not zeros: those are one page until they are written to.
        _kept.append(b"x" * (mib * 1024 * 1024))
    if environ["PATH_INFO"].startswith("/gate/"):
        record.note(f"waiting in {os.getpid()}")
        record.wait_for_gate(environ["PATH_INFO"][6:])
    return record.answer(start_response, str(os.getpid()))
