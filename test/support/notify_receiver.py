"""Stands in for a service manager: prints each message to its socket as one line of JSON.

Usage: notify_receiver.py ADDRESS; an address that starts with @ is abstract.
"""

import json
import socket
import struct
import sys

address = sys.argv[1]
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
receiver.bind("\0" + address[1:] if address.startswith("@") else address)
print(json.dumps({"state": "LISTENING", "pid": 0}), flush=True)
while True:
    # The kernel says who sent it. Descriptors that came along (BARRIER=1) are closed unread.
    data, ancillary, _, _ = receiver.recvmsg(4096, 1024)
    pid = 0
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            pid = struct.unpack("iII", content[:12])[0]
        elif (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            for (descriptor,) in struct.iter_unpack("i", content):
                socket.close(descriptor)
    print(json.dumps({"state": data.decode(), "pid": pid}), flush=True)
