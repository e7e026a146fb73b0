"""Counts with prometheus_client: one of each kind. /die ends the worker, /wait/NAME waits for a gate."""

import os

import record
from prometheus_client import Counter, Gauge, Histogram, Summary

COUNTED = Counter("app_counted", "Requests by \"path\".", ["path"])
TIMES = Histogram("app_times_seconds", "Times.", ["path"], buckets=(0.1, 1))
SIZES = Summary("app_sizes_bytes", "Sizes.")
LIVE = Gauge("app_live", "One for each worker that lives.", multiprocess_mode="livesum")
MOST = Gauge("app_most", "The largest that was seen.", multiprocess_mode="max")
EACH = Gauge("app_each", "By worker.")
AT_IMPORT = Counter("app_imports", "Counted before any fork.")
AT_IMPORT.inc()


def app(environ, start_response):
    path = environ["PATH_INFO"]
    COUNTED.labels(path).inc()
    TIMES.labels(path).observe(0.5)
    SIZES.observe(10)
    LIVE.set(1)
    MOST.set(int(environ["QUERY_STRING"] or 0))
    EACH.set(os.getpid())
    if path == "/die":
        os._exit(1)
    if path.startswith("/wait/"):
        record.note(f"waits for {path[6:]}")
        record.wait_for_gate(path[6:])
    return record.answer(start_response, str(os.getpid()))
