"""Standard output and error as streams to the front; each case in a process of its own."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

_SOURCE = str(Path(__file__).parent.parent / "src")


class Flushing(unittest.TestCase):
    def test_what_stands_in_the_place_of_a_stream_does_not_hide_it(self) -> None:
        program = """
import os, sys
from rickhouse import output
class Tee:
    def __init__(self, stream): self.stream = stream
    def write(self, text): self.stream.write(text)
    def flush(self): pass
sys.stdout = Tee(sys.stdout)
print("said")
output.flush()
os._exit(0)
"""
        environment = {**os.environ, "PYTHONPATH": _SOURCE}
        said = subprocess.check_output([sys.executable, "-c", program], env=environment)
        self.assertEqual(said, b"said\n")


def _said(program: str) -> dict[str, tuple[str, bytes]]:
    """By stream: the mark and what came behind the first line, when `program` has run connected."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "output.sock")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            server.listen()
            start = f"""
import os, sys
from rickhouse import log, output
output.connect({path!r}, 7)
"""
            environment = {**os.environ, "PYTHONPATH": _SOURCE}
            command = [sys.executable, "-c", start + program]
            with subprocess.Popen(command, env=environment) as process:
                said = {}
                for _ in range(2):
                    connection = server.accept()[0]
                    with connection, connection.makefile("rb") as stream:
                        hello = json.loads(stream.readline())
                        assert (hello["pid"], hello["worker"]) == (process.pid, 7)
                        said[hello["stream"]] = hello["mark"], stream.read()
            assert process.returncode == 0
            return said


_REQUEST = """
request = (1, 0, {"HTTP_X_REQUEST_ID": "id-1"}, b"")
"""


class OutputTest(unittest.TestCase):
    def test_text_outside_of_requests_is_as_it_is(self) -> None:
        said = _said("print('one'); os.write(1, b'two\\n'); print('three', file=sys.stderr)")
        self.assertEqual(said["stdout"][1], b"one\ntwo\n")
        self.assertEqual(said["stderr"][1], b"three\n")

    def test_text_of_a_request_is_a_piece_with_its_id(self) -> None:
        program = _REQUEST + "output.tagged(lambda _: print('one', end=''))(request); print('two')"
        mark, data = _said(program)["stdout"]
        self.assertEqual(data, f"\0{mark} id-1 t 3\nonetwo\n".encode())

    def test_a_report_is_one_piece(self) -> None:
        program = _REQUEST + "output.tagged(lambda _: log.report('worker', 'a\\nb'))(request)"
        mark, data = _said(program)["stderr"]
        self.assertEqual(data, f"\0{mark} id-1 r 3\na\nb".encode())

    def test_what_the_application_put_in_place_of_the_id_is_no_id(self) -> None:
        for value in ("'a\\nb'", "''", "7", "'x' * 129"):
            program = f"request = (1, 0, {{'HTTP_X_REQUEST_ID': {value}}}, b'')\n"
            program += "output.tagged(lambda _: print('one'))(request)"
            mark, data = _said(program)["stdout"]
            self.assertEqual(data, f"\0{mark} - t 4\none\n".encode())

    def test_another_thread_is_not_the_request(self) -> None:
        program = _REQUEST + (
            "import threading\n"
            "def run(_):\n"
            "    thread = threading.Thread(target=print, args=('one',))\n"
            "    thread.start(); thread.join()\n"
            "output.tagged(run)(request)"
        )
        self.assertEqual(_said(program)["stdout"][1], b"one\n")

    def test_long_text_is_several_pieces(self) -> None:
        program = _REQUEST + "output.tagged(lambda _: print('x' * 40000))(request)"
        mark, data = _said(program)["stdout"]
        head = f"\0{mark} id-1 t ".encode()
        self.assertEqual(data.count(head), 3)
        self.assertEqual(data.count(b"x"), 40000)

    def test_pieces_are_whole_where_the_application_lets_nobody_wait(self) -> None:
        program = _REQUEST + (
            "os.set_blocking(1, False)\noutput.tagged(lambda _: print('x' * 4_000_000))(request)"
        )
        mark, data = _said(program)["stdout"]
        self.assertEqual(data.count(b"x"), 4_000_000)
        self.assertEqual(data.count(f"\0{mark} id-1 t 16384\n".encode()), 244)

    def test_without_a_front_the_descriptors_stay(self) -> None:
        program = (
            "from rickhouse import log, output\n"
            "output.connect('/nonexistent/output.sock', 1)\n"
            "print('one')\n"
            "run = lambda _: print('two')\n"
            "assert output.tagged(run) is run\n"
            "log.report('worker', 'three')\n"
        )
        environment = {**os.environ, "PYTHONPATH": _SOURCE}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, check=True
        )
        self.assertEqual(done.stdout, b"one\n")
        self.assertRegex(done.stderr, rb"^rickhouse worker\[\d+\]: three\n$")


