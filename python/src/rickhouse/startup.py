"""The start of the Python side: a clean process, the import, then the zygote's event loop.

The order of the steps matters; the reason stands beside each.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import stat
import sys
import time
from typing import Any, NoReturn

from . import (
    buffers,
    departure,
    finalizers,
    imports,
    loader,
    log,
    offspring,
    output,
    preload_check,
    process,
    stacks,
)
from .control import CONTROL_DESCRIPTOR, Control, Message
from .settings import Settings, settings_of
from .wire import PROTOCOL_VERSION
from .worker import load_application
from .zygote import Zygote

_OWN_DESCRIPTORS = frozenset((0, 1, 2, CONTROL_DESCRIPTOR))
_INTERNAL = "RICKHOUSE_INTERNAL_"
# What a zygote that starts itself again hands to its new self.
_LOAD_VARIABLE = _INTERNAL + "LOAD"
_USAGE = 2
_LOAD_FAILED = 3
# Python reads .pth files up to so long before our own code runs.
_START_SECONDS = 10.0
# Of the one line; the traceback has all of it.
_MAX_ERROR = 1000

# The current directory, empty where there is none, and the environment.
_Surroundings = tuple[str, dict[str, str]]


def main() -> NoReturn:
    try:
        _run()
    except BaseException as error:
        log.report("zygote", f"ends by an error of its own\n{log.traceback_of(error)}")
        os._exit(1)
    # Not by sys.exit(): what the application registered for the end of the process is run by the
    # workers.
    os._exit(0)


def _run() -> None:
    if not _is_socket(CONTROL_DESCRIPTOR):
        sys.stderr.write("This is a part of Rickhouse; it is started by the command rickhouse.\n")
        os._exit(_USAGE)
    departure.ignore_wishes()  # It may wait here for a while before it is told what to load.
    process.leave_group()
    # First, before any descriptor of our own is opened: what we got from whoever started the front
    # is not ours.
    process.close_inherited_but(_OWN_DESCRIPTORS)
    inherited = json.loads(os.environ.get(_LOAD_VARIABLE, "null"))
    for name in [name for name in os.environ if name.startswith(_INTERNAL)]:
        del os.environ[name]
    problem = process.become_subreaper()
    notes = [f"orphans of the application are not reaped: {problem}"] if problem else []
    control = Control(CONTROL_DESCRIPTOR, inherited["unread"] if inherited else "")
    started_before = time.time() - _START_SECONDS
    installed = _installed()
    load = inherited["load"] if inherited else control.next()
    if load is None:
        return
    if load["type"] != "load" or load["protocol"] != PROTOCOL_VERSION:
        _fail(
            control, "front and Python side are of different versions", "Install Rickhouse again."
        )
    # We may have been started before the front had set all of its own.
    os.environ.update(load.get("environment", {}))
    settings = settings_of(load)
    if settings.is_watched:
        # We may have been started long ago, to be there when a file is saved. What was installed
        # since may have brought a .pth file, and those are read when Python starts.
        is_new = any(changed_at > started_before for _, changed_at in installed)
        if not inherited and (is_new or _installed() != installed):
            _start_again(control, load, _surroundings())
        importlib.invalidate_caches()
    output.connect(settings.output_path, worker=0)
    output.report_to(settings.reports_path, worker=0)
    process.restore_file_limit(settings.soft_file_limit)
    process.leave_batch_policy()
    departure.ignore_interrupts()
    departure.ignore_terminate()
    if settings.is_watched:
        imports.keep_no_fresh_bytecode()
    is_preload = settings.preload == "on" or (
        settings.preload == "auto" and sys.platform != "darwin"
    )
    application = _preload(control, settings, load) if is_preload else None
    zygote = Zygote(control, settings, application)
    python = ".".join(map(str, sys.version_info[:3]))
    control.send(
        {
            "type": "loaded",
            "pid": os.getpid(),
            "python": python,
            "preload": is_preload,
            "notes": notes,
            "memory": zygote.memory,
        }
    )
    zygote.run()
    offspring.end(lambda: os._exit(0), settings.graceful_seconds / 2)


def _preload(control: Control, settings: Settings, load: Message) -> Any:
    """The application, imported and safe to fork.

    With anything unsafe starts the process again without preload.
    """
    _end_with_front(settings.private_directory)
    own_socket = process.identity(CONTROL_DESCRIPTOR)
    surroundings = _surroundings()
    try:
        application = load_application(settings)
    except loader.LoadError as error:
        loader.report(error, "zygote")
        if settings.is_watched:
            _tell(control, imports.messages_of_failure(error))
        _fail(control, error.error[:_MAX_ERROR], error.hint)
    _take_back_signals()
    if settings.is_watched:
        _tell(control, imports.messages(imports.module_files()))
    if process.identity(CONTROL_DESCRIPTOR) != own_socket:
        # Nobody can be told any more but who reads the log.
        log.report("zygote", process.closed_by_import(settings.application.module))
        os._exit(_LOAD_FAILED)
    process.set_parent_death_signal(0)
    _check(control, settings, load, surroundings)
    buffers.freeze(is_forked=True)
    return application


def _take_back_signals() -> None:
    """What the import did to this process, and not to the workers, that are forked from it.

    A timer would end it, blocked signals would hide the deaths of workers.
    """
    for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
        signal.setitimer(timer, 0)  # As after any fork: the workers would not have them either.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    departure.ignore_interrupts()
    departure.ignore_terminate()


def _check(
    control: Control, settings: Settings, load: Message, surroundings: _Surroundings
) -> None:
    found = preload_check.find_unshareable(_OWN_DESCRIPTORS)
    if found:
        module = settings.application.module
        what = f"importing {module} left what must not be shared across fork: {', '.join(found)}"
        if settings.preload == "auto":
            advice = "so each worker imports it itself (--preload off)"
            hooks = "hooks of os.register_at_fork do not run there"
            _note(control, "warning", f"{what}; {advice}, and {hooks}")
            _start_again(control, {**load, "preload": "off"}, surroundings)
        _note(control, "warning", f"{what}; shared all the same (--preload on)")
    native = preload_check.find_native_threads()
    if native:
        names = ", ".join(sorted(set(native)))
        what = f"{len(native)} native threads run after the import ({names})"
        advice = "workers do not have them; if one hangs, use --preload off"
        _note(control, "warning", f"{what}; {advice}")


def _end_with_front(private_directory: str) -> None:
    """Nobody reads the control socket during the import: a signal tells of the front's death."""

    def end(signum: int, frame: object) -> None:
        process.remove_directory(private_directory)
        os._exit(1)

    signal.signal(stacks.SIGNAL, end)
    process.set_parent_death_signal(stacks.SIGNAL)


