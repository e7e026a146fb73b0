"""For test/fuzz/frames.ts: lines of hex in, what wire.py accepts of these bytes out.

The argument: how many bytes the memory has in which pieces may lie.
"""

from __future__ import annotations

import json
import struct
import sys

from rickhouse import wire

_MEMORY_BYTES = int(sys.argv[1])
_PLACE = struct.Struct("<II")


def read(data: bytes) -> str:
    frames = []
    while True:
        try:
            decoded = wire.decode_from_worker(data)
        except wire.WireError:
            break
        if decoded is None:
            break
        message, end = decoded
        body_bytes = length_of_body(message)
        if body_bytes is None:
            break
        number = 0 if isinstance(message, wire.Hello) else message.number
        frames.append([type(message).__name__.upper(), number, body_bytes])
        data = data[end:]
    return json.dumps(frames)


def length_of_body(message: wire.Message) -> int | None:
    """None: a place where no piece can lie."""
    if not isinstance(message, (wire.Answer, wire.Body)):
        return 0
    in_memory = wire.ANSWER_MEMORY if isinstance(message, wire.Answer) else wire.BODY_MEMORY
    if not message.flags & in_memory:
        return len(message.body)
    start, length = _PLACE.unpack(message.body)
    return length if length > 0 and start + length <= _MEMORY_BYTES else None


for line in sys.stdin:
    print(read(bytes.fromhex(line)), flush=True)
