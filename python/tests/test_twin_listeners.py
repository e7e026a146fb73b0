"""What the front gets when it asks for more descriptors of a listening socket."""

from __future__ import annotations

import array
import json
import os
import socket
import threading
import unittest

from rickhouse import twin_listeners


class TwinListenersTest(unittest.TestCase):
    def setUp(self) -> None:
        self.front, self.channel = socket.socketpair()
        self.addCleanup(self.front.close)
        self.addCleanup(self.channel.close)
        self.front.settimeout(10)
        self.channel.settimeout(10)
        self.listener = socket.socket()
        self.addCleanup(self.listener.close)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(10)

    def receive(self) -> tuple[object, socket.socket]:
        text, ancillary, _, _ = self.front.recvmsg(4096, socket.CMSG_SPACE(4))
        descriptors = array.array("i")
        for level, kind, rights in ancillary:
            self.assertEqual((level, kind), (socket.SOL_SOCKET, socket.SCM_RIGHTS))
            descriptors.frombytes(rights)
        self.assertEqual(len(descriptors), 1)
        twin = socket.socket(fileno=descriptors[0])
        self.addCleanup(twin.close)
        self.assertTrue(text.endswith(b"\n"))
        return json.loads(text), twin

    def start(self, count: int) -> threading.Thread:
        arguments = (self.channel, self.listener.fileno(), count)
        thread = threading.Thread(target=twin_listeners.send_twins, args=arguments)
        thread.start()
        return thread

    def test_each_comes_by_itself_and_is_the_same_socket(self) -> None:
        thread = self.start(2)
        for _ in range(2):
            message, twin = self.receive()
            self.assertEqual(message, {"cmd": "NODE_HANDLE", "type": "net.Native", "msg": {}})
            self.assertEqual(
                os.fstat(twin.fileno()).st_ino, os.fstat(self.listener.fileno()).st_ino
            )
            # The next one waits until this one was taken.
            self.front.setblocking(False)
            with self.assertRaises(BlockingIOError):
                self.front.recv(1)
            self.front.settimeout(10)
            self.front.sendall(b'{"cmd":"NODE_HANDLE_ACK"}\n')
        thread.join(10)
        self.assertFalse(thread.is_alive())

    def test_nobody_takes_them(self) -> None:
        thread = self.start(2)
        self.receive()
        self.front.close()
        thread.join(10)
        self.assertFalse(thread.is_alive())


if __name__ == "__main__":
    unittest.main()
