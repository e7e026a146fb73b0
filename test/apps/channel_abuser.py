"""/abuse writes garbage to the worker's channel, as a stray write to a descriptor could."""

import os
import stat

import record


def app(environ, start_response):
    if environ["PATH_INFO"] == "/abuse":
        for name in os.listdir("/proc/self/fd"):
            descriptor = int(name)
            try:
                if descriptor > 2 and stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                    os.write(descriptor, b"\xff" * 64)
            except OSError:
                pass
    return record.answer(start_response, str(os.getpid()))
