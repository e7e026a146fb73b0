"""A worker process: each thread takes requests from its channel and runs them.

Entered right after the fork; never returns to the zygote's code.
"""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import os
import signal
import threading
import time
from typing import Any, Callable, NamedTuple, NoReturn

from . import buffers, imports, loader, log, output, process, stacks, told_errors
from .answer_memory import AnswerSlots
from .channel import Channel
from .departure import Departure
from .inbox import ChannelLost, Request
from .ledger import EXEMPT, STARTED, WITHDRAWN_TO
from .settings import Settings
from .wsgi import Application, Gateway, base_environ, exit_status

_IMPORT_FAILED = 3
_NO_CHANNEL = 1
_WAIT_SECONDS = 0.1
_OF_ANOTHER_USER = (
    ". If the application changes its user when it is imported, leave that to the server (--user)"
)
_INTERRUPTED = (
    "an exception (of a signal handler?) came between the parts of an answer: this thread ends, as"
    " nobody knows how much was sent or read"
)
_CHANNEL_CLOSED = (
    "the application closed descriptors that are not its own (os.closerange?), and with them the"
    " socket to the server: this worker cannot answer any more and ends"
)


class WorkerParts(NamedTuple):
    """What the zygote gives to one worker; tokens, cells, outboxes and answers one per thread."""

    # Of the worker.
    number: int
    settings: Settings
    # None without preload: the worker imports it.
    application: Any
    tokens: list[bytes]
    cells: list[memoryview]
    outboxes: list[memoryview]
    bodies: memoryview
    answers: list[AnswerSlots | None]
    stacks_descriptor: int
    # What others said of an import that failed (told_errors.py).
    errors_descriptor: int
    # With --reload.
    reporter: imports.Reporter | None


def run_worker(parts: WorkerParts) -> NoReturn:
    """Serves until all channels have ended or SIGTERM came, then ends the process."""
    settings = parts.settings
    pid = os.getpid()
    output.connect(settings.output_path, parts.number)
    output.report_to(settings.reports_path, parts.number)
    output.keep_errors_open()
    departure = Departure(Channel.interruptible)
    departure.install()
    stacks.register(parts.stacks_descriptor)
    # Where a crash in C code stood. The application may have chosen a file of its own for that, and
    # have put anything in place of `sys.stderr`.
    if not faulthandler.is_enabled():
        faulthandler.enable(2)
    application = parts.application if parts.application is not None else _import(parts)
    if parts.reporter is not None:
        application = imports.watched(application, parts.reporter)
    departure.install()  # Again: the import may have set handlers.
    status = 0
    if not departure.is_requested:
        status = _serve(parts, application, departure)
    # What stands unwritten in the files of a child that the application has forked, and that came
    # back, is its parent's, which writes it too.
    _leave(settings.graceful_seconds / 2, status, writes_files=os.getpid() == pid)


def load_application(settings: Settings) -> Any:
    """As loader.load. A child that the import forks, and that comes back from it, ends here.

    It must not speak in the name of the process that imports: it has its socket, or its tokens.
    """
    pid = os.getpid()
    try:
        application = loader.load(settings.application)
    except loader.LoadError as error:
        if os.getpid() == pid:
            raise
        cause = error.__cause__ or error
        if not isinstance(cause, SystemExit):
            log.report("child", f"error in a child of the import\n{log.traceback_of(cause)}")
        elif cause.code is not None and not isinstance(cause.code, int):
            log.report("child", f"a child of the import exits: {loader.text_of(cause)}")
        _leave(settings.graceful_seconds / 2, exit_status(cause))
    if os.getpid() != pid:
        _leave(settings.graceful_seconds / 2, 0)
    return application


