"""With --reload: which files the application has imported, told to the front, which watches them.

The zygote tells of its own import; workers tell it, over a datagram socket, what they import later.
"""

from __future__ import annotations

import _socket
import contextlib
import importlib.machinery
import json
import os
import socket
import sys
import time
from collections.abc import Iterable
from typing import Any, Callable

from . import loader
from .process import OwnSocket

# A message holds so many files: one line of the control socket takes 1 MiB, a datagram far less.
_FILES_PER_MESSAGE = 100
_MAX_DATAGRAM = 100_000
_SEND_SECONDS = 1.0
# Bytecode carries the seconds and the size of its source: what is saved twice within one would be
# taken for the same.
_FRESH_SECONDS = 2.0

Message = dict[str, Any]
# What `sysconfig` calls stdlib and platstdlib; importing it costs more than all that is done here.
_STANDARD = tuple(
    directory + os.sep
    for directory in (
        os.path.dirname(os.path.abspath(os.__file__)),
        os.path.join(
            sys.base_exec_prefix,
            sys.platlibdir,
            f"python{sys.version_info[0]}.{sys.version_info[1]}",
        ),
    )
)
_PACKAGES = tuple(f"{os.sep}{name}-packages{os.sep}" for name in ("site", "dist"))


def module_files() -> set[str]:
    """Of all modules that are imported, but those of the standard library and our own."""
    found = set()
    for name, module in list(sys.modules.items()):
        with contextlib.suppress(Exception):  # A module may be any object.
            file = getattr(module, "__file__", None)
            if name not in ("__main__", "__mp_main__") and isinstance(file, str):
                found.add(file)
    return {os.path.abspath(file) for file in found if not _is_standard(file)}


def files_of(error: BaseException | None) -> set[str]:
    """Where an import failed: a module that did is in `sys.modules` no more."""
    found: set[str] = set()
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, SyntaxError) and isinstance(error.filename, str):
            found.add(error.filename)
        frames = error.__traceback__
        while frames is not None:
            found.add(frames.tb_frame.f_code.co_filename)
            frames = frames.tb_next
        error = error.__cause__ or error.__context__
    own = os.path.dirname(os.path.abspath(__file__))
    return {
        os.path.abspath(file)
        for file in found
        if not file.startswith("<") and not _is_standard(file) and os.path.dirname(file) != own
    }


def messages(files: Iterable[str], traceback: str = "") -> list[Message]:
    """`modules` of docs/protocol.md section 2. The traceback, if any, stands in the last."""
    names = sorted(files)
    groups = [
        names[at : at + _FILES_PER_MESSAGE] for at in range(0, len(names), _FILES_PER_MESSAGE)
    ]
    made = [{"type": "modules", "files": group, "traceback": ""} for group in groups]
    if traceback:
        made.append({"type": "modules", "files": [], "traceback": traceback})
    return made


def messages_of_failure(error: loader.LoadError) -> list[Message]:
    text = loader.traceback_text(error) or f"{error.error}\n{error.hint}\n"
    return messages(module_files() | files_of(error), text)


class Reporter:
    """A worker's way to tell the zygote."""

    def __init__(self, to_zygote: socket.socket) -> None:
        self._socket = to_zygote
        self._known: set[str] = set()
        self._count = 0

    def fileno(self) -> int:
        return self._socket.fileno()

    def note_known(self) -> None:
        """What is imported now was told already."""
        self._count = len(sys.modules)
        self._known = module_files()

    def tell_new(self) -> None:
        """After each request: costs a len() unless something was imported."""
        if len(sys.modules) == self._count:
            return
        self._count = len(sys.modules)
        files = module_files()
        self._send(messages(files - self._known))
        self._known = files

    def tell_failure(self, error: loader.LoadError) -> None:
        self._send(messages_of_failure(error))

    def _send(self, told: list[Message]) -> None:
        for message in told:
            text = message["traceback"][: _MAX_DATAGRAM // 6]
            data = json.dumps({**message, "traceback": text}).encode()
            with contextlib.suppress(OSError):  # The zygote has gone.
                self._socket.send(data)


def watched(application: Callable[..., Any], reporter: Reporter) -> Callable[..., Any]:
    """The application, with a look at what it imported after each call."""

    def call(environ: Any, start_response: Any) -> Any:
        try:
            return application(environ, start_response)
        finally:
            reporter.tell_new()

    return call


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """The zygote's end, which does not block, and that of all its workers."""
    # Not of the class that the application may have put in its place (process.py).
    pair = _socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours, theirs = (OwnSocket(fileno=end.detach()) for end in pair)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * _MAX_DATAGRAM)
    ours.setblocking(False)
    theirs.settimeout(_SEND_SECONDS)
    return ours, theirs


def receive(ours: socket.socket) -> list[Message]:
    """What the workers have told since."""
    found: list[Message] = []
    with contextlib.suppress(OSError, ValueError):
        while True:
            found.append(json.loads(ours.recv(2 * _MAX_DATAGRAM)))
    return found


def keep_no_fresh_bytecode() -> None:
    """Has Python write no bytecode of a source that was saved just now (see _FRESH_SECONDS)."""
    finder = importlib.machinery.SourceFileLoader
    write = finder.set_data

    def set_data(self: Any, path: str, data: Any, **options: Any) -> None:
        with contextlib.suppress(OSError):
            if time.time() - os.stat(self.path).st_mtime < _FRESH_SECONDS:
                return
        write(self, path, data, **options)

    finder.set_data = set_data  # type: ignore[method-assign]


def _is_standard(file: str) -> bool:
    return file.startswith(_STANDARD) and not any(part in file for part in _PACKAGES)
