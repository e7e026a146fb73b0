"""From the name of an application to the application, or to a clear word on what is wrong.

What is imported is foreign code: it may raise anything.
"""

from __future__ import annotations

import os
import re
import sys
from types import FunctionType
from typing import Any, NamedTuple

from . import log

_CALLABLE = re.compile(r"([^\W\d]\w*(?:\.[^\W\d]\w*)*)(\(.*\))?", re.DOTALL)
_DEFAULT_NAMES = ("application", "app")
# Tried in this order when a hint needs a name.
_FACTORY_NAMES = ("create_app", "make_app", "get_app", "create_application", "main")
_CO_VARARGS = 0x04
_CO_COROUTINE = 0x80


class LoadError(Exception):
    """`error` and `hint` are one line each; `__cause__` is what the application raised, if any."""

    def __init__(self, error: str, hint: str) -> None:
        super().__init__(error)
        self.error = " ".join(error.split())
        self.hint = " ".join(hint.split())


class ApplicationName(NamedTuple):
    directory: str
    module: str
    # Dotted, perhaps with `()` or `("literal", name=1)` behind it; empty: `application`, `app`.
    callable: str
    # Behind `directory` on `sys.path`.
    python_path: tuple[str, ...] = ()


def load(name: ApplicationName) -> Any:
    """The application. Raises LoadError and nothing else."""
    try:
        return _load(name)
    except LoadError:
        raise
    except BaseException as error:
        # A `__getattr__` of the module or of what it names, a directory that cannot be read.
        raise _raised(
            error, f"looking for {name.module}", "Correct what the traceback shows."
        ) from error


def _load(name: ApplicationName) -> Any:
    if not os.path.isdir(name.directory):
        raise LoadError(
            f"the directory {name.directory} {_why_no_directory(name.directory)}",
            "Check the path before the module's name.",
        )
    sys.path[0:0] = [name.directory, *name.python_path]
    module = _import(name)
    application = _find(module, name)
    label = (
        f"{name.module}:{name.callable}" if name.callable else f"the application of {name.module}"
    )
    if not callable(application):
        hint = _hint_names(module, f"{name.module}:", name.callable)
        if name.callable.endswith(")"):
            hint = "That is what the call has returned; it must return the WSGI callable."
        raise LoadError(
            f"{label} is not callable: it is of type {type(application).__name__}", hint
        )
    # Of a class: what its objects are called by (ASGI 2).
    called = application.__call__ if isinstance(application, type) else type(application).__call__
    if _is_coroutine(application) or _is_coroutine(called):
        raise LoadError(
            f"{label} is an ASGI application (async def)",
            "Name a WSGI application: ASGI is not served.",
        )
    _check_arguments(application, name, label)
    return application


def report(error: LoadError, role: str) -> None:
    """The traceback of what the application raised, to standard error."""
    text = traceback_text(error)
    if text:
        log.report(role, f"the application does not load\n{text}")


def traceback_text(error: LoadError) -> str:
    """Empty when the application raised nothing."""
    cause = error.__cause__
    return log.traceback_of(cause) if cause is not None else ""


def _why_no_directory(path: str) -> str:
    try:
        os.stat(path)
    except PermissionError as error:  # One above it.
        return f"cannot be reached: {error.strerror}"
    except OSError:
        return "does not exist"
    return "is none"


def _check_arguments(application: Any, name: ApplicationName, label: str) -> None:
    """A factory that was named without its call would load, and then fail in every request."""
    function, bound = application, 0
    # Of a plain class: what makes its objects.
    if type(application) is type and "__new__" not in vars(application):
        function, bound = vars(application).get("__init__"), 1
    if not isinstance(function, FunctionType):
        return
    code = function.__code__
    most = code.co_argcount - bound
    least = most - len(function.__defaults__ or ())
    takes_more = bool(code.co_flags & _CO_VARARGS)
    if least <= 2 and (most >= 2 or takes_more):
        return
    call = "()" if least == 0 else "(...) with its arguments"
    hint = f"Did you mean {name.module}:{name.callable}{call}?"
    if not name.callable or name.callable.endswith(")"):
        hint = "It must take environ and start_response."
    raise LoadError(f"{label} cannot be called with the two arguments of WSGI", hint)


