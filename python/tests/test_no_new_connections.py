from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import unittest
from typing import Any

from rickhouse import no_new_connections


@unittest.skipUnless(sys.platform == "linux", "the kernel's means are Linux's")
class NoNewConnectionsTest(unittest.TestCase):
    def listen(self, family: socket.AddressFamily, address: Any) -> socket.socket:
        listener = socket.socket(family)
        self.addCleanup(listener.close)
        listener.bind(address)
        listener.listen(10)
        listener.settimeout(10)
        return listener

    def connect(self, listener: socket.socket) -> socket.socket:
        client = socket.socket(listener.family)
        self.addCleanup(client.close)
        client.settimeout(10)
        client.connect(listener.getsockname())
        return client

    def assert_served(self, client: socket.socket, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        self.addCleanup(connection.close)
        client.sendall(b"question")
        self.assertEqual(connection.recv(100), b"question")
        connection.sendall(b"answer")
        self.assertEqual(client.recv(100), b"answer")

    def check_tcp(self, family: socket.AddressFamily, host: str) -> None:
        listener = self.listen(family, (host, 0))
        accepted, waiting = self.connect(listener), self.connect(listener)
        self.assert_served(accepted, listener)
        no_new_connections.refuse_new_connections(listener)
        late = socket.socket(family)
        self.addCleanup(late.close)
        late.settimeout(0.3)
        with self.assertRaises(socket.timeout):
            late.connect(listener.getsockname())
        self.assert_served(waiting, listener)
        listener.setblocking(False)
        with self.assertRaises(BlockingIOError):
            listener.accept()

    def test_tcp_drops_what_is_new_and_keeps_what_waits(self) -> None:
        self.check_tcp(socket.AF_INET, "127.0.0.1")

    def test_the_same_for_ipv6(self) -> None:
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError:
            self.skipTest("no IPv6 here")
        self.check_tcp(socket.AF_INET6, "::1")

    def test_unix_refuses_what_is_new_and_keeps_what_waits(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        listener = self.listen(socket.AF_UNIX, os.path.join(directory.name, "socket"))
        waiting = self.connect(listener)
        no_new_connections.refuse_new_connections(listener)
        with self.assertRaises(ConnectionRefusedError):
            self.connect(listener)
        self.assert_served(waiting, listener)

    def run_script(self, descriptor: int) -> subprocess.CompletedProcess[str]:
        program = (
            "import os, sys; os.dup2(int(sys.argv[1]), 3); os.execv(sys.executable, sys.argv[2:])"
        )
        script = [sys.executable, "-I", "-S", no_new_connections.__file__]
        command = [sys.executable, "-I", "-S", "-c", program, str(descriptor), *script]
        return subprocess.run(command, pass_fds=[descriptor], capture_output=True, text=True)

    def test_as_a_script_it_takes_descriptor_3(self) -> None:
        listener = self.listen(socket.AF_INET, ("127.0.0.1", 0))
        self.assertEqual(self.run_script(listener.fileno()).returncode, 0)
        late = socket.socket()
        self.addCleanup(late.close)
        late.settimeout(0.3)
        with self.assertRaises(socket.timeout):
            late.connect(listener.getsockname())

    def test_as_a_script_it_says_why_it_cannot(self) -> None:
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        result = self.run_script(reader)
        self.assertEqual(result.returncode, 1)
        self.assertIn("socket", result.stderr)
