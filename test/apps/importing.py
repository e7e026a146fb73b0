"""Notes each process that imports it. IMPORT_MAKES names what the import leaves behind."""

import os

import record

record.note(f"imported by {os.getpid()}")

_made = os.environ.get("IMPORT_MAKES", "")
kept = []

if _made == "thread":
    import threading

    kept.append(threading.Thread(target=threading.Event().wait, name="ticker", daemon=True))
    kept[0].start()
elif _made == "socket":
    import socket

    kept.append(socket.create_server(("127.0.0.1", 0)))
    kept.append(socket.create_connection(kept[0].getsockname()))
elif _made == "sqlite":
    import sqlite3

    path = os.path.join(os.environ["TMPDIR"], f"{os.getpid()}.db")
    kept.append(sqlite3.connect(path))
    kept[0].execute("create table things (name)")
    kept[0].commit()
elif _made == "epoll":
    import select

    kept.append(select.epoll())
elif _made == "process":
    import multiprocessing
    import time

    context = multiprocessing.get_context("fork")
    process = context.Process(target=time.sleep, args=(60,), name="helper", daemon=True)
    process.start()
    record.note(f"started {process.pid}")


def app(environ, start_response):
    return record.answer(start_response, str(os.getpid()))
