"""Sends descriptors of a listening socket to the front, which has no call to duplicate one.

Run by the front as a script, with how many are wanted as its argument, the socket as descriptor
`LISTENER`, and the channel that Node gives a child process (`NODE_CHANNEL_FD`): a message is a
line of JSON, a descriptor travels beside it, and Node tells of each that it has it.
"""

from __future__ import annotations

import array
import json
import os
import socket
import sys

LISTENER = 4
# Node passes the descriptor on as it is: `net.Native`.
_MESSAGE = json.dumps({"cmd": "NODE_HANDLE", "type": "net.Native", "msg": {}}) + "\n"
_ACKNOWLEDGEMENT_BYTES = 4096


def send_twins(channel: socket.socket, descriptor: int, count: int) -> None:
    """Each is the same socket by another number. Ends early when nobody takes them."""
    for _ in range(count):
        rights = array.array("i", [descriptor])
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)]
        channel.sendmsg([_MESSAGE.encode()], ancillary)
        # One at a time: Node takes one descriptor with each message that it reads.
        if not channel.recv(_ACKNOWLEDGEMENT_BYTES):
            return


if __name__ == "__main__":
    with socket.socket(fileno=int(os.environ["NODE_CHANNEL_FD"])) as own_channel:
        send_twins(own_channel, LISTENER, int(sys.argv[1]))
