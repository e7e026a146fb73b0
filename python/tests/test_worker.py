"""Real workers: how they serve, how they leave, and what applications do to them."""

import contextlib
import glob
import os
import signal
import socket
import time
import unittest
from typing import Any

from rickhouse import wire
from support import (
    SECONDS,
    TO_THE_FRONT,
    Front,
    FrontChannel,
    environ_of,
    is_alive,
    load_zygote,
    wait_for,
)

APPLICATION = """
import atexit, os, signal, sys, threading, time

DIRECTORY = os.path.dirname(os.path.abspath(__file__))

def note(line):
    with open(os.path.join(DIRECTORY, "notes"), "a") as file:
        file.write(line + "\\n")

def wait_for_go(name="go"):
    note("begun " + name)
    while not os.path.exists(os.path.join(DIRECTORY, name)):
        time.sleep(0.005)

def app(environ, start_response):
    action = environ["PATH_INFO"].lstrip("/")
    body = globals().get("do_" + action, lambda environ: action)(environ)
    if body is None:
        body = action
    if not isinstance(body, str):
        start_response("200 OK", [])
        return body
    start_response("200 OK", [("X-Thread", threading.current_thread().name)])
    return [body.encode()]

def do_wait(environ):
    wait_for_go(environ["QUERY_STRING"] or "go")

def do_read(environ):
    return "%s of %s" % (environ["wsgi.input"].read(), type(environ["wsgi.input"]).__name__)

def do_facts(environ):
    return repr([environ["wsgi." + name] for name in ("multithread", "multiprocess", "run_once")])
"""


FORK = """
def do_fork(environ):
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return "parent"
    return "child"
"""


def touch(front: Front, name: str = "go") -> None:
    with open(os.path.join(front.directory, name), "w"):
        pass


def notes(front: Front) -> list[str]:
    try:
        with open(os.path.join(front.directory, "notes")) as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []


def load(more: str = "", **options: Any) -> Front:
    return load_zygote(APPLICATION + more, **options)


def open_files(pid: int) -> list[str]:
    return [os.readlink(entry) for entry in glob.glob(f"/proc/{pid}/fd/*") if os.path.islink(entry)]


def ask(channel: FrontChannel, number: int, path: str, query: str = "", **options: Any) -> None:
    channel.request(number, environ_of(path=path, QUERY_STRING=query), **options)


def terminate(front: Front, worker: int = 1) -> None:
    """Returns when it is sent: the zygote obeys in turn, and there is no worker 77."""
    front.send({"type": "signal", "worker": worker, "signal": "TERM"})
    front.send({"type": "stacks", "worker": 77})
    front.expect("stacks")


class Writing(unittest.TestCase):
    MORE = """
kept = open(os.path.join(DIRECTORY, "kept"), "w")
kept.write("import,")

def do_write(environ):
    kept.write("request,")
    globals()["later"] = open(os.path.join(DIRECTORY, "later"), "w", buffering=1000)
    later.write("later")
"""
    IN_C = """
import ctypes
libc = ctypes.CDLL(None)
libc.puts(b"C at import")

def do_puts(environ):
    libc.puts(b"C in a request")
"""

    def test_what_was_written_to_a_file_is_there_when_the_worker_has_left(self) -> None:
        for preload in ("on", "off"):
            with self.subTest(preload), load(self.MORE, preload=preload) as front:
                channel = front.start_worker()
                ask(channel, 1, "/write")
                channel.answer_to(1)
                channel.close()
                front.expect("exited")
                for name, text in (("kept", "import,request,"), ("later", "later")):
                    with open(os.path.join(front.directory, name)) as file:
                        self.assertEqual(file.read(), text)

    def test_what_the_import_has_written_is_there_once(self) -> None:
        with load(self.MORE, preload="on") as front:
            for worker in (1, 2):
                channel = front.start_worker(worker)
                channel.close()
                front.expect("exited")
            with open(os.path.join(front.directory, "kept")) as file:
                self.assertEqual(file.read(), "import,")

    def test_a_forked_child_that_comes_back_does_not_write_it_again(self) -> None:
        more = self.MORE + FORK
        for preload in ("on", "off"):
            with self.subTest(preload), load(more, preload=preload, threads=2) as front:
                front.fork()
                for thread in range(2):
                    channel = front.channel(1, thread)
                    if thread == 0:
                        ask(channel, 1, "/write")
                        channel.answer_to(1)
                    ask(channel, 2, "/fork")
                    self.assertEqual(channel.answer_to(2).body, b"parent")
                terminate(front)
                front.expect("exited")
                for name, text in (("kept", "import,request,"), ("later", "later")):
                    with open(os.path.join(front.directory, name)) as file:
                        self.assertEqual(file.read(), text)

    def test_what_c_code_has_printed_is_there_once(self) -> None:
        for preload, imports in (("on", 1), ("off", 2)):
            with self.subTest(preload), load(self.IN_C, preload=preload) as front:
                for worker in (1, 2):
                    channel = front.start_worker(worker)
                    ask(channel, 1, "/puts")
                    channel.answer_to(1)
                    channel.close()
                    front.expect("exited")
                self.assertEqual(front.stderr.count("C at import"), imports)
                self.assertEqual(front.stderr.count("C in a request"), 2)

    def test_what_c_code_has_printed_before_the_zygote_starts_again(self) -> None:
        more = "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        with load(self.IN_C + more, preload="auto") as front:
            self.assertEqual(front.stderr.count("C at import"), 1)


