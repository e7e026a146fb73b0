"""A real zygote: start, forks, exits, withdrawals, stacks, scheduling, and both of its ends."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from rickhouse import wire
from support import SECONDS, TO_THE_FRONT, Front, environ_of, is_alive, load_zygote, wait_for

HELLO = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]
"""

# Blocks in C code, with the GIL or without; the directory tells when it has begun.
BLOCKING = """
import os, re, time
def app(environ, start_response):
    path = environ["PATH_INFO"]
    open(os.path.join(os.path.dirname(__file__), "begun"), "w").close()
    if path == "/sleep":
        time.sleep(60)
    if path == "/gil":
        re.match("(a|a)*b", "a" * 40)
    if path == "/wait":
        while not os.path.exists(os.path.join(os.path.dirname(__file__), "go")):
            time.sleep(0.005)
    start_response("200 OK", [])
    return [path.encode()]
"""


def touch(front: Front, name: str) -> None:
    with open(os.path.join(front.directory, name), "w"):
        pass


def wait_until_begun(front: Front) -> None:
    path = os.path.join(front.directory, "begun")
    wait_for(lambda: os.path.exists(path), "the request to begin")


class Start(unittest.TestCase):
    def test_loaded_then_forked_then_an_answer(self) -> None:
        with Front(HELLO) as front:
            loaded = front.expect("loaded")
            self.assertEqual(loaded["pid"], front.process.pid)
            self.assertEqual(loaded["python"], ".".join(map(str, sys.version_info[:3])))
            self.assertEqual((loaded["preload"], loaded["notes"]), (True, []))
            channel = front.start_worker()
            channel.request(1)
            self.assertEqual(channel.answer_to(1).body, b"hello")
            self.assertEqual(front.notes, [])

    def test_the_application_finds_a_clean_process(self) -> None:
        source = """
import json, os, resource, signal, sys
imported = {
    "argv": sys.argv, "path": sys.path, "modules": [m for m in sys.modules if "rickhouse" in m],
    "environ": [n for n in os.environ if "INTERNAL" in n],
    "fds": sorted(map(int, os.listdir("/proc/self/fd"))),
    "inheritable": os.get_inheritable(3), "limit": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
    "name": __name__, "session": os.getsid(0) == os.getpid(),
}
def app(environ, start_response):
    start_response("200 OK", [])
    return [json.dumps(imported).encode()]
"""
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 1
        environment = {"RICKHOUSE_INTERNAL_TEST": "1"}
        with load_zygote(source, softFileLimit=soft, environment=environment) as front:
            channel = front.start_worker()
            channel.request(1)
            seen = json.loads(channel.answer_to(1).body)
            self.assertEqual((seen["argv"], seen["path"][0]), (["rickhouse"], front.directory))
            self.assertFalse([path for path in seen["path"] if "python/src" in path])
            self.assertEqual((seen["modules"], seen["environ"]), ([], []))
            # 4 is the directory being listed.
            self.assertEqual(seen["fds"], [0, 1, 2, 3, 4])
            self.assertEqual(
                (seen["inheritable"], seen["limit"], seen["session"]), (False, soft, True)
            )

    def test_children_of_multiprocessing_do_nothing_of_ours(self) -> None:
        source = """
import multiprocessing
def double(number):
    return number * 2
def app(environ, start_response):
    results = []
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        with context.Pool(1) as pool:
            results.append(pool.apply(double, (21,)))
    start_response("200 OK", [])
    return [repr(results).encode()]
"""
        with load_zygote(source) as front:
            channel = front.start_worker()
            channel.request(1)
            self.assertEqual(channel.answer_to(1).body, b"[42, 42, 42]", front.stderr)
            channel.request(2)
            self.assertEqual(channel.answer_to(2).body, b"[42, 42, 42]")

    def test_subprocesses_at_import_keep_their_exit_codes(self) -> None:
        source = """
import subprocess
codes = [subprocess.call(["sh", "-c", f"exit {n}"]) for n in range(1, 8)]
assert codes == list(range(1, 8)), codes
"""
        source += HELLO
        with Front(source) as front:
            front.expect("loaded")

    def test_what_the_application_prints_at_import_is_printed_once(self) -> None:
        with load_zygote("print('printed at import')\n" + HELLO) as front:
            for worker in (1, 2):
                front.start_worker(worker)
                front.send({"type": "signal", "worker": worker, "signal": "TERM"})
                front.expect("exited")
            self.assertEqual(front.stderr.count("printed at import"), 1)

    def test_without_its_socket_it_says_who_starts_it(self) -> None:
        main_file = os.path.join(os.path.dirname(wire.__file__), "__main__.py")
        done = subprocess.run(
            [sys.executable, main_file],
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            timeout=SECONDS,
        )
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"started by the command rickhouse", done.stderr)


