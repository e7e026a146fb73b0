"""The first process imports it at once. What a later one does, the file `later` says at that moment: `wait` for the
gate `import`, `raise`, `exit` or `crash`; without the file it imports too. Notes each import."""

import ctypes
import os

import record

_DIRECTORY = os.environ["TMPDIR"]


def _deed():
    try:
        with open(os.path.join(_DIRECTORY, "later")) as file:
            return file.read()
    except FileNotFoundError:
        return ""


try:
    os.close(os.open(os.path.join(_DIRECTORY, "imported"), os.O_CREAT | os.O_EXCL))
    deed = ""
except FileExistsError:
    deed = _deed()
record.note(f"import {deed}".strip())

if deed == "wait":
    record.wait_for_gate("import")
if deed == "raise":
    raise RuntimeError("a later import fails")
if deed == "exit":
    os._exit(7)
if deed == "crash":
    ctypes.string_at(0)


def app(environ, start_response):
    if environ["PATH_INFO"].startswith("/gate/"):
        record.note(f"waiting in {os.getpid()}")
        record.wait_for_gate(environ["PATH_INFO"][6:])
    return record.answer(start_response, str(os.getpid()))
