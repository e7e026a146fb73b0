"""One message to a service manager (sd_notify(3)), for the front, which cannot open such a socket.

The zygote calls `send`. As a script it sends on its own and waits until it was heard: of a sender
that has ended the service manager cannot tell any more to which service it belonged.
"""

from __future__ import annotations

import os
import select
import socket
import sys

_BARRIER_MS = 5000
# As process.OwnSocket: this file also runs alone.
_Socket = socket.socket


def send(address: str, state: str) -> str:
    """Never waits. Returns why nothing was sent, or ""."""
    try:
        with _connect(address) as notify:
            notify.setblocking(False)
            notify.send(state.encode())
    except OSError as error:
        return str(error)
    return ""


def _connect(address: str) -> socket.socket:
    notify = _Socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    try:
        # @ stands for the zero byte of an abstract name (unix(7)).
        notify.connect("\0" + address[1:] if address.startswith("@") else address)
    except OSError:
        notify.close()
        raise
    return notify


def _wait_until_heard(address: str) -> None:
    """BARRIER=1 carries a descriptor, which is closed when all before it was handled."""
    here, there = os.pipe()
    with _connect(address) as notify:
        socket.send_fds(notify, [b"BARRIER=1"], [there])
    os.close(there)
    poller = select.poll()
    poller.register(here, select.POLLHUP)
    poller.poll(_BARRIER_MS)


if __name__ == "__main__":
    problem = send(sys.argv[1], sys.argv[2])
    if problem:
        sys.exit(problem)
    _wait_until_heard(sys.argv[1])
