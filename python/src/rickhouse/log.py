"""Lines of our own on standard error, each in one write: those of several processes do not mix."""

from __future__ import annotations

import contextlib
import os
import traceback
from types import TracebackType

from . import output

# As the front writes its lines (src/io/log.ts): what a client says may reach the message of an
# exception, and must neither look like a line of ours nor steer the terminal that shows it.
_SHOWN = {
    code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"
} | {ord("\n"): "\n    "}
_OWN_DIRECTORY = os.path.dirname(os.path.abspath(__file__))


def report(role: str, text: str) -> None:
    """Writes to descriptor 2: the application may have replaced or closed `sys.stderr`."""
    if output.report(text):
        return
    line = f"rickhouse {role}[{os.getpid()}]: {text.rstrip().translate(_SHOWN)}\n"
    data = line.encode("utf-8", "backslashreplace")
    with contextlib.suppress(OSError):  # Nowhere is left to say it.
        while data:
            data = data[os.write(2, data) :]


def flush_streams() -> None:
    """What the application has printed.

    Before a fork, which would print it twice, and before _exit() and exec, which lose it.
    """
    output.flush()


def traceback_of(error: BaseException) -> str:
    """The traceback as Python prints it, from the first frame on that is not ours."""
    frames = without_own_frames(error.__traceback__)
    # Of an error of syntax it is said where that is; of any other it was we who failed.
    if frames is None and not isinstance(error, SyntaxError):
        frames = error.__traceback__
    try:
        return "".join(traceback.format_exception(type(error), error, frames))
    except Exception as problem:  # An exception may break what prints it.
        return _traceback_without(error, frames, type(problem).__name__)


def _traceback_without(error: BaseException, frames: TracebackType | None, why: str) -> str:
    """As far as it can be told without asking the exception itself."""
    places: list[str] = []
    with contextlib.suppress(Exception):
        places = traceback.format_tb(frames)
    name = type(error).__qualname__
    return f"Traceback (most recent call last):\n{''.join(places)}{name} (not shown: {why})\n"


def without_own_frames(frames: TracebackType | None) -> TracebackType | None:
    """From the first frame on that is not ours; None when all are."""
    while frames is not None and _is_own(frames):
        frames = frames.tb_next
    return frames


def _is_own(frames: TracebackType) -> bool:
    return os.path.dirname(frames.tb_frame.f_code.co_filename) == _OWN_DIRECTORY