class Finalizing(unittest.TestCase):
    MORE = """
import tempfile, weakref
directory = tempfile.TemporaryDirectory(dir=DIRECTORY, prefix="made-")
weakref.finalize(app, lambda: note("of the import"))
os.register_at_fork(after_in_child=lambda: weakref.finalize(app, note, "of a worker"))

def do_touch(environ):
    with open(os.path.join(directory.name, "touched"), "w"):
        pass
"""

    def made(self, front: Front) -> list[str]:
        return glob.glob(os.path.join(front.directory, "made-*"))

    def test_what_the_import_has_made_lives_as_long_as_the_zygote(self) -> None:
        for how in ("stop", "die"):
            with self.subTest(how), load(self.MORE, preload="on") as front:
                channels = [front.start_worker(worker) for worker in (1, 2)]
                terminate(front, 1)
                self.assertEqual(front.expect("exited")["worker"], 1)
                self.assertEqual(notes(front), ["of a worker"])
                ask(channels[1], 1, "/touch")
                self.assertEqual(channels[1].answer_to(1).status, 200)
                self.assertEqual(len(self.made(front)), 1)
                if how == "stop":
                    front.send({"type": "stop"})
                else:
                    front.die()
                self.assertEqual(front.process.wait(SECONDS), 0)
                self.assertEqual(self.made(front), [])
                self.assertEqual(notes(front), ["of a worker", "of a worker", "of the import"])
                self.assertEqual(front.stderr, "")

    def test_of_an_import_that_was_in_vain_nothing_is_left(self) -> None:
        more = "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        with load(self.MORE + more, preload="auto") as front:
            self.assertEqual((self.made(front), notes(front)), ([], ["of the import"]))
            channel = front.start_worker()
            self.assertEqual(len(self.made(front)), 1)
            channel.close()
            front.expect("exited")
            self.assertEqual(self.made(front), [])

    def test_an_error_keeps_no_other_from_its_turn(self) -> None:
        more = "weakref.finalize(app, sys.exit, 'on purpose')\n"
        with load(self.MORE + more, preload="on") as front:
            front.send({"type": "stop"})
            self.assertEqual(front.process.wait(SECONDS), 0)
            self.assertEqual((self.made(front), notes(front)), ([], ["of the import"]))
            self.assertIn("SystemExit: on purpose", front.stderr)


class Serving(unittest.TestCase):
    def test_with_and_without_preload(self) -> None:
        for preload in ("on", "off"):
            with load(preload=preload) as front:
                channel = front.start_worker()
                ask(channel, 1, "/facts")
                self.assertEqual(channel.answer_to(1).body, b"[False, True, False]")

    def test_a_body_in_the_frame_and_one_in_a_file(self) -> None:
        with load() as front:
            channel = front.start_worker()
            ask(channel, 1, "/read", body=b"in memory")
            self.assertEqual(channel.answer_to(1).body, b"b'in memory' of BytesIO")
            path = os.path.join(front.private_directory, "body-1")
            with open(path, "wb") as file:
                file.write(b"in a file")
            for number in (2, 3):
                ask(channel, number, "/read", body=os.fsencode(path), flags=wire.REQUEST_FILE)
                self.assertEqual(channel.answer_to(number).body, b"b'in a file' of _Input")
            wait_for(lambda: path not in open_files(front.pids[1]), "the file to be closed")

    def test_requests_in_hand_are_answered_in_their_order(self) -> None:
        with load() as front:
            channel = front.start_worker()
            for number in range(1, 51):
                ask(channel, number, f"/{number}")
            for number in range(1, 51):
                self.assertEqual(channel.answer_to(number).body, str(number).encode())

    def test_descriptors_of_siblings_and_of_the_zygote_are_not_inherited(self) -> None:
        with load() as front:
            for worker in range(4):
                front.start_worker(worker)
            counts = [len(os.listdir(f"/proc/{front.pids[worker]}/fd")) for worker in range(4)]
            self.assertEqual(counts, [counts[0]] * 4)
            # Standard ones, channel, stacks, and the two that Python keeps for the shared memories.
            self.assertEqual(counts[0], 8)

    def test_a_large_answer_and_a_front_that_reads_late(self) -> None:
        more = "def do_large(environ):\n    return [bytes(5_000_000)]\n"
        with load(more) as front:
            channel = front.start_worker()
            ask(channel, 1, "/large")
            ask(channel, 2, "/small")
            time.sleep(0.05)
            self.assertEqual(len(channel.answer_to(1).body), 5_000_000)
            self.assertEqual(channel.answer_to(2).body, b"small")