class ReportsTest(unittest.TestCase):
    """Where reports alone go to the front."""

    def run_program(self, program: str, streams: int) -> tuple[list[tuple[Any, bytes]], bytes, int]:
        """What came in so many streams: the first line and the rest; then standard error."""
        with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as server:
            path = os.path.join(directory, "output.sock")
            server.bind(path)
            server.listen()
            server.settimeout(30)
            start = f"""
import os, sys, threading
from rickhouse import log, output
output.report_to({path!r}, 7)
"""
            environment = {**os.environ, "PYTHONPATH": _SOURCE}
            command = [sys.executable, "-c", start + program]
            came = []
            with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
                for _ in range(streams):
                    connection = server.accept()[0]
                    with connection, connection.makefile("rb") as stream:
                        came.append((json.loads(stream.readline()), stream.read()))
                errors = process.communicate()[1]
            assert process.returncode == 0, errors
            return came, errors, process.pid

    def test_all_of_a_thread_go_in_one_stream_and_what_is_printed_does_not(self) -> None:
        program = "log.report('worker', 'a\\nb'); print('c', file=sys.stderr); log.report('w', 'd')"
        [(hello, data)], errors, pid = self.run_program(program, 1)
        self.assertEqual(errors, b"c\n")
        mark = hello.pop("mark")
        self.assertEqual(hello, {"pid": pid, "worker": 7, "stream": "reports"})
        self.assertEqual(data, f"\0{mark} - r 3\na\nb\0{mark} - r 1\nd".encode())

    def test_other_threads_and_children_have_their_own(self) -> None:
        program = (
            "log.report('worker', 'one')\n"
            "thread = threading.Thread(target=log.report, args=('worker', 'two'))\n"
            "thread.start(); thread.join()\n"
            "pid = os.fork()\n"
            "log.report('worker', 'three' if pid else 'four')\n"
            "if pid == 0: os._exit(0)\n"
            "os.waitpid(pid, 0)\n"
        )
        came, _, pid = self.run_program(program, 3)
        texts = {data.replace(hello["mark"].encode(), b""): hello["pid"] for hello, data in came}
        children = [texts.pop(b"\0 - r 4\nfour")]
        self.assertEqual(texts, {b"\0 - r 3\none\0 - r 5\nthree": pid, b"\0 - r 3\ntwo": pid})
        self.assertNotIn(pid, children)

    def test_nothing_is_written_to_what_the_application_has_opened_in_its_place(self) -> None:
        program = (
            "log.report('worker', 'one')\n"
            "os.closerange(3, 100)\n"
            "others = [os.open(os.devnull, os.O_RDONLY) for _ in range(20)]\n"
            "file = os.memfd_create('x') if hasattr(os, 'memfd_create') else others[0]\n"
            "log.report('worker', 'two')\n"
            "assert all(map(os.fstat, others)) and os.fstat(file).st_size == 0\n"
        )
        came, errors, _ = self.run_program(program, 2)
        texts = [data.replace(hello["mark"].encode(), b"") for hello, data in came]
        self.assertEqual((texts, errors), ([b"\0 - r 3\none", b"\0 - r 3\ntwo"], b""))

    def test_beside_a_front_that_reads_nothing_they_go_to_standard_error(self) -> None:
        program = (
            "import socket\n"
            "server = socket.socket(socket.AF_UNIX)\n"
            "server.bind('\\0' + str(os.getpid())); server.listen()\n"
            "output._SECONDS = 0.05\n"
            "output.report_to(server.getsockname().decode(), 1)\n"
            "log.report('worker', 'x' * 5_000_000)\n"
        )
        if sys.platform == "linux":  # An abstract address.
            _, errors, _ = self.run_program(program, 0)
            self.assertRegex(errors, rb"^rickhouse worker\[\d+\]: x{5000000}\n$")

    def test_without_a_front_they_go_to_standard_error(self) -> None:
        program = "output.report_to('/nonexistent/output.sock', 1); log.report('worker', 'one')"
        _, errors, _ = self.run_program(program, 0)
        self.assertRegex(errors, rb"^rickhouse worker\[\d+\]: one\n$")


if __name__ == "__main__":
    unittest.main()
