"""Lines of our own on standard error."""

from __future__ import annotations

import os
import tempfile
import unittest

from rickhouse import log


def reported(text: str) -> str:
    """What `report` writes to descriptor 2."""
    kept = os.dup(2)
    try:
        with tempfile.TemporaryFile() as file:
            os.dup2(file.fileno(), 2)
            log.report("worker", text)
            file.seek(0)
            return file.read().decode()
    finally:
        os.dup2(kept, 2)
        os.close(kept)


class ReportTest(unittest.TestCase):
    def test_a_text_of_several_lines_is_one_message(self) -> None:
        self.assertEqual(
            reported("error in GET /\nValueError: a\n\tb\n"),
            f"rickhouse worker[{os.getpid()}]: error in GET /\n    ValueError: a\n    \tb\n",
        )

    def test_what_a_client_said_is_neither_a_line_of_ours_nor_an_order_to_a_terminal(self) -> None:
        text = reported("ValueError: a\nrickhouse: error: no\r\x1b[2J\x9b1m\x7f\0é\udc80")
        self.assertEqual(
            text.partition("]: ")[2],
            "ValueError: a\n    rickhouse: error: no\\x0d\\x1b[2J\\x9b1m\\x7f\\x00é\\udc80\n",
        )


if __name__ == "__main__":
    unittest.main()