class GoneClients(unittest.TestCase):
    MORE = """
def do_stream(environ):
    def chunks():
        try:
            yield b"first"
            wait_for_go()
            for _ in range(1000):
                yield b"more"
        finally:
            note("closed")
    return chunks()

def do_ask(environ):
    wait_for_go()
    return repr(environ["rickhouse.client_disconnected"]())
"""

    def test_a_stream_ends_when_nobody_reads_it(self) -> None:
        with load(self.MORE) as front:
            channel = front.start_worker()
            ask(channel, 1, "/stream")
            wait_for(lambda: notes(front), "the stream to begin")
            channel.send(wire.encode(wire.Gone(1, wire.GONE_STOP)))
            touch(front)
            exchanged = channel.answer_to(1)
            self.assertEqual((exchanged.body, exchanged.is_broken), (b"first", True))
            self.assertIn("closed", notes(front))
            ask(channel, 2, "/next")
            self.assertEqual(channel.answer_to(2).body, b"next")
            self.assertEqual(front.stderr, "")

    def test_a_stream_goes_on_for_a_client_that_only_sent_fin(self) -> None:
        with load(self.MORE) as front:
            channel = front.start_worker()
            ask(channel, 1, "/stream")
            channel.send(wire.encode(wire.Gone(1, 0)))
            touch(front)
            exchanged = channel.answer_to(1)
            self.assertEqual((len(exchanged.pieces), exchanged.is_broken), (1001, False))

    def test_client_disconnected(self) -> None:
        with load(self.MORE) as front:
            channel = front.start_worker()
            ask(channel, 1, "/ask")
            channel.send(wire.encode(wire.Gone(1, 0)))
            ask(channel, 2, "/ask")
            touch(front)
            self.assertEqual(channel.answer_to(1).body, b"True")
            self.assertEqual(channel.answer_to(2).body, b"False")