def _surroundings() -> _Surroundings:
    """As they are before the import, which may change them."""
    directory = ""
    with contextlib.suppress(OSError):  # Removed.
        directory = os.getcwd()
    return directory, dict(os.environ)


def _start_again(control: Control, load: Message, surroundings: _Surroundings) -> NoReturn:
    """Replaces this process, with all that was made in it, by one that loads this."""
    directory, environment = surroundings
    environment[_LOAD_VARIABLE] = json.dumps({"load": load, "unread": control.unread})
    finalizers.run()
    with contextlib.suppress(OSError):
        os.chdir(directory)
    main_file = os.path.join(os.path.dirname(os.path.abspath(__file__)), "__main__.py")
    arguments = getattr(sys, "orig_argv", ["python", main_file])[1:]

    def replace() -> NoReturn:
        log.flush_streams()
        os.set_inheritable(CONTROL_DESCRIPTOR, True)
        os.execve(sys.executable, [sys.executable, *arguments], environment)

    offspring.end(replace)


def _installed() -> list[tuple[str, float]]:
    """Where packages are installed, and when something was last installed or removed there."""
    found = []
    for directory in sys.path:
        if os.path.basename(directory) in ("site-packages", "dist-packages"):
            with contextlib.suppress(OSError):
                found.append((directory, os.stat(directory).st_mtime))
    return found


def _fail(control: Control, error: str, hint: str) -> NoReturn:
    def finish() -> NoReturn:
        control.send({"type": "failed", "error": error, "hint": hint})
        log.flush_streams()
        os._exit(_LOAD_FAILED)

    offspring.end(finish)


def _tell(control: Control, messages: list[Message]) -> None:
    for message in messages:
        control.send(message)


def _note(control: Control, level: str, text: str) -> None:
    control.send({"type": "note", "level": level, "text": text})


def _is_socket(descriptor: int) -> bool:
    try:
        return stat.S_ISSOCK(os.fstat(descriptor).st_mode)
    except OSError:
        return False
