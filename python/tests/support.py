"""A front for the tests: speaks control socket and channels with a real zygote and real workers.

Every wait has a deadline; RICKHOUSE_TEST_SLOWNESS scales all of them. `close` ends every process
that the front's zygote started, and fails when one is left.
"""

from __future__ import annotations

import base64
import json
import marshal
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from rickhouse import wire

MAIN_FILE = os.path.join(os.path.dirname(wire.__file__), "__main__.py")
SECONDS = 10.0 * float(os.environ.get("RICKHOUSE_TEST_SLOWNESS", "1"))
# What a service manager sends to all processes, and means the front.
TO_THE_FRONT = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTTIN, signal.SIGTTOU)

Message = dict[str, Any]


def wait_for(condition: Callable[[], Any], what: str, seconds: float = SECONDS) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.005)


def is_alive(pid: int) -> bool:
    """False for a zombie too: nobody but its parent can see that one."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until_gone(pid: int) -> None:
    wait_for(lambda: not is_alive(pid), f"the end of process {pid}")


def environ_of(method: str = "GET", path: str = "/", **others: Any) -> Message:
    environ: Message = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "REQUEST_URI": path,
        "RAW_URI": path,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8888",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "50000",
        "wsgi.url_scheme": "http",
        "HTTP_HOST": "127.0.0.1:8888",
    }
    return {**environ, **others}


def request_frame(
    number: int, environ: Message | None = None, body: bytes = b"", flags: int = 0
) -> bytes:
    data = environ_bytes(environ or environ_of())
    return wire.encode(wire.Request(number, flags, data, body))


def environ_bytes(environ: Message) -> bytes:
    """As the front sends it: some of its values stand in the shape (docs/protocol.md section 1)."""
    common = ("REQUEST_METHOD", "SCRIPT_NAME", "SERVER_PROTOCOL", "SERVER_NAME", "wsgi.url_scheme")
    shape = {key: value if key in common else None for key, value in environ.items()}
    values = tuple([value for key, value in environ.items() if key not in common])
    data = marshal.dumps(values, 2)
    return struct.pack("<I", len(data)) + data + marshal.dumps(shape, 2)


class FrontChannel:
    """The front's end of a channel."""

    def __init__(self, accepted: socket.socket) -> None:
        self.socket = accepted
        self.socket.settimeout(SECONDS)
        self.unread = b""
        # How much of the channel came through the socket, and all that is known of it, also by a
        # report of the zygote.
        self._received = 0
        self._known = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def request(
        self, number: int, environ: Message | None = None, body: bytes = b"", flags: int = 0
    ) -> None:
        self.send(request_frame(number, environ, body, flags))

    def next(self) -> Any:
        """The next frame; None at the end of the channel."""
        while True:
            decoded = wire.decode_from_worker(self.unread)
            if decoded is not None:
                message, length = decoded
                self.unread = self.unread[length:]
                return message
            if not self.receive():
                assert not self.unread, f"the channel ended inside a frame: {self.unread[:80]!r}"
                return None

    def receive(self) -> bool:
        """Waits for bytes of the socket, known or not; False at its end."""
        try:
            data = self.socket.recv(1 << 20)
        except ConnectionResetError:
            return False
        self._learn(self._received, data)
        self._received += len(data)
        return bool(data)

    def take_outbox(self, report: Message) -> None:
        """What the zygote found in the outbox of this thread."""
        while self._received < report["base"]:
            assert self.receive(), "the channel ended before the outbox began"
        self._learn(report["base"], base64.b64decode(report["bytes"]))

    def _learn(self, base: int, data: bytes) -> None:
        known = self._known[base:]
        assert base <= len(self._known), "a gap"
        assert data.startswith(known) or known.startswith(data), "told twice, and not the same"
        self.unread += data[len(known) :]
        self._known += data[len(known) :]

    def is_silent(self, seconds: float) -> bool:
        """Whether nothing comes for so long."""
        return not self.unread and not select.select([self.socket], [], [], seconds)[0]

    def answer_to(self, number: int) -> Exchanged:
        """All frames of one request, and that they come in an order that the protocol allows."""
        exchanged = Exchanged()
        while not exchanged.is_over:
            message = self.next()
            assert message is not None, f"the channel ended before the answer to {number}"
            assert message.number == number, f"{message} instead of one for {number}"
            exchanged.take(message)
        return exchanged

    def close(self) -> None:
        self.socket.close()


