"""The same traceback is told once, whichever process asks."""

import os
import unittest

from rickhouse.stacks import create_file
from rickhouse.told_errors import is_new


class ToldErrors(unittest.TestCase):
    def setUp(self) -> None:
        self.descriptor = create_file()
        self.addCleanup(os.close, self.descriptor)

    def test_once_and_again_when_it_changes(self) -> None:
        texts = ["a", "a", "ab", "a", "", "", "x" * 100_000, "x" * 100_000, "\udc80"]
        found = [is_new(self.descriptor, text) for text in texts]
        self.assertEqual(found, [True, False, True, True, True, False, True, False, True])

    def test_one_of_many_processes(self) -> None:
        pids = []
        for _ in range(8):
            pid = os.fork()
            if pid == 0:
                os._exit(1 if is_new(self.descriptor, "the same") else 0)
            pids.append(pid)
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
        self.assertEqual(sum(codes), 1)


if __name__ == "__main__":
    unittest.main()
