"""wsgi.input: the body of a request, which the front hands over whole, in the frame or in a file.

Reads never go beyond the body, whatever the application asks for.
"""

from __future__ import annotations

import os
from io import BytesIO
from typing import BinaryIO

# Copies, which it must: the body is part of a buffer that is used again.
open_memory_input = BytesIO


def open_file_input(path: memoryview | bytes) -> BinaryIO:
    """The front removes the file when the exchange ends; who opens it here closes it."""
    return open(os.fsdecode(bytes(path)), "rb")