class Exchanged:
    """What came back for one request."""

    def __init__(self) -> None:
        self.status = 0
        self.head = b""
        self.flags = 0
        self.content_length = 0
        self.body = b""
        self.pieces: list[bytes] = []
        self.is_complete = False
        self.is_over = False
        self.is_broken = False
        self.run_ns = 0

    def take(self, message: Any) -> None:
        assert not self.is_over
        if isinstance(message, wire.Answer):
            assert self.status == 0, "a second ANSWER"
            self.status, self.head, self.flags = message.status, message.head, message.flags
            self.content_length, self.run_ns = message.content_length, message.run_ns
            assert self.head.endswith(b"\r\n")
            self._take_body(message.body)
            self.is_over = bool(message.flags & wire.ANSWER_END)
            assert not self.is_over or message.flags & wire.ANSWER_COMPLETE
            self.is_complete = bool(message.flags & wire.ANSWER_COMPLETE)
        elif isinstance(message, wire.Body):
            assert self.status != 0 and not self.is_complete, "BODY out of order"
            self._take_body(message.body)
            self.is_complete = bool(message.flags & wire.BODY_COMPLETE)
        else:
            assert isinstance(message, wire.End), message
            self.is_over = True
            self.is_broken = bool(message.flags & wire.END_BROKEN)
            assert not (self.is_broken and self.is_complete), "broken after it was complete"
            self.run_ns = message.run_ns
        if self.flags & wire.ANSWER_LENGTH:
            assert len(self.body) <= self.content_length

    def _take_body(self, data: bytes) -> None:
        self.body += data
        if data:
            self.pieces.append(data)

    @property
    def lines(self) -> list[bytes]:
        return self.head.split(b"\r\n")[:-1]


