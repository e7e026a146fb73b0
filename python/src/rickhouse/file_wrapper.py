"""wsgi.file_wrapper (PEP 3333): a file-like object as an iterable of blocks, from its position."""

from __future__ import annotations

import os
import stat
from typing import Any, Protocol

# A regular file never makes the reader wait for a whole block; a pipe would.
_REGULAR_BLOCK_BYTES = 256 * 1024


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class FileWrapper:
    def __init__(self, filelike: Readable, block_size: int = 8192) -> None:
        self.filelike = filelike
        self.block_size = (
            max(block_size, _REGULAR_BLOCK_BYTES) if _is_regular(filelike) else block_size
        )
        # Only when there is one: PEP 3333 asks for a close() that calls the file's own.
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __iter__(self) -> FileWrapper:
        return self

    def __next__(self) -> bytes:
        block = self.filelike.read(self.block_size)
        if block:
            return block
        raise StopIteration


def _is_regular(filelike: Any) -> bool:
    try:
        return stat.S_ISREG(os.fstat(filelike.fileno()).st_mode)
    except Exception:
        return False  # No descriptor behind it, as with io.BytesIO; others say it in their own way.
