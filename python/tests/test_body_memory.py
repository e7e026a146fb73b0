"""Large bodies beside the socket: what a worker sees of the memory that the front writes."""

import os
import struct
import unittest

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

    def test_without_a_file_nothing_lies_anywhere(self) -> None:
        memory = BodyMemory(1)
        os.close(memory.descriptor)
        memory.descriptor = -1
        self.assertEqual(len(memory.take_in_child()), 0)

    def test_a_place_beyond_the_end_is_refused(self) -> None:
        memory = memoryview(b"abcdef")
        self.assertEqual(bytes(body_at(struct.pack("<II", 2, 3), memory)), b"cde")
        self.assertEqual(bytes(body_at(struct.pack("<II", 6, 0), memory)), b"")
        for start, length in ((2, 5), (7, 0), (0xFFFFFFFF, 1)):
            with self.assertRaises(ValueError):
                body_at(struct.pack("<II", start, length), memory)