class Front:
    """One zygote with its control socket and its listener for channels."""

    def __init__(
        self, source: str, *, environment: dict[str, str] | None = None, **load: Any
    ) -> None:
        """`source` becomes the module `app` in a directory of its own, with the callable `app`."""
        self.directory = os.path.realpath(tempfile.mkdtemp(prefix="rickhouse-test-"))
        self.private_directory = os.path.join(self.directory, "private")
        os.mkdir(self.private_directory, 0o700)
        self.channel_path = os.path.join(self.private_directory, "channel.sock")
        with open(os.path.join(self.directory, "app.py"), "w") as file:
            file.write(source)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.channel_path)
        self._listener.listen(64)
        self._listener.settimeout(SECONDS)
        self.pids: dict[int, int] = {}
        self.notes: list[Message] = []
        self._unread = b""
        self._queued: list[Message] = []
        self._tokens: dict[bytes, tuple[int, int]] = {}
        self._channels: dict[tuple[int, int], FrontChannel] = {}
        self.threads = load.get("threads", 1)
        self._spawn(environment or {})
        self.send(
            {
                "type": "load",
                "protocol": wire.PROTOCOL_VERSION,
                "version": "1.2.3",
                "directory": self.directory,
                "module": "app",
                "callable": "app",
                "preload": "auto",
                "threads": 1,
                "channelPath": self.channel_path,
                "privateDirectory": self.private_directory,
                "maxWorkers": 4,
                "softFileLimit": None,
                "gracefulTimeoutMs": 2000,
                "multiprocess": True,
                **load,
            }
        )

    def _spawn(self, environment: dict[str, str]) -> None:
        self.control, theirs = socket.socketpair()
        self.control.settimeout(SECONDS)
        self.stderr_path = os.path.join(self.directory, "stderr")
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith("PYTHON")
        }
        descriptor = theirs.fileno()
        # `sh` puts the socket where the zygote expects it, and keeps a second, to be closed by it.
        script = f'exec "$0" "$1" 3<&{descriptor} 4<&{descriptor}'
        with open(self.stderr_path, "wb") as stderr:
            self.process = subprocess.Popen(
                ["/bin/bash", "-c", script, sys.executable, MAIN_FILE],
                stdin=subprocess.DEVNULL,
                stdout=stderr,
                stderr=stderr,
                pass_fds=[descriptor],
                cwd=self.directory,
                env={**environ, **environment},
                start_new_session=True,
            )
        theirs.close()

    @property
    def stderr(self) -> str:
        with open(self.stderr_path, errors="replace") as file:
            return file.read()

    # Control

    def send(self, message: Message) -> None:
        self.control.sendall(json.dumps(message).encode() + b"\n")

    def receive(self) -> Message | None:
        """The next message that is no note; None at the end of the control socket."""
        while True:
            while b"\n" not in self._unread:
                try:
                    data = self.control.recv(1 << 20)
                except ConnectionResetError:
                    data = b""
                if not data:
                    return None
                self._unread += data
            line, _, self._unread = self._unread.partition(b"\n")
            message = json.loads(line)
            if message["type"] != "note":
                return dict(message)
            self.notes.append(message)

    def receive_all(self) -> list[Message]:
        """All messages that are there, at least one; notes are left out."""
        messages: list[Message] = []
        while not messages or b"\n" in self._unread:
            message = self.receive()
            assert message is not None, f"the zygote has ended. {self.stderr}"
            messages.append(message)
        return messages

    def expect(self, kind: str) -> Message:
        """The next message of this type; the others are kept for a later call."""
        for index, message in enumerate(self._queued):
            if message["type"] == kind:
                return self._queued.pop(index)
        while True:
            received = self.receive()
            assert received is not None, f"no {kind} before the end. {self.stderr}"
            if received["type"] == kind:
                return received
            self._queued.append(received)

    # Workers

    def fork(self, worker: int = 1) -> None:
        tokens = [os.urandom(16) for _ in range(self.threads)]
        for thread, token in enumerate(tokens):
            self._tokens[token] = (worker, thread)
        self.send({"type": "fork", "worker": worker, "tokens": [token.hex() for token in tokens]})
        self.pids[worker] = self.expect("forked")["pid"]

    def channel(self, worker: int = 1, thread: int = 0) -> FrontChannel:
        """The channel of a worker, when it has said hello."""
        while (worker, thread) not in self._channels:
            accepted, _ = self._listener.accept()
            channel = FrontChannel(accepted)
            hello = channel.next()
            assert isinstance(hello, wire.Hello), hello
            assert hello.version == wire.PROTOCOL_VERSION
            key = self._tokens.pop(hello.token)
            assert key[1] == hello.thread and hello.pid == self.pids[key[0]]
            self._channels[key] = channel
        return self._channels[worker, thread]

    def start_worker(self, worker: int = 1) -> FrontChannel:
        self.fork(worker)
        return self.channel(worker)

    def die(self) -> None:
        """As if the front had been killed."""
        self.control.close()
        self._listener.close()
        for channel in self._channels.values():
            channel.close()

    def __enter__(self) -> Front:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        self.die()
        try:
            self.process.wait(SECONDS)
            for pid in self.pids.values():
                wait_until_gone(pid)
        finally:
            # The last means, so that a failing test leaves nothing behind.
            for pid in (self.process.pid, *self.pids.values()):
                if is_alive(pid):
                    os.kill(pid, signal.SIGKILL)
            shutil.rmtree(self.directory, ignore_errors=True)


def load_zygote(source: str, **load: Any) -> Front:
    """A front whose zygote has loaded the application."""
    front = Front(source, **load)
    try:
        front.expect("loaded")
    except BaseException:
        front.close()
        raise
    return front
