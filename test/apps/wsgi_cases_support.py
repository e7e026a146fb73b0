"""Iterables that tell what is done with them."""

import record


class Watched:
    """Notes each chunk that is asked for, and each call of close()."""

    def __init__(self, name, chunks):
        self._name = name
        self._chunks = iter(chunks)
        self._count = 0

    def __iter__(self):
        return self

    def __next__(self):
        self._count += 1
        record.note(f"{self._name}: next {self._count}")
        return next(self._chunks)

    def close(self):
        record.note(f"{self._name}: close")


def raising(error, chunks=()):
    """The chunks, and then the error."""
    yield from chunks
    raise error


def query(environ):
    pairs = (part.partition("=") for part in environ["QUERY_STRING"].split("&") if part)
    return {name: value for name, _, value in pairs}