class Threads(unittest.TestCase):
    def test_each_serves_its_own_channel(self) -> None:
        with load(threads=3) as front:
            front.fork()
            channels = [front.channel(1, thread) for thread in range(3)]
            for thread in (0, 1):
                ask(channels[thread], 1, "/wait", str(thread))
            wait_for(lambda: len(notes(front)) == 2, "both to begin")
            ask(channels[2], 1, "/facts")
            self.assertEqual(channels[2].answer_to(1).body, b"[True, True, False]")
            names = set()
            for thread in (1, 0):
                touch(front, str(thread))
                names.add(channels[thread].answer_to(1).lines[1])
            self.assertEqual(len(names), 2)

    def test_an_alarm_that_comes_too_late_ends_its_own_thread_alone(self) -> None:
        more = """
def do_alarm(environ):
    def late(signum, frame):
        raise RuntimeError("late")
    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
"""
        with load(more, threads=2) as front:
            front.fork()
            # Signals are handled in the main thread, which serves the first.
            channels = [front.channel(1, thread) for thread in range(2)]
            ask(channels[1], 1, "/wait")
            wait_for(lambda: len(notes(front)) == 1, "the other to begin")
            ask(channels[0], 1, "/alarm")
            self.assertEqual(channels[0].answer_to(1).body, b"alarm")
            self.assertIsNone(channels[0].next())
            self.assertIn("RuntimeError: late", front.stderr)
            touch(front)
            self.assertEqual(channels[1].answer_to(1).body, b"wait")

    def end_first_while_other_runs(self, front: Front) -> FrontChannel:
        """Of a worker with two threads. Returns the channel of the other, which is asked 1."""
        front.fork()
        channels = [front.channel(1, thread) for thread in range(2)]
        ask(channels[1], 1, "/wait")
        wait_for(lambda: len(notes(front)) == 1, "the other to begin")
        channels[0].socket.shutdown(socket.SHUT_WR)
        self.assertIsNone(channels[0].next())
        return channels[1]

    def test_a_late_alarm_while_others_run_does_not_end_them(self) -> None:
        more = """
def alarm(signum, frame):
    raise RuntimeError("late")
signal.signal(signal.SIGALRM, alarm)
"""
        with load(more, threads=2) as front:
            channel = self.end_first_while_other_runs(front)
            time.sleep(0.1)  # The end of the channel is not yet that of the loop.
            os.kill(front.pids[1], signal.SIGALRM)
            wait_for(lambda: "RuntimeError: late" in front.stderr, "the alarm")
            touch(front)
            self.assertEqual(channel.answer_to(1).body, b"wait")

    def test_an_alarm_right_behind_the_end_of_a_channel_does_not_end_others(self) -> None:
        more = """
import gc
# The server's modules are not to be imported by name.
types = [thing for thing in gc.get_objects() if isinstance(thing, type)]
[Channel] = [kind for kind in types if kind.__name__ == "Channel" and hasattr(kind, "abandon")]
close = Channel.close
def close_late(channel):
    close(channel)
    if threading.current_thread() is threading.main_thread():
        raise RuntimeError("late")
Channel.close = close_late
"""
        with load(more, threads=2) as front:
            channel = self.end_first_while_other_runs(front)
            wait_for(lambda: "RuntimeError: late" in front.stderr, "the error")
            touch(front)
            self.assertEqual(channel.answer_to(1).body, b"wait")

    def test_the_process_ends_when_all_channels_have_ended(self) -> None:
        with load(threads=3) as front:
            front.fork()
            channels = [front.channel(1, thread) for thread in range(3)]
            channels[0].socket.shutdown(socket.SHUT_WR)
            self.assertIsNone(channels[0].next())
            ask(channels[1], 1, "/still")
            self.assertEqual(channels[1].answer_to(1).body, b"still")
            channels[1].close()
            ask(channels[2], 4, "/last")
            channels[2].socket.shutdown(socket.SHUT_WR)
            self.assertEqual(channels[2].answer_to(4).body, b"last")
            exited = front.expect("exited")
            self.assertEqual(
                (exited["status"], [words[0] for words in exited["ledger"]]), (0, [0, 1, 4])
            )

    def test_sigterm_waits_for_busy_threads_and_not_for_idle_ones(self) -> None:
        with load(threads=3) as front:
            front.fork()
            channels = [front.channel(1, thread) for thread in range(3)]
            ask(channels[1], 1, "/wait")
            wait_for(lambda: notes(front), "the request to begin")
            terminate(front)
            self.assertIsNone(channels[0].next())
            # Not started any more.
            ask(channels[1], 2, "/never")
            # Its thread may have seen the signal before it waited: then it has closed the channel.
            with contextlib.suppress(BrokenPipeError):
                ask(channels[2], 2, "/never")
            self.assertTrue(is_alive(front.pids[1]))
            touch(front)
            self.assertEqual(channels[1].answer_to(1).body, b"wait")
            exited = front.expect("exited")
            self.assertEqual(
                (exited["status"], [words[0] for words in exited["ledger"]]), (0, [0, 1, 0])
            )


