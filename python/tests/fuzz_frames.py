"""For test/fuzz/frames.ts: lines of hex in, what wire.py accepts of these bytes out."""

import json
import sys

from rickhouse import wire


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
        body = message.body if isinstance(message, (wire.Answer, wire.Body)) else b""
        number = 0 if isinstance(message, wire.Hello) else message.number
        frames.append([type(message).__name__.upper(), number, len(body)])
        data = data[end:]
    return json.dumps(frames)


for line in sys.stdin:
    print(read(bytes.fromhex(line)), flush=True)
