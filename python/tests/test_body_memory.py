"""Large bodies beside the socket: what a worker sees of the memory that the front writes."""

import ctypes
import os
import struct
import unittest
from unittest import mock

from rickhouse.body_memory import SLOT_BYTES, BodyMemory, body_at


class Memory(unittest.TestCase):
    def test_a_worker_sees_all_of_it_and_cannot_write(self) -> None:
        memory = BodyMemory(4)
        front = os.dup(memory.descriptor)
        size = os.fstat(front).st_size
        self.assertGreaterEqual(size, 4 * SLOT_BYTES)
        os.pwrite(front, b"earlier", 3 * SLOT_BYTES)
        seen = memory.take_in_child()
        self.assertEqual((len(seen), seen.readonly), (size, True))
        with self.assertRaises(OSError):
            os.fstat(memory.descriptor)
        os.pwrite(front, b"later", size - 5)
        self.assertEqual(bytes(seen[3 * SLOT_BYTES :][:7]), b"earlier")
        self.assertEqual(bytes(seen[-5:]), b"later")
        os.close(front)

    def test_each_place_in_it_can_be_told(self) -> None:
        memory = BodyMemory(1_000_000)
        self.assertLess(os.fstat(memory.descriptor).st_size, 1 << 32)
        os.close(memory.descriptor)

    def test_nobody_can_make_it_writable(self) -> None:
        memory = BodyMemory(1)
        seen = memory.take_in_child()
        with open("/proc/self/maps") as maps:
            address = next(
                int(line.split("-")[0], 16) for line in maps if "rickhouse-bodies" in line
            )
        libc = ctypes.CDLL(None, use_errno=True)
        read_and_write = 3
        self.assertEqual(libc.mprotect(ctypes.c_void_p(address), 4096, read_and_write), -1)
        del seen

    def test_without_a_file_nothing_lies_anywhere(self) -> None:
        with mock.patch("rickhouse.memory_file.create", return_value=-1):
            memory = BodyMemory(1)
        self.assertEqual((memory.descriptor, len(memory.take_in_child())), (-1, 0))

    def test_there_is_none_for_the_front_where_workers_cannot_map_it(self) -> None:
        with mock.patch("mmap.mmap", side_effect=OSError):
            memory = BodyMemory(1)
        self.assertEqual((memory.descriptor, len(memory.take_in_child())), (-1, 0))

    def test_a_place_beyond_the_end_is_refused(self) -> None:
        memory = memoryview(b"abcdef")
        self.assertEqual(bytes(body_at(struct.pack("<II", 2, 3), memory)), b"cde")
        self.assertEqual(bytes(body_at(struct.pack("<II", 6, 0), memory)), b"")
        for start, length in ((2, 5), (7, 0), (0xFFFFFFFF, 1)):
            with self.assertRaises(ValueError):
                body_at(struct.pack("<II", start, length), memory)
