"""Makes the kernel take no new connection for a listening socket; those that it holds stay.

For the end of a server, run by the front as a script with the socket as descriptor 3: Node has no
call for it. Closing a listening socket resets what waits in it, and a client can always come
between the last accept() and the close(). Once nobody can come any more, accepting until nothing
is left loses nobody. Linux only.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import sys

_SO_ATTACH_FILTER = 26  # asm-generic/socket.h; the socket module does not name it.

# A classic BPF program (Documentation/networking/filter.rst): code, jump if true, if false,
# operand. The data of a TCP socket's filter begins with the TCP header, whose byte 13 holds the
# flags.
_SYN, _ACK = 0x02, 0x10
_DROP_SYN = (
    (0x30, 0, 0, 13),  # A = flags
    (0x54, 0, 0, _SYN | _ACK),  # A &= SYN | ACK
    (0x15, 0, 1, _SYN),  # if A is not SYN alone: skip one
    (0x06, 0, 0, 0),  # drop
    (0x06, 0, 0, 0xFFFFFFFF),  # keep
)


def refuse_new_connections(listener: socket.socket) -> None:
    """Raises OSError where the kernel cannot.

    TCP: a SYN is dropped, so the client sends it again after a second, when the address is closed
    or another server's; a handshake that has begun goes on. Unix: connect() is refused at once.
    """
    if listener.family == socket.AF_UNIX:
        listener.shutdown(socket.SHUT_RD)
        return
    program = b"".join(struct.pack("HBBI", *instruction) for instruction in _DROP_SYN)
    memory = ctypes.create_string_buffer(program)
    # struct sock_fprog: the number of instructions, and where they are.
    filter_ = struct.pack("HP", len(_DROP_SYN), ctypes.addressof(memory))
    listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filter_)


if __name__ == "__main__":
    try:
        refuse_new_connections(socket.socket(fileno=3))
    except OSError as error:
        sys.exit(str(error))
