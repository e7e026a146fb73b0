"""Files of the import that workers read: each has its own place in them."""

import fcntl
import json
import os
import tempfile
import unittest

from rickhouse import offsets
from support import Front, FrontChannel, environ_of, load_zygote

RECORDS = """
import fcntl, json, os
path = os.path.join(os.path.dirname(__file__), "records")
with open(path, "wb") as file:
    file.write(b"".join(b"%07d\\n" % number for number in range(10_000)))
records = open(path, "rb", buffering=8192)
"""
READING = """
def app(environ, start_response):
    start_response("200 OK", [])
    records.seek(int(environ["QUERY_STRING"]))
    return [records.read(8)]
"""
TELLING = """
def app(environ, start_response):
    start_response("200 OK", [])
    descriptor = records.fileno()
    facts = {
        "next": records.readline().decode(),
        "raw": os.read(descriptor, 8).decode(),
        "inheritable": os.get_inheritable(descriptor),
        "flags": fcntl.fcntl(descriptor, fcntl.F_GETFL) & 3,
    }
    return [json.dumps(facts).encode()]
"""


def body_of(channel: FrontChannel, number: int, query: str = "") -> bytes:
    channel.request(number, environ_of(QUERY_STRING=query))
    return channel.answer_to(number).body


class InWorkers(unittest.TestCase):
    def load(self, source: str) -> Front:
        front = load_zygote(source)
        self.addCleanup(front.close)
        return front

    def facts_of(self, front: Front, worker: int) -> dict[str, object]:
        return dict(json.loads(body_of(front.start_worker(worker), 1)))

    def test_one_reads_what_it_would_read_alone(self) -> None:
        front = self.load(RECORDS + READING)
        first, second = front.start_worker(1), front.start_worker(2)
        self.assertEqual(body_of(first, 1, "0"), b"0000000\n")
        self.assertEqual(body_of(second, 2, "40000"), b"0005000\n")
        # Half of it is in the first one's buffer, the rest is read from the file.
        self.assertEqual(body_of(first, 3, "8188"), b"023\n0001")

    def test_each_begins_where_the_import_stopped(self) -> None:
        front = self.load(RECORDS + "records.readline()\n" + TELLING)
        # 8192 bytes are in the buffer.
        expected = {"next": "0000001\n", "raw": "0001024\n", "inheritable": False, "flags": 0}
        for worker in (1, 2):
            self.assertEqual(self.facts_of(front, worker), expected)

    def test_also_of_a_file_that_is_deleted_and_goes_to_programs(self) -> None:
        source = "os.unlink(path)\nos.set_inheritable(records.fileno(), True)\n"
        front = self.load(RECORDS + source + TELLING)
        for worker in (1, 2):
            facts = self.facts_of(front, worker)
            self.assertEqual((facts["next"], facts["inheritable"]), ("0000000\n", True))
            self.assertEqual(facts["raw"], "0001024\n")

    def test_what_is_locked_stays_locked_and_shared(self) -> None:
        source = """
fcntl.flock(records, fcntl.LOCK_EX)
def app(environ, start_response):
    start_response("200 OK", [])
    fcntl.flock(records, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return [b"locked"]
"""
        front = self.load(RECORDS + source)
        for worker in (1, 2):
            self.assertEqual(body_of(front.start_worker(worker), 1), b"locked")

    def test_what_the_application_opens_after_the_fork_is_left_alone(self) -> None:
        source = """
def reopen():
    other = os.open(path, os.O_RDWR)
    os.dup2(other, records.fileno())
    os.close(other)
os.register_at_fork(after_in_child=reopen)
"""
        front = self.load(RECORDS + source + TELLING)
        facts = self.facts_of(front, 1)
        self.assertEqual(facts["flags"], os.O_RDWR)


class Finding(unittest.TestCase):
    def test_only_regular_files_that_are_open_for_reading(self) -> None:
        before = {file.descriptor for file in offsets.find()}
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "file")
            with open(path, "w"):
                pass
            opened = [os.open(path, flags) for flags in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR)]
            opened += [os.open(path, os.O_PATH), os.open(directory, os.O_RDONLY), *os.pipe()]
            opened += [os.open("/dev/zero", os.O_RDONLY), os.open(path, os.O_RDONLY)]
            fcntl.flock(opened[-1], fcntl.LOCK_SH)
            try:
                found = {file.descriptor for file in offsets.find()} - before
                self.assertEqual(found, {opened[0]})
            finally:
                for descriptor in opened:
                    os.close(descriptor)


if __name__ == "__main__":
    unittest.main()