def _import(name: ApplicationName) -> Any:
    try:
        # Not importlib.import_module: its own frames would stand in the traceback.
        __import__(name.module)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing == name.module or name.module.startswith(missing + "."):
            raise LoadError(
                f"no module {missing} in {name.directory}", _hint_module(name)
            ) from None
        raise LoadError(
            f"{name.module} needs the module {missing}, which is not there",
            _hint_missing(name, missing.partition(".")[0]),
        ) from error
    except BaseException as error:
        raise _raised(
            error,
            f"importing {name.module}",
            _hint_environment(error) or "Correct what the traceback shows.",
        ) from error
    return sys.modules[name.module]


def _find(module: Any, name: ApplicationName) -> Any:
    if not name.callable:
        for default in _DEFAULT_NAMES:
            if hasattr(module, default):
                return getattr(module, default)
        raise LoadError(
            f"{name.module} has neither application nor app",
            _hint_inside(module, name) or _hint_names(module, f"{name.module}:", _DEFAULT_NAMES[0]),
        )
    match = _CALLABLE.fullmatch(name.callable)
    if match is None:
        raise LoadError(
            f"{name.callable} is no name of a callable",
            f"Write {name.module}:app or {name.module}:create_app().",
        )
    positional, named = _arguments(name) if match[2] else ([], {})
    found, path, prefix = module, name.module, f"{name.module}:"
    for part in match[1].split("."):
        try:
            found, path, prefix = getattr(found, part), f"{path}.{part}", f"{prefix}{part}."
        except AttributeError:
            raise LoadError(f"{path} has no {part}", _hint_names(found, prefix, part)) from None
        except BaseException as error:
            raise _raised(
                error, f"looking up {name.callable}", "Correct what the traceback shows."
            ) from error
    if not match[2]:
        return found
    try:
        return found(*positional, **named)
    except BaseException as error:
        hint = "Correct what the traceback shows; the factory is called as it is written."
        raise _raised(
            error, f"calling {name.callable}", _hint_environment(error) or hint
        ) from error


def _arguments(name: ApplicationName) -> tuple[list[Any], dict[str, Any]]:
    """Literals only, as gunicorn takes them: what is named here is no program."""
    import ast

    try:
        call = ast.parse(name.callable, mode="eval").body
        if not isinstance(call, ast.Call) or isinstance(call.func, ast.Call):
            raise ValueError
        named = {word.arg or "": ast.literal_eval(word.value) for word in call.keywords}
        if "" in named:
            raise ValueError
        return [ast.literal_eval(argument) for argument in call.args], named
    except (SyntaxError, ValueError, TypeError):
        raise LoadError(
            f"{name.callable} is no call with literals",
            f'Write it like {name.module}:create_app("production", debug=False).',
        ) from None


def _raised(error: BaseException, doing: str, hint: str) -> LoadError:
    # The hint follows behind a semicolon.
    line = next(iter(text_of(error).splitlines()), "").rstrip(".")
    what = f"{type(error).__name__}: {line}" if line else type(error).__name__
    return LoadError(f"{doing} raised {what}", hint)


