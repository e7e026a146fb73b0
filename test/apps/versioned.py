"""Answers with the text that the file VERSION held when it was imported; does not import if that is `broken`."""

import os

import record

with open(os.path.join(os.environ["TMPDIR"], "version")) as file:
    version = file.read()

if version == "broken":
    raise RuntimeError("this version is broken")


def app(environ, start_response):
    if environ["PATH_INFO"] != "/":
        record.wait_for_gate(environ["PATH_INFO"][1:])
    return record.answer(start_response, version)