class Leaving(unittest.TestCase):
    def test_fin_runs_what_was_sent(self) -> None:
        with load() as front:
            channel = front.start_worker()
            for number in range(1, 20):
                ask(channel, number, f"/{number}")
            channel.socket.shutdown(socket.SHUT_WR)
            for number in range(1, 20):
                channel.answer_to(number)
            self.assertIsNone(channel.next())
            self.assertEqual(front.expect("exited")["status"], 0)

    def test_sigterm_to_an_idle_worker(self) -> None:
        with load() as front:
            for worker in range(20):
                channel = front.start_worker(worker)
                # Some wait already, some are about to.
                if worker % 2:
                    ask(channel, 1, "/x")
                    channel.answer_to(1)
                terminate(front, worker)
                self.assertEqual(front.expect("exited")["status"], 0)
                self.assertIsNone(channel.next())

    def test_sigterm_to_a_busy_worker_finishes_the_one_request(self) -> None:
        with load() as front:
            channel = front.start_worker()
            ask(channel, 1, "/wait")
            ask(channel, 2, "/never")
            wait_for(lambda: notes(front), "the request to begin")
            terminate(front)
            touch(front)
            self.assertEqual(channel.answer_to(1).body, b"wait")
            self.assertIsNone(channel.next())
            self.assertEqual(front.expect("exited")["ledger"], [[1, 0, 0]])

    def test_sigterm_does_not_keep_an_end_back(self) -> None:
        more = """
def do_whole(environ):
    wait_for_go()
    return WithLength([b"whole"])
class WithLength(list):
    pass
"""
        with load(more) as front:
            channel = front.start_worker()
            ask(channel, 1, "/whole")
            ask(channel, 2, "/never")
            wait_for(lambda: notes(front), "the request to begin")
            terminate(front)
            touch(front)
            exchanged = channel.answer_to(1)
            self.assertTrue(exchanged.is_complete and exchanged.is_over)
            self.assertIsNone(channel.next())

    def test_sigterm_is_said_again_to_one_that_does_not_hear_it(self) -> None:
        more = "def do_deaf(environ):\n    signal.signal(signal.SIGTERM, once)\n"
        more += "def once(signum, frame):\n    note('heard')\n"
        with load(more) as front:
            channel = front.start_worker()
            ask(channel, 1, "/deaf")
            channel.answer_to(1)
            terminate(front)
            wait_for(lambda: len(notes(front)) == 2, "the second SIGTERM")
            front.send({"type": "signal", "worker": 1, "signal": "KILL"})

    def test_signals_that_are_the_fronts_business_are_ignored(self) -> None:
        for preload in ("on", "off"):
            with load(preload=preload) as front:
                channel = front.start_worker()
                for signum in (*TO_THE_FRONT, signal.SIGINT, signal.SIGHUP):
                    os.kill(front.pids[1], signum)
                ask(channel, 1, "/x")
                self.assertEqual(channel.answer_to(1).body, b"x")

    def test_programs_that_the_application_starts_have_the_signals_of_the_logs_and_stacks(
        self,
    ) -> None:
        more = """
def do_started(environ):
    import subprocess
    script = 'trap "echo heard" USR1; kill -USR1 $$; kill -USR2 $$; echo not ended'
    return subprocess.run(["sh", "-c", script], stdout=subprocess.PIPE).stdout.decode()
"""
        with load(more) as front:
            channel = front.start_worker()
            ask(channel, 1, "/started")
            self.assertEqual(channel.answer_to(1).body, b"heard\n")

    def test_the_application_may_have_the_signals_of_the_logs_and_stacks(self) -> None:
        more = """
import faulthandler, tempfile
told = tempfile.TemporaryFile()
faulthandler.register(signal.SIGUSR1, file=told)
signal.signal(signal.SIGUSR2, lambda signum, frame: note("USR2"))
def do_told(environ):
    told.seek(0)
    note(told.read().decode())
"""
        for preload in ("on", "off"):
            with load(more, preload=preload) as front:
                channel = front.start_worker()
                for signum in (signal.SIGUSR1, signal.SIGUSR2):
                    os.kill(front.pids[1], signum)
                ask(channel, 1, "/told")
                channel.answer_to(1)
                wait_for(lambda: "USR2" in notes(front), "the handler")
                self.assertIn("most recent call first", "".join(notes(front)))

    def test_a_lost_front_ends_an_idle_worker(self) -> None:
        with load() as front:
            channel = front.start_worker()
            channel.close()
            self.assertEqual(front.expect("exited")["status"], 0)

    def test_the_end_is_that_of_a_python_process(self) -> None:
        more = """
print("unflushed", end="")
atexit.register(lambda: note("atexit"))
def do_later(environ):
    from concurrent.futures import ThreadPoolExecutor
    ThreadPoolExecutor(1).submit(lambda: (time.sleep(0.1), note("task")))
"""
        for preload in ("on", "off"):
            with load(more, preload=preload) as front:
                channel = front.start_worker()
                ask(channel, 1, "/later")
                channel.answer_to(1)
                terminate(front)
                self.assertEqual(front.expect("exited")["status"], 0)
                self.assertEqual(notes(front), ["task", "atexit"])
                self.assertEqual(front.stderr, "unflushed")

    def test_the_end_takes_bounded_time(self) -> None:
        more = "atexit.register(lambda: time.sleep(60))\n"
        with load(more, gracefulTimeoutMs=400) as front:
            channel = front.start_worker()
            channel.close()
            exited = front.expect("exited")
            self.assertEqual((exited["status"], exited["signal"]), (0, None))
            self.assertIn("did not end within 0.15 s", front.stderr)

    def test_the_end_takes_bounded_time_where_the_application_blocks_alarms(self) -> None:
        more = """
def end():
    note("atexit")
    time.sleep(60)
atexit.register(end)
def do_block(environ):
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    os.kill(os.getpid(), signal.SIGALRM)
"""
        with load(more, gracefulTimeoutMs=400) as front:
            channel = front.start_worker()
            ask(channel, 1, "/block")
            channel.answer_to(1)
            channel.close()
            exited = front.expect("exited")
            self.assertEqual((exited["status"], exited["signal"]), (0, None))
            self.assertIn("did not end within 0.15 s", front.stderr)
            # Its own alarm, which still waited, did not end it.
            self.assertEqual(notes(front), ["atexit"])

    def test_what_never_ends_leaves_time_for_the_rest(self) -> None:
        more = """
atexit.register(note, "atexit ran")
def do_write(environ):
    globals()["kept"] = open(os.path.join(DIRECTORY, "kept"), "w")
    kept.write("written")
def do_thread(environ):
    do_write(environ)
    threading.Thread(target=threading.Event().wait).start()
def do_atexit(environ):
    do_write(environ)
    atexit.register(time.sleep, 60)
"""
        for path, text in (
            ("/thread", "threads of the application did not end within 0.2 s"),
            ("/atexit", "atexit handlers of the application did not end within 0.3 s"),
        ):
            with self.subTest(path), load(more, gracefulTimeoutMs=800) as front:
                channel = front.start_worker()
                ask(channel, 1, path)
                channel.answer_to(1)
                channel.close()
                exited = front.expect("exited")
                self.assertEqual((exited["status"], exited["signal"]), (0, None))
                self.assertEqual(notes(front), ["atexit ran"])
                with open(os.path.join(front.directory, "kept")) as file:
                    self.assertEqual(file.read(), "written")
                self.assertEqual(front.stderr.count(text), 1)

    def test_the_end_takes_bounded_time_whatever_it_catches(self) -> None:
        more = """
def end():
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
atexit.register(end)
"""
        with load(more, gracefulTimeoutMs=400) as front:
            front.start_worker().close()
            exited = front.expect("exited")
            self.assertEqual((exited["status"], exited["signal"]), (0, None))
            self.assertIn("did not end within 0.2 s", front.stderr)

    def test_an_error_at_exit_is_logged(self) -> None:
        with load("atexit.register(lambda: 1 / 0)\n") as front:
            front.start_worker().close()
            self.assertEqual(front.expect("exited")["status"], 0)
            self.assertIn("ZeroDivisionError", front.stderr)


