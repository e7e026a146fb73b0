"""`wsgi.input`: the body of one request, handed over whole: in the frame, in memory or in a file.

Reads never go beyond the body, whatever the application asks for.
"""

from __future__ import annotations

import contextlib
import os
from io import BufferedReader, BytesIO, FileIO, RawIOBase
from operator import index
from typing import Any, BinaryIO, ClassVar

# Copies, which it must: the body is part of a buffer that is used again.
open_frame_input = BytesIO


def open_file_input(path: memoryview | bytes) -> BinaryIO:
    """The front removes the file when the exchange ends; who opens it here closes it."""
    raw = FileIO(os.fsdecode(bytes(path)))
    return _Input(raw, os.fstat(raw.fileno()).st_size)


def open_memory_input(body: memoryview) -> BinaryIO:
    """Copies only what is read. To be closed before the front may write another body there."""
    return _MemoryInput(_MemoryReader(body), len(body))


def close_input(stream: BinaryIO) -> None:
    """Whatever the application has done to it: `detach()`, the descriptor closed, a `close` of its
    own in place of this one."""
    with contextlib.suppress(ValueError, OSError):
        type(stream).close(stream)


class _Input(BufferedReader):
    """Takes the sizes that BytesIO takes: an application does not know where its body lies.

    Any other reader makes room for all of the size first, and refuses those below -1.
    """

    def __init__(self, raw: RawIOBase, length: int) -> None:
        super().__init__(raw)
        self._length = length

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or not 0 <= index(size) <= self._length:
            return super().read()
        return super().read(size)

    def read1(self, size: int | None = -1, /) -> bytes:
        return super().read1(-1 if size is None else min(index(size), self._length))


class _MemoryInput(_Input):
    def __init__(self, reader: _MemoryReader, length: int) -> None:
        super().__init__(reader, length)
        self._reader = reader

    def close(self) -> None:
        try:
            super().close()
        finally:
            _MemoryReader.close(self._reader)


class _MemoryReader(RawIOBase):
    _open: ClassVar[set[_MemoryReader]] = set()

    def __init__(self, body: memoryview) -> None:
        self._body = body
        self._at = 0
        self._open.add(self)

    @classmethod
    def keep_all(cls) -> None:
        """A child is about to be forked, which may read on when all this is over here."""
        for reader in list(cls._open):
            reader._body = memoryview(bytes(reader._body))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        at = self._at
        piece = self._body[at : at + len(target)]
        count = len(piece)
        target[:count] = piece
        self._at = at + count
        return count

    def readall(self) -> bytes:
        rest = bytes(self._body[self._at :])
        self._at += len(rest)
        return rest

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: len(self._body)}[whence]
        if base + offset < 0:
            raise ValueError(f"negative position {base + offset}")
        self._at = base + offset
        return self._at

    def close(self) -> None:
        self._open.discard(self)
        self._body = memoryview(b"")
        super().close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_MemoryReader.keep_all)
