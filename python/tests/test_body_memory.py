"""Large bodies beside the socket: what a worker sees of the memory that the front writes."""

import os
import struct
import unittest

from rickhouse.body_memory import SLOT_BYTES, BodyMemory, body_at


class Memory(unittest.TestCase):
    def test_each_thread_of_a_worker_sees_its_own_part_and_cannot_write(self) -> None:
        memory = BodyMemory(2, 2)
        for index in range(4):
            os.pwrite(memory.descriptor, b"%d" % index, index * SLOT_BYTES)
        front = os.dup(memory.descriptor)
        parts = memory.take_in_child(1)
        self.assertEqual(
            [(len(part), bytes(part[:1])) for part in parts],
            [(SLOT_BYTES, b"2"), (SLOT_BYTES, b"3")],
        )
        self.assertTrue(all(part.readonly for part in parts))
        with self.assertRaises(OSError):
            os.fstat(memory.descriptor)
        os.pwrite(front, b"later", 3 * SLOT_BYTES)
        self.assertEqual(bytes(parts[1][:5]), b"later")
        os.close(front)

    def test_without_a_file_there_are_parts_in_which_nothing_lies(self) -> None:
        memory = BodyMemory(1, 1)
        os.close(memory.descriptor)
        memory.descriptor = -1
        self.assertEqual([len(part) for part in memory.take_in_child(0)], [0])

    def test_a_place_beyond_the_part_is_refused(self) -> None:
        part = memoryview(b"abcdef")
        self.assertEqual(bytes(body_at(struct.pack("<II", 2, 3), part)), b"cde")
        self.assertEqual(bytes(body_at(struct.pack("<II", 6, 0), part)), b"")
        for start, length in ((2, 5), (7, 0), (0xFFFFFFFF, 1)):
            with self.assertRaises(ValueError):
                body_at(struct.pack("<II", start, length), part)