class Misbehaving(unittest.TestCase):
    MORE = (
        FORK
        + """
def do_exit(environ):
    sys.exit(5)
def do_interrupt(environ):
    raise KeyboardInterrupt
def do_hard_exit(environ):
    os._exit(9)
def do_close(environ):
    os.closerange(3, 1000)
def do_fork_and_exit(environ):
    statuses = []
    for error in (None, ValueError(), SystemExit(5), SystemExit(), SystemExit("x"), SystemExit(-1)):
        pid = os.fork()
        if pid:
            statuses.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        elif error:
            raise error
        else:
            return "child"
    return repr(statuses)
def do_fork_and_kill_at_once(environ):
    found = set()
    for _ in range(50):
        pid = os.fork()
        if pid == 0:
            signal.alarm(5)
            signal.pause()
        os.kill(pid, signal.SIGTERM)
        found.add(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    return repr((found, blocked))
def do_fork_and_kill(environ):
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        # Python forgets signals that come before it has found itself to be a child.
        os.write(writer, b"x")
        time.sleep(60)
        os._exit(0)
    os.read(reader, 1)
    os.kill(pid, signal.SIGTERM)
    return str(os.WTERMSIG(os.waitpid(pid, 0)[1]))
def do_fork_and_interrupt(environ):
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.write(writer, b"x")
            # Short: Python handles a signal that comes just before a sleep only behind it.
            while True:
                time.sleep(0.01)
        except KeyboardInterrupt:
            os._exit(55)
    os.read(reader, 1)
    os.kill(pid, signal.SIGINT)
    return str(os.waitpid(pid, 0)[1] >> 8)
def do_spawn_and_interrupt(environ):
    import subprocess
    process = subprocess.Popen(["sleep", "60"])
    results = []
    for signum in (signal.SIGINT,):
        process.send_signal(signum)
        results.append(process.wait(10))
    return repr(results)
def do_segfault(environ):
    import faulthandler
    faulthandler._sigsegv()
def do_stderr(environ):
    sys.stderr.close()
    raise ValueError("with stderr closed")
"""
    )

    def test_exits_and_interrupts_in_a_request_end_nothing(self) -> None:
        with load(self.MORE) as front:
            channel = front.start_worker()
            for number, path in enumerate(("/exit", "/interrupt"), 1):
                ask(channel, number, path)
                self.assertEqual(channel.answer_to(number).status, 500)
            ask(channel, 3, "/fine")
            self.assertEqual(channel.answer_to(3).body, b"fine")
            self.assertIn("error in GET /exit\n", front.stderr)
            self.assertIn("SystemExit: 5", front.stderr)

    def test_a_hard_exit(self) -> None:
        with load(self.MORE) as front:
            ask(front.start_worker(), 1, "/hard_exit")
            exited = front.expect("exited")
            self.assertEqual((exited["status"], exited["ledger"]), (9, [[1, 0, 0]]))

    def test_a_crash_says_where_it_stood(self) -> None:
        with load(self.MORE) as front:
            ask(front.start_worker(), 1, "/segfault")
            self.assertEqual(front.expect("exited")["signal"], "SIGSEGV")
            self.assertIn("in do_segfault\n", front.stderr)

    def test_an_application_that_closes_our_descriptors_ends_its_worker(self) -> None:
        with load(self.MORE) as front:
            channel = front.start_worker()
            ask(channel, 1, "/close")
            self.assertIsNone(channel.next())
            self.assertEqual(front.expect("exited")["status"], 0)
            self.assertIn("closed descriptors that are not its own", front.stderr)

    def test_a_forked_child_that_comes_back_says_nothing(self) -> None:
        with load(self.MORE) as front:
            channel = front.start_worker()
            ask(channel, 1, "/fork")
            self.assertEqual(channel.answer_to(1).body, b"parent")
            ask(channel, 2, "/x")
            self.assertEqual(channel.answer_to(2).body, b"x")

    def test_a_forked_child_exits_with_its_own_status(self) -> None:
        with load(self.MORE, threads=2) as front:
            front.fork()
            for thread in range(2):
                channel = front.channel(1, thread)
                ask(channel, 1, "/fork_and_exit")
                self.assertEqual(channel.answer_to(1).body, b"[0, 1, 5, 0, 1, 255]")

    def test_children_of_the_application_have_the_usual_signals(self) -> None:
        with load(self.MORE) as front:
            channel = front.start_worker()
            ask(channel, 1, "/fork_and_kill")
            self.assertEqual(channel.answer_to(1).body, b"15")
            ask(channel, 2, "/spawn_and_interrupt")
            self.assertEqual(channel.answer_to(2).body, b"[-2]")
            ask(channel, 3, "/fork_and_interrupt")
            self.assertEqual(channel.answer_to(3).body, b"55")

    def test_a_child_that_is_told_to_end_before_it_runs_ends(self) -> None:
        with load(self.MORE) as front:
            channel = front.start_worker()
            ask(channel, 1, "/fork_and_kill_at_once")
            self.assertEqual(channel.answer_to(1).body, b"({-15}, set())")

    def test_a_closed_stderr(self) -> None:
        with load(self.MORE) as front:
            channel = front.start_worker()
            ask(channel, 1, "/stderr")
            self.assertEqual(channel.answer_to(1).status, 500)
            ask(channel, 2, "/x")
            self.assertEqual(channel.answer_to(2).body, b"x")

    def test_an_import_that_replaces_or_closes_stderr(self) -> None:
        for deed in ("sys.stderr = object()", "sys.stderr = None", "sys.stderr.close()"):
            with self.subTest(deed), load(f"{deed}\n") as front:
                channel = front.start_worker()
                ask(channel, 1, "/")
                self.assertEqual(channel.answer_to(1).status, 200)

    def test_a_channel_socket_that_is_not_there(self) -> None:
        with load() as front:
            os.unlink(front.channel_path)
            front.fork()
            self.assertEqual(front.expect("exited")["status"], 1)
            self.assertIn("no channel to the front", front.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "root alone may become somebody else")
    def test_an_import_that_changes_the_user_is_told_who_does_that(self) -> None:
        with load("os.setuid(65534)\n") as front:
            front.fork()
            self.assertEqual(front.expect("exited")["status"], 1)
            self.assertIn("no channel to the front: [Errno 13] Permission denied", front.stderr)
            self.assertIn("leave that to the server (--user)", front.stderr)

    def test_what_no_front_says_ends_the_worker(self) -> None:
        with load() as front:
            channel = front.start_worker()
            channel.send(wire.encode(wire.End(1, 0, 0)))
            self.assertIsNone(channel.next())
            self.assertEqual(front.expect("exited")["status"], 0)
            self.assertIn("the channel broke", front.stderr)


