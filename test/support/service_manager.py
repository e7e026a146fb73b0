# A stand-in for a service manager with socket activation (sd_listen_fds): opens the sockets, passes them from descriptor 3 on and tells
# of them in the environment. Usage: service_manager.py [--keep] SOCKET... -- COMMAND...; a SOCKET is `tcp`, `tcp6` or a path.
#
# Without --keep it becomes the command. With it, it stays and holds the sockets: each line `start` on standard input starts the command
# once more on the same sockets, `stop PID` sends SIGTERM; `listening PORT...`, `started PID`, `ended PID STATUS` stand on its output.

import os
import signal
import socket
import sys
import threading


def open_socket(what: str) -> socket.socket:
    if what in ("tcp", "tcp6"):
        family = socket.AF_INET6 if what == "tcp6" else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_STREAM)
        opened.bind(("::1" if what == "tcp6" else "127.0.0.1", 0))
    else:
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        opened.bind(what)
    opened.listen(4096)
    return opened


def become(command: list[str], sockets: list[socket.socket]) -> None:
    # Out of the way first: one of them may stand where another has to go.
    copies = [os.dup2(each.fileno(), 100 + index) for index, each in enumerate(sockets)]
    for index, copy in enumerate(copies):
        os.dup2(copy, 3 + index)
    os.closerange(3 + len(sockets), 200)
    names = ":".join(f"name{index}" for index in range(len(sockets)))
    pid = os.environ.get("PRETEND_PID", str(os.getpid()))
    told = {"LISTEN_PID": pid, "LISTEN_FDS": str(len(sockets)), "LISTEN_FDNAMES": names}
    os.execvpe(command[0], command, {**os.environ, **told})


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def start(command: list[str], sockets: list[socket.socket]) -> None:
    pid = os.fork()
    if pid == 0:
        become(command, sockets)
    say(f"started {pid}")

    def wait() -> None:
        _, status = os.waitpid(pid, 0)
        say(f"ended {pid} {os.waitstatus_to_exitcode(status)}")

    threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    arguments = sys.argv[1:]
    split = arguments.index("--")
    keep = arguments[0] == "--keep"
    sockets = [open_socket(what) for what in arguments[1 if keep else 0 : split]]
    command = arguments[split + 1 :]
    if not keep:
        become(command, sockets)
    names = (each.getsockname() for each in sockets)
    say(" ".join(["listening", *(str(name[1]) for name in names if isinstance(name, tuple))]))
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "start":
            start(command, sockets)
        else:
            os.kill(int(rest[0]), signal.SIGTERM)


main()
