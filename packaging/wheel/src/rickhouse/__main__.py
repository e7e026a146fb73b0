"""``python -m rickhouse`` is the command ``rickhouse``."""

from rickhouse.launcher import main

main()
