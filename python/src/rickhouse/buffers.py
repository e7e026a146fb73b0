"""What the application has written to files and no system call has taken yet.

The end of a program would write it; ours is by `_exit`.
"""

from __future__ import annotations

import contextlib
import gc
import io
import sys
import threading
import weakref
from collections.abc import Iterable
from typing import Any

_WRITERS = (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)
# What the collector was told to look at no more.
_frozen: list[weakref.ref[Any]] = []


def freeze(is_forked: bool) -> None:
    """What lives now lives on: out of the collector's sight, so that it does not touch its pages.

    `is_forked`: files are written first, or each child would write the same again.
    """
    gc.collect()
    writers = _writers()
    if is_forked:
        _flush_all(writers)
        flush_c_streams()
    for writer in writers:
        with contextlib.suppress(TypeError):  # Of a class that allows none.
            _frozen.append(weakref.ref(writer))
    gc.freeze()


def flush() -> None:
    """All that was written, before the process ends. A signal handler may end the waiting for it.

    That of a file itself heeds no signals, while another thread writes to it.
    """
    frozen = [reference() for reference in _frozen]
    writers = [*(writer for writer in frozen if writer is not None), *_writers()]
    done = threading.Event()

    def run() -> None:
        _flush_all(writers)
        flush_c_streams()
        done.set()

    try:
        threading.Thread(target=run, daemon=True).start()
    except RuntimeError:  # There can be no further one.
        run()
    done.wait()


def flush_c_streams() -> None:
    """What C code has printed, also before exec. It waits for a thread that is just printing.

    Not all of its streams: a thread that reads from one holds it for as long as nothing comes.
    """
    with contextlib.suppress(Exception):  # Python may be without libffi.
        import ctypes

        libc = ctypes.CDLL(None)
        name = "__stdoutp" if sys.platform == "darwin" else "stdout"
        libc.fflush(ctypes.c_void_p.in_dll(libc, name))


def _writers() -> list[Any]:
    # Of the type, since to ask a proxy of what class it says to be may fail.
    return [thing for thing in gc.get_objects() if issubclass(type(thing), _WRITERS)]


def _flush_all(writers: Iterable[Any]) -> None:
    for writer in writers:
        with contextlib.suppress(Exception):  # Closed, say.
            writer.flush()
