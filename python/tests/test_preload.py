"""What makes the zygote start again without preload, and what does not."""

import os
import select
import signal
import sqlite3
import unittest
from unittest import mock

from rickhouse import preload_check
from rickhouse.preload_check import find_native_threads, find_unshareable
from rickhouse.process import open_descriptors
from support import SECONDS, Front, load_zygote

REST = """
import os
def app(environ, start_response):
    start_response("200 OK", [])
    return [repr(os.getpid()).encode()]
"""
THREAD = """
import threading, time
threading.Thread(target=time.sleep, args=(60,), daemon=True, name="my-thread").start()
"""
CONNECTION = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
server = listener.accept()[0]
"""
PAIR = "import socket\npair = socket.socketpair()\n"
SQLITE = """
import sqlite3, os
db = sqlite3.connect(os.path.join(os.path.dirname(__file__), "my.db"))
db.execute("create table if not exists t (x)")
db.commit()
"""
EPOLL = "import select\nepoll = select.epoll()\n"
PROCESS = """
import multiprocessing, time
process = multiprocessing.get_context("fork").Process(
    target=time.sleep, args=(60,), name="my-process", daemon=True
)
process.start()
"""
EXECUTOR = """
from concurrent.futures import ProcessPoolExecutor
executor = ProcessPoolExecutor(1)
"""
HARMLESS = """
import concurrent.futures.process, multiprocessing
import socket, sqlite3, os, select
listener = socket.create_server(("127.0.0.1", 0))
datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagram.connect(("127.0.0.1", 9))
unconnected = socket.socket()
memory = sqlite3.connect(":memory:")
log = open(os.path.join(os.path.dirname(__file__), "log"), "w")
source = open(__file__)
pipe = os.pipe()
poller = select.poll()
queue = multiprocessing.get_context("fork").Queue()
with concurrent.futures.ProcessPoolExecutor(1):
    pass
"""
OF_EACH_WORKER = """
import functools, os
hooked = []
os.register_at_fork(after_in_child=lambda: hooked.append(os.getpid()))
imported_by = os.getpid()
@functools.lru_cache(maxsize=None)
def maker_of(process):
    return os.getpid()
maker_of(os.getpid())
def app(environ, start_response):
    start_response("200 OK", [])
    me = os.getpid()
    return [repr((hooked == [me], imported_by == me, maker_of(me) == me)).encode()]
"""


class InTheZygote(unittest.TestCase):
    def load(self, source: str, **options: object) -> tuple[Front, bool]:
        front = Front(source + REST, **options)  # type: ignore[arg-type]
        self.addCleanup(front.close)
        loaded = front.expect("loaded")
        self.assertEqual(loaded["pid"], front.process.pid)
        channel = front.start_worker()
        channel.request(1)
        self.assertEqual(channel.answer_to(1).body, str(front.pids[1]).encode())
        return front, bool(loaded["preload"])

    def test_what_must_not_be_shared_is_named_and_not_shared(self) -> None:
        for source, text in (
            (THREAD, "the thread 'my-thread' at "),
            (CONNECTION, "a connection to 127.0.0.1 port "),
            (PAIR, "a connected pair of sockets"),
            (SQLITE, "/my.db"),
            (EPOLL, "an epoll descriptor"),
            (PROCESS, "the process 'my-process'"),
            (EXECUTOR, "a ProcessPoolExecutor"),
        ):
            with self.subTest(text):
                front, is_preloaded = self.load(source)
                self.assertFalse(is_preloaded)
                self.assertEqual([note["level"] for note in front.notes], ["warning"])
                self.assertIn(text, front.notes[0]["text"])
                self.assertIn("each worker imports it itself", front.notes[0]["text"])
                self.assertIn("hooks of os.register_at_fork do not run", front.notes[0]["text"])

    def test_what_may_be_shared_is(self) -> None:
        front, is_preloaded = self.load(HARMLESS)
        self.assertEqual((is_preloaded, front.notes), (True, []))

    def test_what_is_looked_at_stays_as_it_is(self) -> None:
        source = """
import os, socket
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
socket.setdefaulttimeout(5)
def app(environ, start_response):
    start_response("200 OK", [])
    facts = os.get_blocking(receiver.fileno()), socket.getdefaulttimeout()
    return [repr(facts).encode()]
"""
        with load_zygote(source) as front:
            channel = front.start_worker()
            channel.request(1)
            self.assertEqual(channel.answer_to(1).body, b"(True, 5.0)")

    def test_on_shares_all_the_same_and_says_so(self) -> None:
        front, is_preloaded = self.load(PAIR, preload="on")
        self.assertTrue(is_preloaded)
        self.assertIn("shared all the same", front.notes[0]["text"])

    def test_off_does_not_look(self) -> None:
        front, is_preloaded = self.load(THREAD, preload="off")
        self.assertEqual((is_preloaded, front.notes), (False, []))

    def test_messages_behind_load_are_not_lost(self) -> None:
        front = Front(PAIR + REST)
        self.addCleanup(front.close)
        front.send({"type": "stacks", "worker": 77})
        front.expect("loaded")
        self.assertEqual(front.expect("stacks")["worker"], 77)

    def test_nothing_of_the_first_start_is_left(self) -> None:
        source = PAIR + "import os, sys\nprint('imported by', os.getpid(), file=sys.stderr)\n"
        source += "first = [name for name in os.environ if 'INTERNAL' in name]\nassert not first\n"
        front, _ = self.load(source)
        pids = [int(line.split()[-1]) for line in front.stderr.splitlines()]
        self.assertEqual(pids, [front.process.pid, front.pids[1]])
        descriptors = os.listdir(f"/proc/{front.process.pid}/fd")
        targets = [os.readlink(f"/proc/{front.process.pid}/fd/{fd}") for fd in descriptors]
        self.assertEqual(sum(target.startswith("socket:") for target in targets), 1)

    def test_nor_its_environment_and_current_directory(self) -> None:
        source = (
            PAIR
            + """
