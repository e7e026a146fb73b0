"""The control socket between front and zygote: JSON, one message a line.

Knows lines, not what they mean (docs/protocol.md section 2).
"""

from __future__ import annotations

import json
import socket
from typing import Any

from .process import SEND_FLAGS

CONTROL_DESCRIPTOR = 3
_MAX_TEXT = 150_000
_READ_BYTES = 65536

Message = dict[str, Any]


class Control:
    def __init__(self, descriptor: int, unread: str = "") -> None:
        """`unread` is what an earlier owner of the socket had read beyond its last message."""
        self._socket = socket.socket(fileno=descriptor)
        # Never inherited by what the application starts: the front waits for the end of this
        # socket.
        self._socket.set_inheritable(False)
        self._rest = unread.encode()

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def unread(self) -> str:
        return self._rest.decode()

    def close(self) -> None:
        self._socket.close()

    def send(self, message: Message) -> bool:
        """False when the front has gone."""
        try:
            # The front takes a line of 1 MiB at most, and an escaped character has up to 6 bytes.
            short = {
                key: value[:_MAX_TEXT] if isinstance(value, str) else value
                for key, value in message.items()
            }
            line = json.dumps(short, separators=(",", ":")).encode() + b"\n"
            self._socket.sendall(line, SEND_FLAGS)
        except OSError:
            return False
        return True

    def next(self) -> Message | None:
        """Waits for one message; None when the front has gone."""
        while b"\n" not in self._rest:
            if not self._read():
                return None
        return self._take()

    def receive(self) -> list[Message] | None:
        """What is there, after the socket was seen readable; None when the front has gone."""
        if not self._read():
            return None
        return self.take_all()

    def take_all(self) -> list[Message]:
        """The messages that have been read already."""
        messages = []
        while b"\n" in self._rest:
            messages.append(self._take())
        return messages

    def _read(self) -> bool:
        try:
            data = self._socket.recv(_READ_BYTES)
        except OSError:  # ECONNRESET: the front died with unread reports.
            return False
        self._rest += data
        return bool(data)

    def _take(self) -> Message:
        line, _, self._rest = self._rest.partition(b"\n")
        message = json.loads(line)
        if not isinstance(message, dict):
            raise ValueError(f"control message that is no object: {line!r}")
        return message