def _import(parts: WorkerParts) -> Any:
    reporter = parts.reporter
    descriptors = [parts.errors_descriptor, parts.stacks_descriptor]
    if reporter is not None:
        descriptors.append(reporter.fileno())
    ours = [*map(process.identity, descriptors)]
    try:
        application = load_application(parts.settings)
        if [*map(process.identity, descriptors)] != ours:
            # It may have opened files of its own in their place.
            log.report("worker", process.closed_by_import(parts.settings.application.module))
            log.flush_streams()
            os._exit(_IMPORT_FAILED)
    except loader.LoadError as error:
        if reporter is not None and process.identity(descriptors[-1]) == ours[-1]:
            reporter.tell_failure(error)
        all_of_it = f"{error.error}\n{loader.traceback_text(error)}"
        is_lost = process.identity(parts.errors_descriptor) != ours[0]
        if is_lost or told_errors.is_new(parts.errors_descriptor, all_of_it):
            loader.report(error, "worker")
            log.report("worker", f"{error.error}. {error.hint}")
        else:
            log.report("worker", f"{error.error}, as before")
        log.flush_streams()
        os._exit(_IMPORT_FAILED)
    os.close(parts.errors_descriptor)
    if reporter is not None:
        reporter.tell_new()
    buffers.freeze(is_forked=False)
    return application


def _serve(parts: WorkerParts, application: Application, departure: Departure) -> int:
    """Returns the exit status: of a child that the application forked, its own."""
    settings = parts.settings
    base = base_environ(settings.version, settings.threads > 1, settings.is_multiprocess)
    try:
        channels = [
            Channel(settings.channel_path, departure, cell, outbox, base, slots)
            for cell, outbox, slots in zip(parts.cells, parts.outboxes, parts.answers)
        ]
        # What the application forks must neither speak on the channels nor hold them open.
        for channel in channels:
            os.register_at_fork(after_in_child=channel.abandon)
        for index, channel in enumerate(channels):
            channel.hello(parts.tokens[index], index, os.getpid())
    except (OSError, ChannelLost) as error:
        hint = _OF_ANOTHER_USER if isinstance(error, PermissionError) else ""
        log.report("worker", f"no channel to the front: {error}{hint}")
        os._exit(_NO_CHANNEL)
    shows_tracebacks = settings.shows_tracebacks
    runs: list[Callable[[Request], None]] = [
        Gateway(application, channel, shows_tracebacks, parts.bodies).run for channel in channels
    ]
    if len(runs) == 1:  # Else a stream may hold what several requests have printed.
        runs = [output.tagged(runs[0])]
    loops = [
        _Loop(channel, cell, run, departure)
        for channel, cell, run in zip(channels, parts.cells, runs)
    ]

    def serve_in_thread(loop: _Loop, channel: Channel) -> None:
        try:
            loop.serve()
        finally:
            if not channel.was_abandoned:
                loop.ended.set()
        if channel.was_abandoned:  # The child of a thread has no other to end it.
            _leave(settings.graceful_seconds / 2, channel.exit_status)

    threads = [
        threading.Thread(target=serve_in_thread, args=both, daemon=True)
        for both in zip(loops[1:], channels[1:])
    ]
    for thread in threads:
        thread.start()
    try:
        loops[0].serve()
    except BaseException as error:  # Behind the end of its channel. As in `_wait_for`.
        log.report("worker", f"an error at the end of a thread\n{log.traceback_of(error)}")
    if not channels[0].was_abandoned:  # A child has no threads but its own.
        for loop in loops[1:]:
            _wait_for(loop, departure)
    return channels[0].exit_status


def _wait_for(loop: _Loop, departure: Departure) -> None:
    while True:
        try:
            # One that is idle when the worker is to leave starts nothing any more: it looks at
            # `departure` first. Not by join(): an exception there makes a thread look ended.
            while loop.is_busy or not departure.is_requested:
                if loop.ended.wait(_WAIT_SECONDS):
                    break
            return
        except BaseException as error:  # As in `_Loop.serve`.
            traceback = log.traceback_of(error)
            log.report("worker", f"an error while other threads end\n{traceback}")


