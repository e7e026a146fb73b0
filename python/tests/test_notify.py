from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import unittest

from rickhouse import notify


class NotifyTest(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, "notify")

    def receiver(self, address: str) -> socket.socket:
        receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(receiver.close)
        receiver.settimeout(10)
        receiver.bind(address)
        return receiver

    def test_sends_to_a_path(self) -> None:
        receiver = self.receiver(self.path)
        self.assertEqual(notify.send(self.path, "READY=1\nSTATUS=é"), "")
        self.assertEqual(receiver.recv(100).decode(), "READY=1\nSTATUS=é")

    @unittest.skipUnless(sys.platform == "linux", "abstract names are Linux's")
    def test_sends_to_an_abstract_name(self) -> None:
        receiver = self.receiver("\0" + self.path)
        self.assertEqual(notify.send("@" + self.path, "READY=1"), "")
        self.assertEqual(receiver.recv(100), b"READY=1")

    def test_says_why_it_cannot(self) -> None:
        self.assertIn("No such file", notify.send(self.path, "READY=1"))

    def test_does_not_wait_for_a_full_receiver(self) -> None:
        self.receiver(self.path)
        while not notify.send(self.path, "WATCHDOG=1"):
            pass
        self.assertIn("unavailable", notify.send(self.path, "WATCHDOG=1"))

    def run_script(self) -> subprocess.Popen[bytes]:
        arguments = [sys.executable, "-I", "-S", notify.__file__, self.path, "READY=1"]
        process = subprocess.Popen(arguments, stderr=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        if process.stderr is not None:
            self.addCleanup(process.stderr.close)
        return process

    def test_as_a_script_waits_until_it_was_heard(self) -> None:
        receiver = self.receiver(self.path)
        process = self.run_script()
        self.assertEqual(receiver.recv(100), b"READY=1")
        data, descriptors, _, _ = socket.recv_fds(receiver, 100, 1)
        self.assertEqual(data, b"BARRIER=1")
        self.assertIsNone(process.poll())
        for descriptor in descriptors:
            os.close(descriptor)
        self.assertEqual(process.wait(10), 0)

    def test_as_a_script_says_why_it_cannot(self) -> None:
        process = self.run_script()
        _, errors = process.communicate(timeout=10)
        self.assertIn(b"No such file", errors)
        self.assertEqual(process.returncode, 1)


if __name__ == "__main__":
    unittest.main()