class ImportFailures(unittest.TestCase):
    def test_is_reported_with_a_hint_and_the_traceback_goes_to_stderr(self) -> None:
        with Front("def helper():\n    raise ValueError('the reason')\nhelper()\n") as front:
            failed = front.expect("failed")
            self.assertIn("importing app raised ValueError: the reason", failed["error"])
            self.assertTrue(failed["hint"])
            self.assertEqual(front.process.wait(SECONDS), 3)
            self.assertIn("in helper\n", front.stderr)
            self.assertNotIn("loader.py", front.stderr)
            self.assertNotIn("importlib", front.stderr)

    def test_of_a_name(self) -> None:
        with Front(HELLO, callable="ap") as front:
            self.assertIn("Did you mean app:app?", front.expect("failed")["hint"])
            self.assertEqual(front.process.wait(SECONDS), 3)

    def test_without_preload_in_the_worker(self) -> None:
        with Front("raise ValueError('the reason')", preload="off") as front:
            self.assertFalse(front.expect("loaded")["preload"])
            front.fork()
            exited = front.expect("exited")
            self.assertEqual((exited["status"], exited["signal"]), (3, None))
            self.assertIn("ValueError: the reason", front.stderr)

    def test_of_versions(self) -> None:
        with Front(HELLO, protocol=99) as front:
            self.assertIn("versions", front.expect("failed")["error"])


