"""Large pieces of answers beside the socket: how a worker uses the memory that the front reads."""

import mmap
import os
import struct
import unittest
from unittest import mock

from rickhouse.answer_memory import PART_BYTES, SLOT_BYTES, AnswerMemory, AnswerSlots

_WORDS_AT = 2 * SLOT_BYTES


def words_of(part: memoryview) -> tuple[int, int]:
    first, second = struct.unpack_from("<II", part, _WORDS_AT)
    return first, second


class Slots(unittest.TestCase):
    def setUp(self) -> None:
        self.part = memoryview(mmap.mmap(-1, PART_BYTES))
        self.slots = AnswerSlots(self.part)

    def test_each_piece_lies_in_a_slot_of_its_own_until_the_front_frees_it(self) -> None:
        self.assertTrue(self.slots.is_free)
        self.assertEqual(self.slots.put(b"abc"), struct.pack("<II", 0, 3))
        self.assertEqual(words_of(self.part), (1, 0))
        self.assertEqual(self.slots.put(memoryview(b"defg")), struct.pack("<II", SLOT_BYTES, 4))
        self.assertEqual(words_of(self.part), (1, 1))
        self.assertFalse(self.slots.is_free)
        self.assertIsNone(self.slots.put(b"hi"))
        self.assertEqual(bytes(self.part[:3]), b"abc")
        self.assertEqual(bytes(self.part[SLOT_BYTES : SLOT_BYTES + 4]), b"defg")
        struct.pack_into("<I", self.part, _WORDS_AT + 4, 0)
        self.assertTrue(self.slots.is_free)
        self.assertEqual(self.slots.put(b"hi"), struct.pack("<II", SLOT_BYTES, 2))

    def test_a_whole_slot(self) -> None:
        self.slots.put(bytes(SLOT_BYTES))
        self.slots.put(b"\xff" * SLOT_BYTES)
        self.assertEqual(words_of(self.part), (1, 1))
        self.assertEqual(bytes(self.part[SLOT_BYTES - 1 : SLOT_BYTES + 1]), b"\0\xff")

    def test_a_slot_is_free_while_it_is_written(self) -> None:
        with self.assertRaises(ValueError):
            # Longer than all of the part: the copy fails, as it would when the process died in it.
            self.slots.put(bytes(PART_BYTES + 1))
        self.assertEqual(words_of(self.part), (0, 0))


class Memory(unittest.TestCase):
    def test_each_thread_of_a_worker_has_its_own_part(self) -> None:
        memory = AnswerMemory(2, 2)
        front = os.dup(memory.descriptor)
        self.addCleanup(os.close, front)
        parts = memory.take_in_child(1)
        for index, slots in enumerate(parts):
            assert slots is not None
            slots.put(b"%d" % index)
        for place, byte in ((2, b"0"), (3, b"1")):
            self.assertEqual(os.pread(front, 1, place * PART_BYTES), byte)
        with self.assertRaises(OSError):
            os.fstat(memory.descriptor)

    def test_its_size_stays(self) -> None:
        memory = AnswerMemory(1, 1)
        self.addCleanup(os.close, memory.descriptor)
        for size in (0, 2 * PART_BYTES):
            with self.assertRaises(PermissionError):
                os.ftruncate(memory.descriptor, size)

    def test_without_a_file_or_a_mapping_there_is_nothing(self) -> None:
        memory = AnswerMemory(1, 2)
        with mock.patch.object(mmap, "mmap", side_effect=OSError):
            self.assertEqual(memory.take_in_child(0), [None, None])
        memory.descriptor = -1
        self.assertEqual(memory.take_in_child(0), [None, None])