class _Loop:
    """What one thread does: request after request from one channel."""

    def __init__(
        self,
        channel: Channel,
        cell: memoryview,
        run: Callable[[Request], None],
        departure: Departure,
    ) -> None:
        # From before the look at `departure` until the answer is out.
        self.is_busy = False
        self.ended = threading.Event()
        self._channel = channel
        self._cell = cell
        self._run = run
        self._departure = departure

    def serve(self) -> None:
        """Returns when the channel ends or the worker is to leave."""
        channel, cell, departure, run = (
            self._channel,
            self._cell,
            self._departure,
            self._run,
        )
        channel.owner = threading.get_ident()
        try:
            while not channel.is_lost:
                request = channel.next_request()
                if request is None:
                    return
                self.is_busy = True
                if departure.is_requested:
                    return  # Not started: the ledger says so; another worker gets it.
                number = request[0]
                # docs/protocol.md section 3 proves that this order loses nothing and runs nothing
                # twice.
                cell[STARTED] = number
                if number > cell[WITHDRAWN_TO] or number == cell[EXEMPT]:
                    run(request)
                # Nothing of it outlives its answer: the next one may be long in coming.
                request = None
                self.is_busy = False
            if channel.was_closed or channel.was_interrupted:
                log.report("worker", _CHANNEL_CLOSED if channel.was_closed else _INTERRUPTED)
        except ChannelLost as error:
            text = _CHANNEL_CLOSED if channel.was_closed else f"the channel broke: {error}"
            log.report("worker", text)
        except BaseException as error:
            # A late alarm of the application's, say. What other threads run is not to end by it.
            traceback = log.traceback_of(error)
            log.report("worker", f"this thread ends by an error between requests\n{traceback}")
        finally:
            with contextlib.suppress(ChannelLost):
                channel.flush()
            channel.close()
            self.is_busy = False


def _leave(seconds: float, status: int, writes_files: bool = False) -> NoReturn:
    """Ends as the interpreter would, for the application's sake, but in bounded time.

    Its threads that are no daemons and its executors finish, then its atexit handlers run (with
    preload also those that were registered before the fork, as after any fork). Modules are not
    torn down: files are written, nothing else depends on it, and our own threads may still wait.
    """
    ending = _Ending(seconds, status)
    ending.run("threads", getattr(threading, "_shutdown", None), seconds / 2)
    ending.run("atexit handlers", atexit._run_exitfuncs, seconds * 3 / 4)
    if writes_files:
        ending.run("open files", buffers.flush, seconds)
    log.flush_streams()
    os._exit(status)


class _Late(BaseException):
    """Raised out of a step of the end when its time is over."""


class _Ending:
    """The steps of an end: none takes the time of those behind it, and all together `seconds`."""

    def __init__(self, seconds: float, status: int) -> None:
        self._began_at = time.monotonic()
        self._seconds = seconds
        self._status = status
        # The step that runs or has run last, and how long after the beginning its time is over.
        self._what = ""
        self._until = seconds
        # It may be left by an exception.
        self._is_in_step = False
        # The application may have blocked alarms. One of its own that waits is ignored away.
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGALRM,))
        signal.signal(signal.SIGALRM, self._on_alarm)

    def run(self, what: str, step: Callable[[], object] | None, until: float) -> None:
        if step is None:
            return
        self._what, self._until = what, until
        try:
            try:
                self._is_in_step = True
                self._set_alarm()
                step()
            finally:
                self._is_in_step = False
        except _Late:
            pass  # It is said.
        except BaseException as error:
            log.report("worker", f"error at the end of the process\n{log.traceback_of(error)}")

    def _set_alarm(self) -> None:
        left = self._began_at + self._until - time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, max(left, 0.001))

    def _on_alarm(self, signum: int, frame: object) -> None:
        if time.monotonic() - self._began_at < self._until:
            self._set_alarm()  # That was for the step before.
            return
        is_last = self._until == self._seconds
        if self._is_in_step or is_last:
            log.report(
                "worker",
                f"{self._what} of the application did not end within {self._until:g} s",
            )
        if is_last:
            os._exit(self._status)
        # For what swallows the exception, or hangs once more.
        self._until = self._seconds
        self._set_alarm()
        if self._is_in_step:
            self._is_in_step = False
            raise _Late("its time at the end of the process is over")
