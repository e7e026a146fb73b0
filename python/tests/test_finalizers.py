"""Finalizers of the import: what is done with them where one of them does not end."""

import threading
import unittest
import weakref
from typing import Any, Callable
from unittest import mock

from rickhouse import finalizers


class Thing:
    pass


class Run(unittest.TestCase):
    def setUp(self) -> None:
        self.reports: list[str] = []
        self.things: list[Thing] = []
        self.ran: list[str] = []
        patches: list[Any] = [
            mock.patch.object(finalizers, "_taken", []),
            # Not those of other tests.
            mock.patch.object(weakref.finalize, "_registry", {}),
            mock.patch("rickhouse.log.report", lambda who, text: self.reports.append(text)),
        ]
        for patched in patches:
            patched.start()
            self.addCleanup(patched.stop)

    def finalize(self, callback: Callable[[], object]) -> None:
        thing = Thing()
        self.things.append(thing)
        weakref.finalize(thing, callback)

    def test_the_last_first_whatever_one_of_them_raises(self) -> None:
        self.finalize(lambda: self.ran.append("first"))
        self.finalize(lambda: 1 // 0)
        self.finalize(lambda: self.ran.append("last"))
        finalizers.run()
        self.assertEqual(self.ran, ["last", "first"])
        self.assertEqual(len(self.reports), 1)
        self.assertIn("ZeroDivisionError", self.reports[0])

    def test_one_that_does_not_end_is_left_and_the_caller_goes_on(self) -> None:
        self.finalize(lambda: self.ran.append("first"))
        self.finalize(lambda: threading.Event().wait(60))
        finalizers.run(0.05)
        self.assertEqual(self.ran, [])
        self.assertEqual(len(self.reports), 1)
        self.assertIn("did not end within 0.05 seconds", self.reports[0])


if __name__ == "__main__":
    unittest.main()
