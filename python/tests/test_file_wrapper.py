"""wsgi.file_wrapper: blocks, positions, close()."""

import io
import os
import tempfile
import unittest

from rickhouse.file_wrapper import FileWrapper


class Wrapping(unittest.TestCase):
    def test_blocks_of_something_like_a_file(self) -> None:
        self.assertEqual(list(FileWrapper(io.BytesIO(b"abcde"), 2)), [b"ab", b"cd", b"e"])

    def test_from_its_position(self) -> None:
        data = io.BytesIO(b"abcde")
        data.seek(3)
        self.assertEqual(list(FileWrapper(data, 2)), [b"de"])

    def test_a_regular_file_in_large_blocks(self) -> None:
        with tempfile.TemporaryFile() as file:
            file.write(bytes(300_000))
            file.seek(10)
            self.assertEqual([len(block) for block in FileWrapper(file, 100)], [262_144, 37_846])

    def test_a_pipe_in_blocks_as_asked(self) -> None:
        reader, writer = os.pipe()
        with open(reader, "rb") as file:
            os.write(writer, b"abc")
            os.close(writer)
            self.assertEqual(list(FileWrapper(file, 2)), [b"ab", b"c"])

    def test_whatever_a_file_says_that_has_no_descriptor(self) -> None:
        class NotSoon(io.BytesIO):
            def fileno(self) -> int:
                raise NotImplementedError

        self.assertEqual(list(FileWrapper(NotSoon(b"abc"), 2)), [b"ab", b"c"])

    def test_close_is_that_of_the_file(self) -> None:
        data = io.BytesIO()
        FileWrapper(data).close()
        self.assertTrue(data.closed)

    def test_no_close_without_one(self) -> None:
        class OnlyRead:
            def read(self, size: int) -> bytes:
                return b""

        wrapper = FileWrapper(OnlyRead())
        self.assertEqual((list(wrapper), hasattr(wrapper, "close")), ([], False))


if __name__ == "__main__":
    unittest.main()
