"""The Django project in `helloworld/` as one module beside it.

    bin/rickhouse examples/djangoapp:app

The project alone, by its own wsgi.py:

    bin/rickhouse examples/helloworld/helloworld.wsgi:application
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "helloworld"))

from helloworld.wsgi import application as app

__all__ = ["app"]
