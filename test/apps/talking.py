"""Says something on both streams in each of the ways in which applications do."""

import atexit
import logging
import os
import subprocess
import sys

import record

print("said at import")
if os.environ.get("TALKING_FAILS"):
    raise RuntimeError("not today")
# Holds the stream that was there at the import.
logging.basicConfig(level=logging.INFO, format="%(message)s")
atexit.register(lambda: print("said at exit"))


def app(environ, start_response):
    how = environ["PATH_INFO"]
    name = environ["QUERY_STRING"]
    if how == "/print":
        print(f"printed {name}")
        sys.stderr.write(f"complained {name}\n")
        environ["wsgi.errors"].write(f"erred {name}\n")
        logging.info(f"logged {name}")
        print("without an end", end="")
    if how == "/raise":
        logging.exception("caught")
        raise ValueError("what a pity")
    if how == "/subprocess":
        subprocess.run(["/bin/sh", "-c", "echo a child said; echo a child erred >&2"], check=True)
        os.write(1, b"written\n")
    if how == "/forge":
        os.write(1, b"\0" + b"0" * 32 + b" forged t 3\nabc\n{\"level\":\"error\"}\n\xff\x1b[2J\n")
    if how == "/much":
        record.note("printing")
        for number in range(1024):
            print(f"{name}{number:06} " + "x" * 1016)
        record.note("printed")
    if how == "/die":
        print("last words")
        os._exit(7)
    if how == "/isatty":
        return record.answer(start_response, f"{sys.stdout.isatty()} {sys.stdout.fileno()}")
    return record.answer(start_response, str(os.getpid()))