def text_of(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:  # Its own `__str__`; the traceback tells what can be told.
        return ""


def _hint_environment(error: BaseException) -> str | None:
    """`os.environ["NAME"]` without it, and Django without its settings."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    is_of_os = trace is not None and trace.tb_frame.f_globals is vars(os)
    if isinstance(error, KeyError) and is_of_os:
        return f"Set it in the environment, or write --env {error.args[0]}=VALUE."
    if "environment variable DJANGO_SETTINGS_MODULE" in text_of(error):
        return "Write --env DJANGO_SETTINGS_MODULE=mysite.settings, or name mysite.wsgi."
    return None


def _hint_missing(name: ApplicationName, missing: str) -> str:
    parent, inner = os.path.split(name.directory)
    if missing == inner:
        # Django's `mysite/mysite/wsgi`: the package itself must be importable, not its modules.
        where = os.path.relpath(parent)
        prefix = "" if where == "." else f"{parent if where.startswith('..') else where}/"
        behind = f":{name.callable}" if name.callable else ""
        return f"Did you mean {prefix}{inner}.{name.module}{behind}?"
    for directory in (name.directory, parent, os.getcwd()):
        for environment in (".venv", "venv", "env"):
            found = os.path.join(directory, environment)
            if _has_module(found, missing) and os.path.realpath(found) != os.path.realpath(
                sys.prefix
            ):
                python = os.path.join(found, "bin", "python")
                return f"{found} has it: write --python {python}."
    return f"Install it for {sys.executable}, or choose another interpreter with --python."


def _has_module(environment: str, module: str) -> bool:
    import glob

    packages = os.path.join(glob.escape(environment), "lib", "python3*", "site-packages")
    return any(
        glob.glob(os.path.join(packages, glob.escape(module) + ending)) for ending in ("", ".py")
    )


def _hint_module(name: ApplicationName) -> str:
    first = name.module.partition(".")[0]
    try:
        entries = sorted(os.listdir(name.directory))
    except OSError as error:
        return f"That directory cannot be read: {error.strerror}."
    modules = [entry[:-3] for entry in entries if entry.endswith(".py")]
    modules += [
        entry
        for entry in entries
        if os.path.isdir(os.path.join(name.directory, entry)) and entry.isidentifier()
    ]
    if os.path.sep in first or first.endswith(".py"):
        return "Write path/to/module:callable, without .py."
    near = _nearest(first, modules)
    if near:
        return f"Did you mean {near}?"
    elsewhere = _where_else(name, first, entries)
    if elsewhere:
        behind = f":{name.callable}" if name.callable else ""
        return f"Did you mean {elsewhere}{name.module}{behind}?"
    return "Check the name, and the directory: path/to/module:callable."


def _where_else(name: ApplicationName, first: str, entries: list[str]) -> str | None:
    """One directory up or down, where who starts the server in the wrong one has the module."""
    for directory in ("..", *entries):
        place = os.path.join(name.directory, directory)
        package = os.path.join(place, first)
        if os.path.isfile(f"{package}.py") or os.path.isfile(os.path.join(package, "__init__.py")):
            return f"{os.path.relpath(place)}/"
    return None


def _hint_inside(module: Any, name: ApplicationName) -> str | None:
    """Django's package `mysite` has its application in `mysite.wsgi`."""
    for directory in getattr(module, "__path__", ()):
        if os.path.isfile(os.path.join(directory, "wsgi.py")):
            return f"Did you mean {name.module}.wsgi?"
    return None


def _hint_names(owner: Any, prefix: str, wanted: str) -> str:
    """`prefix` is how the command line names `owner`: `module:` or `module:site.`."""
    names = [name for name in dir(owner) if not name.startswith("_") and name != wanted]
    near = _nearest(wanted, names)
    near = near or next((name for name in _FACTORY_NAMES if name in names), None)
    if near is None:
        return "Name the WSGI callable: module:callable."
    call = "()" if near in _FACTORY_NAMES else ""
    return f"Did you mean {prefix}{near}{call}?"


def _nearest(wanted: str, names: list[str]) -> str | None:
    import difflib

    match = difflib.get_close_matches(wanted, names, n=1, cutoff=0.6)
    return match[0] if match else None


def _is_coroutine(function: Any) -> bool:
    try:
        return bool(getattr(getattr(function, "__code__", None), "co_flags", 0) & _CO_COROUTINE)
    except Exception:  # A stand-in for an object that is not there yet: no function, anyway.
        return False
