"""What a process of ours does to its descriptors."""

import os
import resource
import socket
import unittest

from rickhouse.process import moved_up


class MovedUp(unittest.TestCase):
    def setUp(self) -> None:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limits)
        self.hard = limits[1]
        self.low, self.other = socket.socketpair()
        self.addCleanup(self.other.close)

    def move(self, soft: int) -> socket.socket:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, self.hard))
        moved = moved_up(self.low)
        self.addCleanup(moved.close)
        moved.sendall(b"x")
        self.assertEqual(self.other.recv(1), b"x")
        return moved

    def test_a_socket_gets_a_high_number_and_is_not_inherited(self) -> None:
        low = self.low.fileno()
        moved = self.move(1024)
        self.assertGreaterEqual(moved.fileno(), 512)
        self.assertFalse(moved.get_inheritable())
        with self.assertRaises(OSError):
            os.fstat(low)

    def test_half_of_a_low_limit(self) -> None:
        self.assertGreaterEqual(self.move(200).fileno(), 100)

    def test_none_is_free(self) -> None:
        # All from half of the limit on are taken.
        low = self.low.fileno()
        taken = [os.dup(low) for _ in range(low + 1)]
        for descriptor in taken:
            self.addCleanup(os.close, descriptor)
        self.assertIs(self.move(max(taken) + 1), self.low)


if __name__ == "__main__":
    unittest.main()
