"""Runs a command on a terminal of its own, which is closed when standard input ends; prints what the command wrote, then its status."""

import os
import pty
import select
import sys

pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])

while True:
    ready, _, _ = select.select([0, terminal], [], [])
    if terminal in ready:
        os.write(1, os.read(terminal, 65536))
    if 0 in ready and not os.read(0, 1):
        break
os.close(terminal)
status = os.waitpid(pid, 0)[1]
os.write(1, f"ended with status {os.waitstatus_to_exitcode(status)}\n".encode())
