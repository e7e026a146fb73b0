"""Runs a configuration file of gunicorn as gunicorn does, and prints its variables as JSON.

A script of its own: `rickhouse from-gunicorn` starts it, nothing of the server does. What has no
JSON is told by its kind: `{"kind": "function"}`.
"""

from __future__ import annotations

import json
import math
import os
import runpy
import sys
import types
from typing import Any


def main() -> int:
    path = sys.argv[1]
    # What the file prints must not stand between us and who reads the JSON.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    # In place of the directory of this script, whose modules are not meant.
    here = os.path.dirname(os.path.realpath(__file__))
    if sys.path and os.path.realpath(sys.path[0]) == here:
        del sys.path[0]
    sys.path.insert(0, os.getcwd())
    try:
        variables = runpy.run_path(path, run_name="__config__")
    except BaseException as error:
        line = " ".join(str(error).split())
        json.dump({"error": f"{type(error).__name__}: {line}" if line else repr(error)}, out)
        out.close()
        return 1
    json.dump({"variables": {name: _plain(value) for name, value in _settings(variables)}}, out)
    out.close()
    return 0


def _settings(variables: dict[str, Any]) -> list[tuple[str, Any]]:
    """As they stand in the file; what it imports is none."""
    return [
        (name, value)
        for name, value in variables.items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no such number.
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {"kind": "table", "keys": [str(key) for key in value]}
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return {"kind": "class" if isinstance(value, type) else "function"}


if __name__ == "__main__":
    sys.exit(main())