class ClosedByTheImport(unittest.TestCase):
    """Without preload, where it is the worker's descriptors that an application closes."""

    def test_it_is_said_and_nothing_of_the_application_is_closed_in_turn(self) -> None:
        source = "import os\nos.closerange(3, 1000)\ndef app(environ, start_response): ...\n"
        opens = "kept = os.open(os.devnull, 0)\n[os.dup2(kept, n) for n in range(4, 1000)]\n"
        for more, text in (
            ("", "importing app closed descriptors that are not its own"),
            (opens, "importing app closed descriptors that are not its own"),
            ("1 / 0\n", "ZeroDivisionError"),
        ):
            with self.subTest(more), load_zygote(source + more, preload="off") as front:
                front.fork()
                self.assertEqual(front.expect("exited")["status"], 3)
                self.assertIn(text, front.stderr)
                self.assertNotIn("ends by an error of its own", front.stderr)


class ChildrenOfTheImport(unittest.TestCase):
    """They come back from it, as the application itself does."""

    SOURCE = """
import atexit, os, sys
statuses = []
def fork_one(end):
    pid = os.fork()
    if pid == 0:
        atexit.register(print, "at exit")
        end()
        return
    statuses.append(os.WEXITSTATUS(os.waitpid(pid, 0)[1]))
def app(environ, start_response):
    start_response("200 OK", [])
    return [repr(statuses).encode()]
"""

    def test_they_say_nothing_and_end_as_programs_do(self) -> None:
        for end in ("lambda: None", "lambda: sys.exit(5)", "lambda: 1 / 0"):
            for preload in ("on", "off"):
                with self.subTest(end, preload=preload):
                    source = f"{self.SOURCE}fork_one({end})\n"
                    with Front(source, preload=preload) as front:
                        self.assertEqual(front.expect("loaded")["pid"], front.process.pid)
                        channel = front.start_worker()
                        ask(channel, 1, "/")
                        status = {"lambda: None": 0, "lambda: 1 / 0": 1}.get(end, 5)
                        self.assertEqual(channel.answer_to(1).body, f"[{status}]".encode())
                        self.assertEqual(front.stderr.count("at exit"), 1)
                        self.assertEqual("ZeroDivisionError" in front.stderr, status == 1)


