"""Environs out of their two parts: shape and values (docs/protocol.md section 1).

Most requests have a shape that came before: the dict of it, with all that only a worker has, is
then copied, and filled with the values. That takes less time than to make a dict key by key, with a
new string for each key.
"""

from __future__ import annotations

import marshal
from typing import Any

# A dict to copy, and the keys whose values come with the request, in their order.
Shape = tuple[dict[str, Any], tuple[str, ...]]

# When it is full it starts anew: what is usual is soon in it again. A client that invents field
# names makes shapes too.
_MAX_KNOWN = 256
# Longer ones are not remembered.
_MAX_KNOWN_BYTES = 4096


class Shapes:
    """Of one channel. `base`: what is in every environ besides."""

    def __init__(self, base: dict[str, Any]) -> None:
        self._base = base
        # By the bytes of the shape. To be looked at before `learn` is called.
        self.known: dict[bytes, Shape] = {}

    def learn(self, data: bytes) -> Shape:
        entries = marshal.loads(data)
        keys = tuple([key for key, value in entries.items() if value is None])
        entries.update(self._base)
        shape = entries, keys
        if len(data) <= _MAX_KNOWN_BYTES:
            if len(self.known) >= _MAX_KNOWN:
                self.known.clear()
            self.known[data] = shape
        return shape
