"""The zygote's event loop: forks workers, and does for the front what only their parent can.

What the messages mean: docs/protocol.md section 2. One thread, so that nothing is shared when it
forks. The application is imported, but none of its code runs here any more until the end
(finalizers.py).
"""

from __future__ import annotations

import binascii
import os
import signal
import time
from os import fork  # These two as they are now: gevent and eventlet put others in their place.
from resource import struct_rusage
from select import POLLIN, poll
from typing import Any, Callable

from . import finalizers, imports, log, notify, offsets, offspring, process, stacks
from .answer_memory import AnswerMemory
from .body_memory import BodyMemory
from .children import Children, Worker
from .control import Control, Message
from .ledger import Ledger
from .settings import Settings
from .worker import WorkerParts, run_worker

# How long SIGKILL may take; a process in an uninterruptible sleep may outlive us.
_KILL_SECONDS = 5.0
# The status of a worker that could not be forked (EX_OSERR of sysexits.h).
_NOT_FORKED = 71
_SIGNALS = {"TERM": signal.SIGTERM, "ABRT": signal.SIGABRT, "KILL": signal.SIGKILL}
_RSS_UNITS_PER_KIB = 1 if os.uname().sysname == "Linux" else 1024


class Zygote:
    """`application` is None without preload."""

    def __init__(self, control: Control, settings: Settings, application: Any) -> None:
        self._control = control
        self._settings = settings
        self._application = application
        self._front_pid = os.getppid()
        finalizers.take()
        # Of the import, or of what ran when Python started.
        self._read_files = offsets.find()
        # Before the first fork, so that all share it. Twice the workers: a successor starts before
        # its predecessor goes.
        self._ledger = Ledger(2 * settings.max_workers, settings.threads)
        self._bodies = BodyMemory(2 * settings.max_workers * settings.threads)
        self._answers = AnswerMemory(2 * settings.max_workers, settings.threads)
        # With preload no worker imports anything.
        self._errors_descriptor = stacks.create_file() if application is None else -1
        # Over it workers tell what they import, with --reload.
        self._imports = imports.socket_pair() if settings.is_watched else None
        # Not before the import: it would take the exit codes of the application's own subprocesses.
        self._children = Children(self._on_exit)
        stacks.hold_until_registered()
        self._stacks_requests: dict[int, stacks.StacksRequest] = {}
        self._has_front = True
        # Said once, not with every sign of life.
        self._is_notify_lost = False
        # Monotonic; set when the workers were told to end.
        self._kill_at: float | None = None
        self._is_killed = False
        self._handlers: dict[str, Callable[[Message], None]] = {
            "fork": self._fork,
            "withdraw": self._withdraw,
            "signal": self._signal,
            "stacks": self._ask_stacks,
            "schedule": self._schedule,
            "notify": self._notify,
            "stop": self._stop_asked,
        }

    @property
    def memory(self) -> Message:
        """Where the front finds what we share with the workers (docs/protocol.md section 4)."""
        return {
            "descriptor": self._ledger.descriptor,
            "outboxesAt": self._ledger.outboxes_at,
            "bodies": self._bodies.descriptor,
            "answers": self._answers.descriptor,
        }

    def run(self) -> None:
        """Returns when the front has gone or said stop, and all workers have ended."""
        self._handle_all(self._control.take_all())
        while self._kill_at is None or len(self._children) > 0:
            poller = poll()
            poller.register(self._children, POLLIN)
            if self._has_front:
                poller.register(self._control, POLLIN)
            if self._imports is not None:
                poller.register(self._imports[0], POLLIN)
            ready = {descriptor for descriptor, _ in poller.poll(self._milliseconds_to_wait())}
            # Deaths first: an order for a worker that is no more must find it gone.
            if self._children.fileno() in ready:
                self._children.reap()
            self._forward_imports()
            if self._control.fileno() in ready:
                self._receive()
            self._poll_stacks()
            if self._must_give_up():
                break
        if not self._has_front:
            process.remove_directory(self._settings.private_directory)
        finalizers.run()

    def _milliseconds_to_wait(self) -> float | None:
        due = [self._children.terminate_again(), self._kill_at]
        if self._stacks_requests:
            due.append(time.monotonic() + stacks.POLL_SECONDS)
        first = min((at for at in due if at is not None), default=None)
        return None if first is None else max(first - time.monotonic(), 0) * 1000 + 1

    def _receive(self) -> None:
        messages = self._control.receive()
        if messages is None:
            self._front_is_gone()
        else:
            self._handle_all(messages)

    def _handle_all(self, messages: list[Message]) -> None:
        for message in messages:
            handler = self._handlers.get(message["type"])
            if handler is None:
                self._note("error", f"unknown control message {message['type']}")
            else:
                handler(message)

    def _send(self, message: Message) -> None:
        if self._has_front and not self._control.send(message):
            self._front_is_gone()

    def _note(self, level: str, text: str) -> None:
        self._send({"type": "note", "level": level, "text": text})

    def _forward_imports(self) -> None:
        if self._imports is not None:
            for message in imports.receive(self._imports[0]):
                self._send(message)

    # Orders of the front

    def _fork(self, message: Message) -> None:
        number = message["worker"]
        slot = self._ledger.acquire() if self._kill_at is None else None
        if slot is None:
            why = "the ledger has no free slot" if self._kill_at is None else "the zygote ends"
            self._report_not_forked(number, why)
            return
        descriptor = -1
        log.flush_streams()
        try:
            descriptor = stacks.create_file()
            pid = fork()
        except OSError as error:
            if descriptor >= 0:
                os.close(descriptor)
            self._ledger.release(slot)
            self._report_not_forked(number, str(error))
            return
        if pid == 0:
            self._become_worker(number, message["tokens"], slot, descriptor)
        self._children.add(Worker(number, pid, slot, descriptor))
        self._send({"type": "forked", "worker": number, "pid": pid, "slot": slot})

    def _become_worker(
        self, number: int, tokens: list[str], slot: int, stacks_descriptor: int
    ) -> None:
        """In the child. Never returns: what follows in the zygote's code is not for it."""
        try:
            # An inherited control socket would keep the front waiting for its end.
            self._control.close()
            self._children.release_in_child()
            self._ledger.release_in_child()
            offspring.forget()
            offsets.separate(self._read_files)
            signal.pthread_sigmask(signal.SIG_SETMASK, (stacks.SIGNAL,))
            threads = range(self._settings.threads)
            parts = WorkerParts(
                number=number,
                settings=self._settings,
                application=self._application,
                tokens=[bytes.fromhex(token) for token in tokens],
                cells=[self._ledger.cell(slot, thread) for thread in threads],
                outboxes=[self._ledger.outbox(slot, thread) for thread in threads],
                bodies=self._bodies.take_in_child(),
                answers=self._answers.take_in_child(slot),
                stacks_descriptor=stacks_descriptor,
                errors_descriptor=self._errors_descriptor,
                reporter=self._make_reporter(),
            )
            run_worker(parts)
        except BaseException as error:
            log.report("worker", f"ends by an error of its own\n{log.traceback_of(error)}")
        finally:
            os._exit(1)

    def _make_reporter(self) -> imports.Reporter | None:
        """In the child."""
        if self._imports is None:
            return None
        self._imports[0].close()
        reporter = imports.Reporter(self._imports[1])
        if self._application is not None:
            reporter.note_known()
        return reporter

    def _report_not_forked(self, number: int, why: str) -> None:
        """As the exit of a worker without a process, so that the front does not wait for it."""
        self._note("error", f"worker {number} was not forked: {why}")
        ledger = [[0, 0, 0] for _ in range(self._settings.threads)]
        end = {"status": _NOT_FORKED, "signal": None, "ledger": ledger}
        self._send({"type": "exited", "worker": number, "pid": 0, **end, **_usage(None)})

    def _withdraw(self, message: Message) -> None:
        number, thread, up_to = message["worker"], message["thread"], message["upTo"]
        started, above = 0, up_to
        answers = 0, b""
        worker = self._children.get(number)
        if worker is not None:
            with self._children.stopped(worker) as has_stopped:
                if has_stopped:
                    started, above = self._ledger.withdraw(worker.slot, thread, up_to)
                    answers = self._ledger.answers(worker.slot, thread)
        self._report_answers(number, thread, answers)
        self._send(
            {
                "type": "withdrawn",
                "worker": number,
                "thread": thread,
                "started": started,
                "above": above,
                "upTo": up_to,
            }
        )
        # Behind our own report: a worker that died meanwhile.
        self._children.reap()

    def _report_answers(self, worker: int, thread: int, answers: tuple[int, bytes]) -> None:
        """What is in the outbox, ahead of the report that says why it was looked at."""
        base, data = answers
        if data:
            place = {"worker": worker, "thread": thread, "base": base}
            text = binascii.b2a_base64(data, newline=False).decode()
            self._send({"type": "answers", **place, "bytes": text})

    def _signal(self, message: Message) -> None:
        worker = self._children.get(message["worker"])
        if worker is not None:
            self._children.signal(worker, _SIGNALS[message["signal"]])

    def _ask_stacks(self, message: Message) -> None:
        number = message["worker"]
        worker = self._children.get(number)
        if worker is None:
            self._send({"type": "stacks", "worker": number, "text": ""})
        elif number not in self._stacks_requests:
            self._stacks_requests[number] = stacks.StacksRequest(
                worker.pid, worker.stacks_descriptor
            )

    def _poll_stacks(self) -> None:
        for number, request in list(self._stacks_requests.items()):
            text = request.poll()
            if text is not None:
                del self._stacks_requests[number]
                self._send({"type": "stacks", "worker": number, "text": text})

    def _schedule(self, message: Message) -> None:
        problem = process.set_policy_of(self._front_pid, message["policy"])
        if problem:
            self._note("info", f"the front's scheduling policy stays as it is: {problem}")

    def _notify(self, message: Message) -> None:
        problem = notify.send(message["address"], message["state"])
        if problem and not self._is_notify_lost:
            self._note("warning", f"the service manager cannot be told anything: {problem}")
        self._is_notify_lost = bool(problem)

    # The end

    def _on_exit(self, worker: Worker, wait_status: int, usage: struct_rusage) -> None:
        request = self._stacks_requests.pop(worker.number, None)
        if request is not None:
            self._send({"type": "stacks", "worker": worker.number, "text": ""})
        for thread in range(self._settings.threads):
            answers = self._ledger.answers(worker.slot, thread)
            self._report_answers(worker.number, thread, answers)
        self._forward_imports()  # Why it could not import, say, before that it ended of it.
        is_killed = os.WIFSIGNALED(wait_status)
        end = {
            "status": None if is_killed else os.WEXITSTATUS(wait_status),
            "signal": _signal_name(os.WTERMSIG(wait_status)) if is_killed else None,
            "ledger": self._ledger.read(worker.slot),
        }
        self._send(
            {"type": "exited", "worker": worker.number, "pid": worker.pid, **end, **_usage(usage)}
        )
        os.close(worker.stacks_descriptor)
        self._ledger.release(worker.slot)

    def _front_is_gone(self) -> None:
        self._has_front = False
        self._stop()
        # One may stand still in the middle of a withdrawal of a zygote before us, or by job
        # control.
        for worker in self._children:
            self._children.signal(worker, signal.SIGCONT)

    def _stop_asked(self, message: Message) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._kill_at is not None:
            return
        self._kill_at = time.monotonic() + self._settings.graceful_seconds
        for worker in self._children:
            self._children.signal(worker, signal.SIGTERM)

    def _must_give_up(self) -> bool:
        """Kills what has not ended in time; True when that did not help either."""
        if self._kill_at is None or time.monotonic() < self._kill_at:
            return False
        if self._is_killed:
            return True
        for worker in self._children:
            self._children.signal(worker, signal.SIGKILL)
        self._is_killed = True
        self._kill_at = time.monotonic() + _KILL_SECONDS
        return False


def _usage(usage: struct_rusage | None) -> Message:
    if usage is None:
        return {"userMs": 0, "systemMs": 0, "maxRssKiB": 0}
    user_ms, system_ms = round(usage.ru_utime * 1000), round(usage.ru_stime * 1000)
    return {
        "userMs": user_ms,
        "systemMs": system_ms,
        "maxRssKiB": usage.ru_maxrss // _RSS_UNITS_PER_KIB,
    }


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # A real-time signal.
        return f"SIG{number}"