class SignalHandlers(unittest.TestCase):
    def wait_for_notes(self, front: Front, count: int) -> None:
        wait_for(lambda: len(notes(front)) >= count, f"{count} notes")

    def test_those_of_the_application_work_in_workers(self) -> None:
        more = """
signal.signal(signal.SIGUSR1, lambda signum, frame: note("usr1"))
signal.signal(signal.SIGCHLD, lambda signum, frame: note("chld"))
signal.signal(signal.SIGTERM, lambda signum, frame: note("term"))
def do_child(environ):
    pid = os.fork()
    if not pid:
        os._exit(0)
    while not os.waitid(os.P_PID, pid, os.WEXITED):
        pass
"""
        for preload in ("on", "off"):
            with load(more, preload=preload) as front:
                channel = front.start_worker()
                os.kill(front.pids[1], signal.SIGUSR1)
                ask(channel, 1, "/child")
                channel.answer_to(1)
                self.wait_for_notes(front, 2)
                self.assertEqual(sorted(notes(front)), ["chld", "usr1"])
                # But SIGTERM is ours.
                terminate(front)
                self.assertEqual(front.expect("exited")["status"], 0)


class Zombies(unittest.TestCase):
    def test_none_are_left(self) -> None:
        with load() as front:
            for worker in range(10):
                front.start_worker(worker).close()
                front.expect("exited")
            for pid in front.pids.values():
                self.assertFalse(os.path.exists(f"/proc/{pid}"), SECONDS)


if __name__ == "__main__":
    unittest.main()
