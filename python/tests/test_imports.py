"""--reload: which files are told, and how they get to the front."""

import importlib.machinery
import os
import sys
import tempfile
import time
import unittest
from typing import Any
from unittest import mock

from rickhouse import imports, loader


class Files(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = os.path.realpath(directory.name)
        self.enterContext(mock.patch.object(sys, "path", [self.directory, *sys.path]))
        self.enterContext(mock.patch.dict(sys.modules))

    def enterContext(self, manager: Any) -> Any:
        # unittest has it from 3.11 on.
        value = manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
        return value

    def write(self, name: str, text: str) -> str:
        path = os.path.join(self.directory, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def test_are_those_of_modules_but_for_the_standard_library(self) -> None:
        path = self.write("one_of_mine.py", "import json\n")
        __import__("one_of_mine")
        files = imports.module_files()
        self.assertIn(path, files)
        self.assertNotIn(sys.modules["json"].__file__, files)

    def test_are_had_of_any_object_that_stands_for_a_module(self) -> None:
        class Strange:
            def __getattr__(self, name: str) -> Any:
                raise RuntimeError("no")

        sys.modules["strange"] = Strange()  # type: ignore[assignment]
        sys.modules["nothing"] = None  # type: ignore[assignment]
        imports.module_files()

    def test_of_a_failure_are_the_modules_that_are_no_more(self) -> None:
        first = self.write("first_of_two.py", "import second_of_two\n")
        second = self.write("second_of_two.py", "def (\n")
        name = loader.ApplicationName(self.directory, "first_of_two", "")
        with self.assertRaises(loader.LoadError) as raised:
            loader.load(name)
        messages = imports.messages_of_failure(raised.exception)
        files = {file for message in messages for file in message["files"]}
        self.assertLessEqual({first, second}, files)
        self.assertNotIn(loader.__file__, imports.files_of(raised.exception))
        self.assertIn("SyntaxError", messages[-1]["traceback"])
        self.assertNotIn("loader.py", messages[-1]["traceback"])

    def test_of_a_failure_without_traceback_are_told_with_its_line(self) -> None:
        name = loader.ApplicationName(self.directory, "not_there_at_all", "")
        with self.assertRaises(loader.LoadError) as raised:
            loader.load(name)
        messages = imports.messages_of_failure(raised.exception)
        self.assertIn("no module not_there_at_all", messages[-1]["traceback"])

    def test_stand_in_messages_of_bounded_size(self) -> None:
        messages = imports.messages([f"/x/{number}.py" for number in range(250)])
        self.assertEqual([len(message["files"]) for message in messages], [100, 100, 50])
        self.assertEqual(imports.messages([]), [])

    def test_get_from_worker_to_zygote_once(self) -> None:
        ours, theirs = imports.socket_pair()
        self.addCleanup(ours.close)
        self.addCleanup(theirs.close)
        reporter = imports.Reporter(theirs)
        reporter.note_known()

        def application(environ: Any, start_response: Any) -> list[bytes]:
            __import__("lazy_one")
            return []

        path = self.write("lazy_one.py", "")
        watched = imports.watched(application, reporter)
        watched({}, None)
        watched({}, None)
        told = imports.receive(ours)
        self.assertEqual([message["files"] for message in told], [[path]])
        self.assertEqual(imports.receive(ours), [])

    def test_get_there_with_the_traceback_of_a_failure_and_never_raise(self) -> None:
        ours, theirs = imports.socket_pair()
        self.addCleanup(theirs.close)
        reporter = imports.Reporter(theirs)
        reporter.tell_failure(loader.LoadError("x" * 500_000, "hint"))
        self.assertTrue(imports.receive(ours)[-1]["traceback"].startswith("xxx"))
        ours.close()
        reporter.tell_failure(loader.LoadError("nobody hears it", "hint"))


class Bytecode(unittest.TestCase):
    def test_is_not_kept_of_a_source_that_was_saved_just_now(self) -> None:
        kept = importlib.machinery.SourceFileLoader.set_data
        self.addCleanup(setattr, importlib.machinery.SourceFileLoader, "set_data", kept)
        imports.keep_no_fresh_bytecode()
        with tempfile.TemporaryDirectory() as directory:
            source, target = os.path.join(directory, "a.py"), os.path.join(directory, "a.pyc")
            with open(source, "w"):
                pass
            finder = importlib.machinery.SourceFileLoader("a", source)
            finder.set_data(target, b"code")
            self.assertFalse(os.path.exists(target))
            os.utime(source, (time.time() - 60, time.time() - 60))
            finder.set_data(target, b"code")
            self.assertTrue(os.path.exists(target))
            os.unlink(target)
            os.unlink(source)
            finder.set_data(target, b"code")
            self.assertTrue(os.path.exists(target))


if __name__ == "__main__":
    unittest.main()
