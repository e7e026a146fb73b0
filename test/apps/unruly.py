"""Does what its path says to its own process, and answers with its process id; UNRULY_IMPORT does it at import."""

import atexit
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import record

kept = []
started = False


def fork_child():
    """A child that outlives the request, with all that it inherited."""
    pid = os.fork()
    if pid == 0:
        try:
            record.wait_for_gate("end")
        finally:
            os._exit(0)
    return pid


def fork_and_return():
    """The child does not know that it is one: it goes on as if it were the worker."""
    if os.fork() == 0:
        record.note(f"the child is {os.getpid()}")
    return os.getpid()


def handlers():
    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGCHLD", "SIGUSR1", "SIGUSR2"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def defaults():
    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGCHLD", "SIGPIPE"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)


def mask():
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


def close_all():
    os.closerange(3, 1000)


def close_and_open():
    """What it opens next gets the numbers that it closed: nothing of ours may be written there."""
    os.closerange(3, 1000)
    for _ in range(20):
        mine, other = socket.socketpair()
        other.setblocking(False)
        kept.append((mine, other))
    atexit.register(tell_what_came)


def tell_what_came():
    for _, other in kept:
        try:
            record.note(f"got {other.recv(100)!r}")
        except BlockingIOError:
            record.note("got nothing")


def close_standard():
    for descriptor in (0, 1, 2):
        os.close(descriptor)
    sys.stdout.write("nobody reads this\n")


def print_much():
    for stream in (sys.stdout, sys.stderr):
        stream.write("y" * (200 * 1024) + "\n")
        stream.flush()
        os.write(stream.fileno(), b"z" * 1000 + b"\n")


def threads():
    gate = threading.Event()
    for daemon in (True, False):
        thread = threading.Thread(target=gate.wait, args=(120,), daemon=daemon)
        thread.start()
        kept.append(thread)


def leave_threads_that_print():
    def run():
        while True:
            time.sleep(0.001)

    for _ in range(20):
        threading.Thread(target=run, daemon=True).start()


def exit_by_system_exit():
    sys.exit(4)


def change_directory():
    os.chdir("/")


def run_subprocesses():
    codes = [subprocess.run(["sh", "-c", f"exit {code}"]).returncode for code in (0, 3, 77)]
    codes.append(subprocess.run(["sh", "-c", "kill -9 $$"]).returncode)
    codes.append(os.waitstatus_to_exitcode(os.system("exit 9")))
    # Started now, asked later: nobody else may take its exit code meanwhile.
    child = subprocess.Popen(["sh", "-c", "exit 5"])
    time.sleep(0.2)
    codes.append(child.wait())
    codes.append(subprocess.run(["cat"], input=b"x" * 100_000, capture_output=True).returncode)
    return codes


def double(number):
    return 2 * number


def leave_with(status):
    sys.exit(status)


def use_multiprocessing(method):
    # What it starts imports this again, and does nothing then.
    os.environ["UNRULY_CHILD"] = "yes"
    context = multiprocessing.get_context(method)
    doubled = None
    # A pool's threads would wait for the end of an import that waits for them.
    if started:
        with context.Pool(2) as pool:
            doubled = pool.map(double, range(5))
    process = context.Process(target=leave_with, args=(6,))
    process.start()
    process.join()
    return [doubled, process.exitcode]


def alarm():
    signal.alarm(1)


def timer():
    signal.setitimer(signal.ITIMER_REAL, 0.2)


def at_exit():
    atexit.register(time.sleep, 0.5)
    atexit.register(record.note, "atexit ran")
    atexit.register(sys.exit, 3)


def wait_at_exit():
    atexit.register(record.note, "atexit ran")
    atexit.register(record.wait_for_gate, "exit")


def limit_memory():
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (400 * 2**20, resource.RLIM_INFINITY))
    kept.append(bytearray(10**9))


DEEDS = {
    "/fork-child": fork_child,
    "/fork-and-return": fork_and_return,
    "/handlers": handlers,
    "/defaults": defaults,
    "/mask": mask,
    "/close-all": close_all,
    "/close-and-open": close_and_open,
    "/close-standard": close_standard,
    "/print": print_much,
    "/threads": threads,
    "/busy-threads": leave_threads_that_print,
    "/exit": exit_by_system_exit,
    "/chdir": change_directory,
    "/subprocess": run_subprocesses,
    "/multiprocessing/fork": lambda: use_multiprocessing("fork"),
    "/multiprocessing/spawn": lambda: use_multiprocessing("spawn"),
    "/multiprocessing/forkserver": lambda: use_multiprocessing("forkserver"),
    "/alarm": alarm,
    "/timer": timer,
    "/atexit": at_exit,
    "/atexit/gate": wait_at_exit,
    "/memory": limit_memory,
}

# What they return: exit codes, mostly.
at_import = None
if "UNRULY_IMPORT" in os.environ and "UNRULY_CHILD" not in os.environ:
    at_import = DEEDS[os.environ["UNRULY_IMPORT"]]()

started = True


def app(environ, start_response):
    path = environ["PATH_INFO"]
    record.note(f"{environ['REQUEST_METHOD']} {path} in {os.getpid()}")
    deed = DEEDS.get(path)
    result = deed() if deed else None
    body = environ["wsgi.input"].read()
    facts = {"pid": os.getpid(), "result": result, "atImport": at_import, "body": len(body)}
    return record.answer(start_response, json.dumps(facts))
