"""Leaves a process behind that has no parent, until the gate `end` opens; answers with its process id."""

import subprocess

import record

_WAIT = "while ! test -e $TMPDIR/gate-end; do sleep 0.01; done"


def app(environ, start_response):
    child = subprocess.run(
        ["sh", "-c", f"({_WAIT}) >/dev/null 2>&1 & echo $!"], capture_output=True, text=True
    )
    return record.answer(start_response, child.stdout.strip())
