"""Entry point: the front starts this file as a script, with the control socket as descriptor 3.

Leaves no trace of its own in what the application sees: `sys.path`, `sys.modules`, `sys.argv`.
Children of the application's `multiprocessing` run this file again as `__mp_main__`: it must then
do nothing.
"""

import sys


def main() -> None:
    import os

    here = os.path.dirname(os.path.realpath(__file__))
    # A script's own directory comes first on sys.path: the application's `import wsgi` must not
    # find ours.
    if sys.path and os.path.realpath(sys.path[0]) == here:
        del sys.path[0]
    parent = os.path.dirname(here)
    sys.path.insert(0, parent)
    try:
        from rickhouse import startup
    finally:
        sys.path.remove(parent)
    # All of ours is imported now; an application of the same name finds its own package.
    for name in [name for name in sys.modules if name.partition(".")[0] == "rickhouse"]:
        del sys.modules[name]
    sys.argv = ["rickhouse"]
    startup.main()


if __name__ == "__main__":
    # An older one can read this file, but not the modules behind it.
    if sys.version_info < (3, 9):  # noqa: UP036
        found = f"Python {sys.version_info[0]}.{sys.version_info[1]}"
        sys.exit(f"rickhouse needs Python 3.9 or newer, and {sys.executable} is {found}")
    main()
