"""A configuration of gunicorn, run by the script that `rickhouse from-gunicorn` starts."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

_SCRIPT = str(Path(__file__).parent.parent / "src" / "rickhouse" / "gunicorn_config.py")


class Configuration(unittest.TestCase):
    def test_a_module_that_it_imports_may_have_the_name_of_one_of_ours(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            for name, text in (
                ("modules/settings.py", "N = 3\n"),
                ("gunicorn.conf.py", "from settings import N\nworkers = N\n"),
            ):
                path = os.path.join(directory, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w") as file:
                    file.write(text)
            told = subprocess.run(
                [sys.executable, _SCRIPT, "gunicorn.conf.py"],
                cwd=directory,
                env={**os.environ, "PYTHONPATH": os.path.join(directory, "modules")},
                stdout=subprocess.PIPE,
                check=False,
            )
            self.assertEqual(json.loads(told.stdout), {"variables": {"N": 3, "workers": 3}})
