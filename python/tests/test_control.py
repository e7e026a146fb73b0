"""Lines of the control socket, however they arrive."""

import json
import os
import signal
import socket
import unittest

from rickhouse.control import Control


class ControlTest(unittest.TestCase):
    def setUp(self) -> None:
        self.front, theirs = socket.socketpair()
        self.control = Control(theirs.detach())
        self.addCleanup(self.front.close)
        self.addCleanup(self.control.close)

    def test_one_message_and_what_was_read_beyond_it(self) -> None:
        self.front.sendall(b'{"type":"a"}\n{"type":"b"}\n{"ty')
        self.assertEqual(self.control.next(), {"type": "a"})
        self.assertEqual(self.control.unread, '{"type":"b"}\n{"ty')
        self.assertEqual(self.control.take_all(), [{"type": "b"}])
        self.front.sendall(b'pe":"\xc3\xa4"}\n')
        self.assertEqual(self.control.receive(), [{"type": "\xe4"}])

    def test_a_successor_goes_on_where_its_predecessor_has_stopped(self) -> None:
        descriptor = self.control._socket.detach()
        self.control = Control(descriptor, '{"type":')
        self.addCleanup(self.control.close)
        self.front.sendall(b'"b"}\n')
        self.assertEqual(self.control.receive(), [{"type": "b"}])

    def test_a_message_byte_by_byte(self) -> None:
        for byte in b'{"type":"a"}':
            self.front.sendall(bytes([byte]))
            self.assertEqual(self.control.receive(), [])
        self.front.sendall(b"\n")
        self.assertEqual(self.control.receive(), [{"type": "a"}])

    def test_the_end(self) -> None:
        self.front.close()
        self.assertIsNone(self.control.receive())
        self.assertIsNone(self.control.next())
        self.assertFalse(self.control.send({"type": "a"}))

    @unittest.skipUnless(hasattr(socket, "MSG_NOSIGNAL"), "Linux alone has it")
    def test_the_end_is_no_signal(self) -> None:
        self.front.close()
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            os._exit(int(self.control.send({"type": "a"})))
        self.assertEqual(os.waitpid(pid, 0)[1], 0)

    def test_sending(self) -> None:
        self.assertTrue(self.control.send({"type": "a", "text": "\n\xe4"}))
        data = self.front.recv(1000)
        self.assertEqual(
            (data.count(b"\n"), json.loads(data)), (1, {"type": "a", "text": "\n\xe4"})
        )

    def test_what_is_no_object(self) -> None:
        self.front.sendall(b"[]\n")
        with self.assertRaises(ValueError):
            self.control.next()

    def test_is_not_inherited(self) -> None:
        self.assertFalse(self.control._socket.get_inheritable())


if __name__ == "__main__":
    unittest.main()