class Exits(unittest.TestCase):
    def test_status_signal_usage_and_ledger(self) -> None:
        source = "import os\ndef app(environ, start_response):\n    os._exit(7)\n"
        with load_zygote(source) as front:
            channel = front.start_worker(1)
            front.start_worker(2)
            channel.request(5)
            exited = front.expect("exited")
            self.assertEqual((exited["worker"], exited["pid"]), (1, front.pids[1]))
            self.assertEqual((exited["status"], exited["signal"]), (7, None))
            self.assertEqual(exited["ledger"], [[5, 0, 0]])
            self.assertGreater(exited["maxRssKiB"], 1000)
            self.assertIsInstance(exited["userMs"] + exited["systemMs"], int)
            self.assertIsNone(channel.next())
            front.send({"type": "signal", "worker": 2, "signal": "KILL"})
            exited = front.expect("exited")
            self.assertEqual(
                (exited["worker"], exited["status"], exited["signal"]), (2, None, "SIGKILL")
            )

    def test_many_at_once(self) -> None:
        with load_zygote(HELLO, maxWorkers=10) as front:
            for worker in range(10):
                front.start_worker(worker)
            for worker in range(10):
                os.kill(front.pids[worker], signal.SIGKILL)
            self.assertEqual({front.expect("exited")["worker"] for _ in range(10)}, set(range(10)))

    def test_a_slot_of_the_ledger_is_used_again(self) -> None:
        with load_zygote(HELLO, maxWorkers=1) as front:
            for worker in range(5):
                channel = front.start_worker(worker)
                channel.request(9)
                channel.answer_to(9)
                channel.close()
                self.assertEqual(front.expect("exited")["ledger"], [[9, 0, 0]])

    def test_a_worker_that_cannot_be_forked_is_reported_as_one_that_exited(self) -> None:
        with load_zygote(HELLO, maxWorkers=1) as front:
            front.start_worker(1)
            front.start_worker(2)
            front.send({"type": "fork", "worker": 3, "tokens": ["00" * 16]})
            exited = front.expect("exited")
            self.assertEqual(
                (exited["worker"], exited["pid"], exited["ledger"]), (3, 0, [[0, 0, 0]])
            )
            self.assertIn("worker 3 was not forked", front.notes[0]["text"])

    def test_one_for_which_no_descriptor_is_left_is_reported_so_too(self) -> None:
        source = (
            HELLO
            + """
import errno, os
real = os.memfd_create
calls = []
def memfd_create(name, flags=0):
    calls.append(name)
    if calls.count("rickhouse-stacks") == 1:
        calls.append(name)
        raise OSError(errno.EMFILE, "Too many open files")
    return real(name, flags)
os.memfd_create = memfd_create
"""
        )
        with load_zygote(source) as front:
            front.send({"type": "fork", "worker": 3, "tokens": ["00" * 16]})
            exited = front.expect("exited")
            self.assertEqual((exited["worker"], exited["pid"]), (3, 0))
            self.assertIn("Too many open files", front.notes[0]["text"])
            channel = front.start_worker()
            channel.request(1)
            self.assertEqual(channel.answer_to(1).body, b"hello")

    def test_an_application_whose_sockets_know_only_the_internet_is_served(self) -> None:
        # As those of PySocks.
        source = (
            HELLO
            + """
import socket
class Socket(socket.socket):
    def connect(self, address):
        raise OSError(f"no connections to {address}")
socket.socket = Socket
socket.setdefaulttimeout(0.001)
"""
        )
        with load_zygote(source) as front:
            channel = front.start_worker()
            channel.request(1)
            self.assertEqual(channel.answer_to(1).body, b"hello")

    def test_an_application_that_replaces_what_zygotes_use_is_served(self) -> None:
        # As gevent's and eventlet's monkey patches do.
        source = (
            HELLO
            + """
import os, select, signal, threading, time
del select.poll
os.fork = os.kill = os.wait4 = os.waitpid = os.read = None
signal.signal = signal.set_wakeup_fd = lambda *both, **more: None
threading.get_ident = lambda: 1
def app(environ, start_response):
    start_response("200 OK", [])
    while not environ["rickhouse.client_disconnected"]():
        time.sleep(0.01)
    return [b"gone"]
"""
        )
        with load_zygote(source) as front:
            channel = front.start_worker()
            channel.request(1)
            channel.send(wire.encode(wire.Gone(1, 0)))
            self.assertEqual(channel.answer_to(1).body, b"gone")
            os.kill(front.pids[1], signal.SIGKILL)
            self.assertEqual(front.expect("exited")["signal"], "SIGKILL")

    def test_what_the_start_of_python_has_opened_stays_open(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            with open(os.path.join(directory, "sitecustomize.py"), "w") as file:
                file.write("import sys\nsys.kept = open(__file__ + '.log', 'a')\n")
            source = """
import os, sys
def app(environ, start_response):
    start_response("200 OK", [])
    same = os.path.samestat(os.fstat(sys.kept.fileno()), os.stat(sys.kept.name))
    return [str(same).encode()]
"""
            with Front(source, environment={"PYTHONPATH": directory}) as front:
                front.expect("loaded")
                channel = front.start_worker()
                channel.request(1)
                self.assertEqual(channel.answer_to(1).body, b"True")

    def test_stacks_do_not_go_into_files_that_took_the_place_of_those_that_were_closed(
        self,
    ) -> None:
        source = """
import os
def app(environ, start_response):
    start_response("200 OK", [])
    os.closerange(3, 100)
    directory = os.path.dirname(os.path.abspath(__file__))
    globals()["kept"] = [open(os.path.join(directory, f"file-{n}"), "w") for n in range(30)]
    return [b"closed"]
"""
        with load_zygote(source) as front:
            channel = front.start_worker()
            channel.request(1)
            self.assertEqual(channel.answer_to(1).body, b"closed")
            front.send({"type": "stacks", "worker": 1})
            self.assertIn("most recent call first", front.expect("stacks")["text"])
            files = [os.path.join(front.directory, f"file-{n}") for n in range(30)]
            self.assertEqual([os.path.getsize(path) for path in files], [0] * 30)

    def test_orphans_of_the_application_are_reaped_silently(self) -> None:
        source = """
import os, subprocess
def app(environ, start_response):
    # The shell ends at once; its child lives on for a moment and then belongs to the zygote.
    script = "sleep 0.1 >/dev/null 2>&1 & echo $!"
    output = subprocess.run(["sh", "-c", script], stdout=subprocess.PIPE)
    start_response("200 OK", [])
    return [output.stdout]
"""
        with load_zygote(source) as front:
            channel = front.start_worker()
            channel.request(1)
            orphan = int(channel.answer_to(1).body)
            wait_for(lambda: not os.path.exists(f"/proc/{orphan}"), "the orphan to be reaped")
            channel.close()
            self.assertEqual(front.expect("exited")["worker"], 1)


class Withdrawing(unittest.TestCase):
    def withdraw(self, front: Front, up_to: int) -> tuple[int, int]:
        front.send({"type": "withdraw", "worker": 1, "thread": 0, "upTo": up_to})
        withdrawn = front.expect("withdrawn")
        self.assertEqual(
            (withdrawn["worker"], withdrawn["thread"], withdrawn["upTo"]), (1, 0, up_to)
        )
        return withdrawn["started"], withdrawn["above"]

    def test_what_waits_behind_a_running_request(self) -> None:
        with load_zygote(BLOCKING) as front:
            channel = front.start_worker()
            channel.request(3, environ_of(path="/wait"))
            for number in (4, 6, 7):
                channel.request(number)
            wait_until_begun(front)
            self.assertEqual(self.withdraw(front, 7), (3, 3))
            channel.request(8, environ_of(path="/after"))
            touch(front, "go")
            self.assertEqual(channel.answer_to(3).body, b"/wait")
            self.assertEqual(channel.answer_to(8).body, b"/after")

    def test_while_c_code_holds_the_gil(self) -> None:
        with load_zygote(BLOCKING) as front:
            channel = front.start_worker()
            channel.request(1, environ_of(path="/gil"))
            channel.request(2)
            wait_until_begun(front)
            self.assertEqual(self.withdraw(front, 2), (1, 1))
            front.send({"type": "signal", "worker": 1, "signal": "KILL"})
            self.assertEqual(front.expect("exited")["ledger"], [[1, 2, 1]])

    def test_of_a_worker_that_is_not_there(self) -> None:
        with load_zygote(HELLO) as front:
            front.start_worker()
            os.kill(front.pids[1], signal.SIGKILL)
            wait_for(lambda: not is_alive(front.pids[1]), "its end")
            # Whichever the zygote sees first, the death or the order.
            self.assertEqual(self.withdraw(front, 5)[1], 5)
            self.assertEqual(front.expect("exited")["signal"], "SIGKILL")
            self.assertEqual(self.withdraw(front, 5)[1], 5)

    def test_of_a_worker_that_somebody_else_has_stopped(self) -> None:
        with load_zygote(BLOCKING) as front:
            channel = front.start_worker()
            channel.request(1, environ_of(path="/wait"))
            wait_until_begun(front)
            os.kill(front.pids[1], signal.SIGSTOP)
            channel.request(2)
            self.assertEqual(self.withdraw(front, 2), (1, 1))
            touch(front, "go")
            self.assertEqual(channel.answer_to(1).body, b"/wait")
            # And one that was stopped and went on is not taken for one that stands still.
            os.kill(front.pids[1], signal.SIGSTOP)
            os.kill(front.pids[1], signal.SIGCONT)
            channel.request(3)
            channel.answer_to(3)
            self.assertEqual(self.withdraw(front, 3)[0], 3)

    def test_of_one_thread_leaves_the_others_alone(self) -> None:
        with load_zygote(BLOCKING, threads=2) as front:
            front.fork()
            first, second = front.channel(1, 0), front.channel(1, 1)
            first.request(1, environ_of(path="/wait"))
            first.request(2)
            wait_until_begun(front)
            self.assertEqual(self.withdraw(front, 2), (1, 1))
            second.request(2, environ_of(path="/second"))
            self.assertEqual(second.answer_to(2).body, b"/second")
            touch(front, "go")
            first.answer_to(1)
            first.request(3)
            first.answer_to(3)


class Stacks(unittest.TestCase):
    def stacks(self, front: Front, worker: int = 1) -> str:
        front.send({"type": "stacks", "worker": worker})
        told = front.expect("stacks")
        self.assertEqual(told["worker"], worker)
        return str(told["text"])

    def test_of_a_request_that_holds_the_gil(self) -> None:
        with load_zygote(BLOCKING) as front:
            channel = front.start_worker()
            channel.request(1, environ_of(path="/gil"))
            wait_until_begun(front)
            # Twice: the file is used again.
            for _ in range(2):
                text = wait_for(
                    lambda: self.match_line(self.stacks(front)),
                    "the application to stand in re.match",
                )
                self.assertIn("app.py", text)
                self.assertNotIn("\0", text)
                self.assertNotIn("zygote.py", text)
            front.send({"type": "signal", "worker": 1, "signal": "KILL"})

    def match_line(self, text: str) -> str:
        self.assertEqual(text.count("Current thread"), 1)
        return text if "in match\n" in text and "in app\n" in text else ""

    def test_of_an_idle_worker_that_goes_on_afterwards(self) -> None:
        with load_zygote(HELLO) as front:
            channel = front.start_worker()
            # It is idle a moment after it said hello.
            wait_for(lambda: "inbox.py" in self.stacks(front), "an idle worker")
            channel.request(1)
            self.assertEqual(channel.answer_to(1).body, b"hello")

    def test_of_all_threads(self) -> None:
        with load_zygote(HELLO, threads=3) as front:
            front.start_worker()
            wait_for(lambda: self.stacks(front).count("hread 0x") == 3, "three threads")

    def test_of_a_worker_that_has_just_been_forked(self) -> None:
        for preload in ("on", "off"):
            with load_zygote(HELLO, preload=preload) as front:
                front.send({"type": "fork", "worker": 1, "tokens": [os.urandom(16).hex()]})
                self.assertIn("worker.py", self.stacks(front))

    def test_of_a_worker_that_is_not_there(self) -> None:
        with load_zygote(HELLO) as front:
            self.assertEqual(self.stacks(front, 5), "")

    def test_of_a_worker_that_took_the_signal_for_itself(self) -> None:
        source = "import faulthandler\nfrom rickhouse_signal import SIGNAL\n" + HELLO.replace(
            "    start_response", "    faulthandler.unregister(SIGNAL)\n    start_response"
        )
        from rickhouse import stacks

        source = source.replace(
            "from rickhouse_signal import SIGNAL", f"SIGNAL = {int(stacks.SIGNAL)}"
        )
        with load_zygote(source) as front:
            channel = front.start_worker()
            channel.request(1)
            channel.answer_to(1)
            self.assertEqual(self.stacks(front), "")
            channel.request(2)
            channel.answer_to(2)

    def test_of_a_worker_that_stands_still_delay_nothing_else(self) -> None:
        with load_zygote(HELLO) as front:
            front.start_worker(1)
            os.kill(front.pids[1], signal.SIGSTOP)
            front.send({"type": "stacks", "worker": 1})
            front.start_worker(2)
            self.assertEqual(front.expect("stacks")["text"], "")
            os.kill(front.pids[1], signal.SIGCONT)


class Scheduling(unittest.TestCase):
    @unittest.skipUnless(hasattr(os, "SCHED_BATCH"), "Linux only")
    def test_the_front_is_set_and_workers_are_not(self) -> None:
        with load_zygote(HELLO) as front:
            self.addCleanup(os.sched_setscheduler, 0, os.SCHED_OTHER, os.sched_param(0))
            front.send({"type": "schedule", "policy": "batch"})
            wait_for(lambda: os.sched_getscheduler(0) == os.SCHED_BATCH, "the policy")
            front.start_worker()
            self.assertEqual(os.sched_getscheduler(front.pids[1]), os.SCHED_OTHER)
            # A zygote that such a front starts, as in a reload, does not keep what it inherits.
            with load_zygote(HELLO) as second:
                second.start_worker()
                self.assertEqual(os.sched_getscheduler(second.pids[1]), os.SCHED_OTHER)
            front.send({"type": "schedule", "policy": "other"})
            wait_for(lambda: os.sched_getscheduler(0) == os.SCHED_OTHER, "the policy")


class Ends(unittest.TestCase):
    def test_stop_lets_the_running_request_finish(self) -> None:
        with load_zygote(BLOCKING) as front:
            channel = front.start_worker(1)
            front.start_worker(2)
            channel.request(1, environ_of(path="/wait"))
            channel.request(2)
            wait_until_begun(front)
            front.send({"type": "stop"})
            self.assertEqual(front.expect("exited")["worker"], 2)
            touch(front, "go")
            self.assertEqual(channel.answer_to(1).body, b"/wait")
            self.assertIsNone(channel.next())
            exited = front.expect("exited")
            self.assertEqual(
                (exited["worker"], exited["status"], exited["ledger"]), (1, 0, [[1, 0, 0]])
            )
            self.assertIsNone(front.receive())
            self.assertEqual(front.process.wait(SECONDS), 0)
            self.assertTrue(os.path.exists(front.private_directory))

    def test_stop_kills_what_does_not_end_in_time(self) -> None:
        with load_zygote(BLOCKING, gracefulTimeoutMs=100) as front:
            channel = front.start_worker()
            channel.request(1, environ_of(path="/gil"))
            wait_until_begun(front)
            front.send({"type": "stop"})
            self.assertEqual(front.expect("exited")["signal"], "SIGKILL")
            self.assertEqual(front.process.wait(SECONDS), 0)

    def test_nothing_is_forked_after_stop(self) -> None:
        with load_zygote(BLOCKING) as front:
            channel = front.start_worker()
            channel.request(1, environ_of(path="/wait"))
            wait_until_begun(front)
            front.send({"type": "stop"})
            front.send({"type": "fork", "worker": 2, "tokens": ["00" * 16]})
            self.assertEqual((front.expect("exited")["pid"]), 0)
            touch(front, "go")
            channel.answer_to(1)

    def test_a_front_that_died_leaves_no_process_and_no_directory(self) -> None:
        with load_zygote(BLOCKING, gracefulTimeoutMs=300) as front:
            channels = [front.start_worker(worker) for worker in range(4)]
            channels[1].request(1, environ_of(path="/gil"))
            channels[2].request(1, environ_of(path="/sleep"))
            wait_until_begun(front)
            os.kill(front.pids[3], signal.SIGSTOP)
            front.die()
            self.assertEqual(front.process.wait(SECONDS), 0)
            for pid in front.pids.values():
                self.assertFalse(is_alive(pid))
            self.assertFalse(os.path.exists(front.private_directory))

    @unittest.skipUnless(sys.platform == "linux", "Linux only")
    def test_a_front_that_dies_during_the_import_leaves_nothing_either(self) -> None:
        helper = (
            "import support, time\n"
            "source = 'import time; print(\"importing\", flush=True); time.sleep(60)'\n"
            "front = support.Front(source)\n"
            "support.wait_for(lambda: 'importing' in front.stderr, 'the import')\n"
            "print(front.process.pid, front.private_directory, flush=True)\n"
            "time.sleep(60)\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", helper],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        ) as front:
            assert front.stdout is not None
            pid, directory = front.stdout.readline().split()
            front.kill()
        self.addCleanup(shutil.rmtree, os.path.dirname(directory))
        wait_for(lambda: not is_alive(int(pid)), "the end of the zygote")
        self.assertFalse(os.path.exists(directory))

    def test_signals_that_reach_the_whole_group_do_not_end_the_zygote(self) -> None:
        with load_zygote(HELLO) as front:
            channel = front.start_worker()
            for signum in (*TO_THE_FRONT, signal.SIGINT, signal.SIGHUP):
                os.killpg(front.process.pid, signum)
            os.kill(front.process.pid, signal.SIGTERM)
            channel.request(1)
            self.assertEqual(channel.answer_to(1).body, b"hello")
            front.start_worker(2)

    def test_the_time_a_withdrawal_takes_is_short(self) -> None:
        with load_zygote(HELLO) as front:
            channel = front.start_worker()
            began = time.monotonic()
            for number in range(1, 101):
                channel.request(number)
                front.send({"type": "withdraw", "worker": 1, "thread": 0, "upTo": number})
                withdrawn = front.expect("withdrawn")
                if withdrawn["above"] >= number:
                    channel.answer_to(number)
            self.assertLess(time.monotonic() - began, SECONDS / 2)


if __name__ == "__main__":
    unittest.main()
