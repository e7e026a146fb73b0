"""Prints more than a pipe holds."""

import sys

import record

_NOISE = 200 * 1024


def app(environ, start_response):
    stream = sys.stdout if environ["PATH_INFO"] == "/stdout" else sys.stderr
    record.note("printing")
    stream.write("x" * _NOISE + "\n")
    stream.flush()
    return record.answer(start_response, "printed")
