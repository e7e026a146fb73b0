"""Answers with the token that its worker was given, found in the frames that led here."""

import sys

import record


def app(environ, start_response):
    frame = sys._getframe()
    while frame is not None:
        tokens = frame.f_locals.get("tokens")
        if tokens:
            return record.answer(start_response, tokens[0])
        frame = frame.f_back
    return record.answer(start_response, "no token")