import os
assert os.environ.pop("GIVEN") == "first"
os.environ["GIVEN"] = os.environ["ADDED"] = "by the import"
print(os.getcwd(), os.environ.get("SEEN"), flush=True)
os.environ["SEEN"] = "yes"
os.chdir("/")
"""
        )
        front = Front(source + REST, environment={"GIVEN": "first"})
        self.addCleanup(front.close)
        self.assertFalse(front.expect("loaded")["preload"])
        front.start_worker()
        self.assertEqual(front.stderr, f"{front.directory} None\n" * 2)


class OfEachWorker(unittest.TestCase):
    def test_hooks_run_with_preload_and_the_import_without(self) -> None:
        """What docs/fork-safety.md builds on; what is kept by the process id is right in both."""
        for preload, expected in (("on", (True, False, True)), ("off", (False, True, True))):
            with self.subTest(preload), load_zygote(OF_EACH_WORKER, preload=preload) as front:
                for worker in (1, 2):
                    channel = front.start_worker(worker)
                    channel.request(1)
                    self.assertEqual(channel.answer_to(1).body, repr(expected).encode())


class AfterTheImport(unittest.TestCase):
    """What the import did to the process of the zygote is undone there."""

    def load(self, source: str) -> Front:
        front = Front(source + REST)
        self.addCleanup(front.close)
        return front

    def test_a_timer_does_not_end_it(self) -> None:
        source = "import signal\n"
        front = self.load(source + "signal.setitimer(signal.ITIMER_REAL, 0.3)\n")
        front.expect("loaded")
        # The control socket would end with it.
        self.assertEqual(select.select([front.control], [], [], 0.6)[0], [])
        channel = front.start_worker()
        channel.request(1)
        self.assertEqual(channel.answer_to(1).status, 200)

    def test_blocked_signals_hide_no_death(self) -> None:
        source = "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\n"
        front = self.load(source)
        front.expect("loaded")
        front.start_worker()
        os.kill(front.pids[1], signal.SIGKILL)
        self.assertEqual(front.expect("exited")["signal"], "SIGKILL")

    def test_a_signal_to_the_whole_group_does_not_end_it(self) -> None:
        source = "import signal\n" + "".join(
            f"signal.signal(signal.{name}, signal.SIG_DFL)\n"
            for name in ("SIGTERM", "SIGINT", "SIGHUP")
        )
        front = self.load(source)
        front.expect("loaded")
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(front.process.pid, signum)
        channel = front.start_worker()
        channel.request(1)
        self.assertEqual(channel.answer_to(1).status, 200)

    def test_a_closed_control_socket_is_said_and_ends_it(self) -> None:
        front = self.load("import os\nos.closerange(3, 1000)\n")
        self.assertIsNone(front.receive())
        self.assertEqual(front.process.wait(SECONDS), 3)
        self.assertIn("closed descriptors that are not its own", front.stderr)


class Looking(unittest.TestCase):
    def test_nothing_new_in_this_process(self) -> None:
        self.assertEqual(find_unshareable(frozenset(open_descriptors())), [])

    def test_a_database_is_known_by_its_content(self) -> None:
        import tempfile

        before = frozenset(open_descriptors())
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "noname")
            database = sqlite3.connect(path)
            database.execute("create table t (x)")
            database.commit()
            found = find_unshareable(before)
            database.close()
            self.assertEqual(found, [f"the SQLite database {path}"])

    def test_the_device_of_a_graphics_processor_is_named_once(self) -> None:
        before = frozenset(open_descriptors())
        with open("/dev/zero") as first, open("/dev/zero") as second:
            assert first.fileno() != second.fileno()
            self.assertEqual(find_unshareable(before), [])
            for path in ("/dev/nvidia0", "/dev/nvidia-uvm", "/dev/kfd", "/dev/dri/renderD128"):
                with mock.patch.object(preload_check, "_target", return_value=path):
                    self.assertEqual(find_unshareable(before), [f"the device {path}"])

    def test_native_threads_are_counted_without_those_of_python(self) -> None:
        import threading

        stop = threading.Event()
        thread = threading.Thread(target=stop.wait)
        before = find_native_threads()
        thread.start()
        after = find_native_threads()
        stop.set()
        thread.join()
        self.assertEqual(after, before)


if __name__ == "__main__":
    unittest.main()
