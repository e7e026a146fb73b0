"""Rickhouse, a web application server: ``rickhouse.serve(app)``, or the command ``rickhouse``."""

from rickhouse.launcher import serve

__all__ = ["serve"]
