"""From a request to its answer (PEP 3333): environ, call, iterable, close(), errors.

Never raises: what goes wrong in a request is logged and harms no other.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable
from types import GeneratorType
from typing import Any, BinaryIO, Callable

from . import debug_page, log, output
from .body_memory import body_at
from .channel import Channel
from .exchange import ClientGone, Exchange
from .file_wrapper import FileWrapper
from .inbox import ChannelLost, Request
from .request_input import close_input, open_file_input, open_frame_input, open_memory_input
from .wire import REQUEST_CHUNKED, REQUEST_FILE, REQUEST_MEMORY

Environ = dict[str, Any]
Application = Callable[..., Iterable[bytes]]

_ELSEWHERE = REQUEST_FILE | REQUEST_MEMORY
_NO_BODIES = memoryview(b"")
# Nothing is lost when they are closed unread.
_WITHOUT_BEGINNING = (list, tuple, FileWrapper)


def base_environ(version: str, is_multithread: bool, is_multiprocess: bool) -> Environ:
    """What is the same in every environ of a worker."""
    return {
        "wsgi.version": (1, 0),
        "wsgi.multithread": is_multithread,
        "wsgi.multiprocess": is_multiprocess,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
        "SERVER_SOFTWARE": f"Rickhouse/{version}" if version else "Rickhouse",
        # Places that `Gateway` fills: a dict that has them need not grow for them.
        "wsgi.errors": None,
        "wsgi.input": None,
        "rickhouse.client_disconnected": None,
    }


class Gateway:
    """Runs the requests of one channel, in whose environs `base_environ` is."""

    def __init__(
        self,
        application: Application,
        channel: Channel,
        shows_tracebacks: bool = False,
        bodies: memoryview = _NO_BODIES,
    ) -> None:
        """`bodies`: where the front leaves large ones."""
        self._application = application
        self._channel = channel
        self._bodies = bodies
        self._shows_tracebacks = shows_tracebacks

    def run(self, request: Request) -> None:
        """Answers `request`: on return all is sent or deferred, unless the channel is lost."""
        number, flags, environ, body = request
        exchange = Exchange(self._channel, number, flags)
        # As of now: the application may have replaced it.
        environ["wsgi.errors"] = sys.stderr
        environ["rickhouse.client_disconnected"] = exchange.is_client_gone
        if flags & REQUEST_CHUNKED:
            # Only here: frameworks that trust it read without a size; wsgiref.validate refuses it.
            environ["wsgi.input_terminated"] = True
        # Of a body that is elsewhere. Closed before END is sent: the front may then use its place
        # again.
        stream: BinaryIO | None = None
        if flags & _ELSEWHERE:
            stream = self._open_elsewhere(exchange, environ, flags, body)
            if stream is None:
                return
            environ["wsgi.input"] = stream
        else:
            # Most have none: to make an empty one takes a third less without an argument.
            environ["wsgi.input"] = open_frame_input(body) if body else open_frame_input()
        iterable: Any = None
        failed = False
        try:
            iterable = self._application(environ, exchange.start_response)
            kind = type(iterable)
            if kind is list or kind is tuple:
                if stream is not None:
                    close_input(stream)
                if exchange.send_whole(iterable):
                    return
            _send_iterable(exchange, iterable)
        except (ChannelLost, ClientGone):
            failed = True
        except BaseException as error:
            # Also SystemExit and KeyboardInterrupt: a request ends no worker.
            failed = True
            if self._channel.was_abandoned:
                self._channel.exit_status = exit_status(error)
            if exchange.is_over:  # It came from outside, between our own lines.
                self._channel.interrupt()
            log.report("worker", f"error in {_describe(environ)}\n{log.traceback_of(error)}")
            # Before close(): the client need not wait for that.
            self._send_error_page(exchange, error, environ)
        _close(iterable, environ)
        if stream is not None:
            close_input(stream)
        self._finish(exchange, environ, failed)

    def _open_elsewhere(
        self, exchange: Exchange, environ: Environ, flags: int, place: memoryview | bytes
    ) -> BinaryIO | None:
        """A body that is not in its frame; None, and all is answered, when it cannot be read."""
        try:
            if flags & REQUEST_FILE:
                return open_file_input(place)
            return open_memory_input(body_at(place, self._bodies))
        except (OSError, ValueError) as error:
            log.report("worker", f"the body of {_describe(environ)} cannot be read: {error}")
            _send_error_page(exchange)
            self._finish(exchange, environ, failed=True)
            return None

    def _send_error_page(self, exchange: Exchange, error: BaseException, environ: Environ) -> None:
        if not self._shows_tracebacks or exchange.is_head_sent:
            _send_error_page(exchange)
            return
        with contextlib.suppress(ChannelLost):
            exchange.send_error_page(*debug_page.render(error, environ))

    def _finish(self, exchange: Exchange, environ: Environ, failed: bool) -> None:
        if exchange.problem:
            log.report("worker", f"{_describe(environ)}: {exchange.problem}")
        try:  # contextlib.suppress takes 0.3 µs.
            exchange.end(is_broken=failed)
        except ChannelLost:
            return  # The loop sees it at the channel.


def exit_status(error: BaseException) -> int:
    """As Python's own at the end of a process."""
    code = error.code if isinstance(error, SystemExit) else 1
    if code is None:
        return 0
    return code & 0xFF if isinstance(code, int) else 1


def _send_error_page(exchange: Exchange) -> None:
    """Unless it is too late for one: then the answer is broken when the exchange ends."""
    if not exchange.is_head_sent:
        with contextlib.suppress(ChannelLost):
            exchange.send_error_page()


def _send_iterable(exchange: Exchange, iterable: Any) -> None:
    kind = type(iterable)
    if not hasattr(kind, "__iter__") and not hasattr(kind, "__getitem__"):
        raise TypeError(f"the application must return an iterable of bytes, not {kind.__name__}")
    # Without a body one chunk is asked for all the same: what a generator has to do at its end is
    # never done if it has not begun.
    if not (exchange.wants_no_body and kind in _WITHOUT_BEGINNING):
        # Of a body whose length was told it need not be known.
        is_single = not exchange.has_length and hasattr(kind, "__len__") and _is_single(iterable)
        for chunk in iterable:
            if exchange.send_all_but_end(chunk):
                continue
            if exchange.is_head_sent:
                exchange.raise_if_stopped()
            exchange.send_chunk(chunk, is_single)
            if exchange.problem or exchange.wants_no_body:
                break
    if exchange.is_complete:  # The usual one has told its length.
        return
    exchange.finish_body()
    # A generator has nothing left to do in close() once it is exhausted.
    if kind is not GeneratorType and hasattr(iterable, "close"):
        exchange.complete_body()


def _is_single(iterable: Any) -> bool:
    """Whether one chunk is all: the server may rely on len() (PEP 3333) at the beginning."""
    try:
        return len(iterable) == 1
    except Exception:
        return False


def _close(iterable: Any, environ: Environ) -> None:
    try:
        close = getattr(iterable, "close", None)
        if close is not None:
            close()
    except BaseException as error:
        log.report(
            "worker", f"error in close() after {_describe(environ)}\n{log.traceback_of(error)}"
        )


def _describe(environ: Environ) -> str:
    """`GET /x [id]`, as the front names requests (src/io/workers/incident.ts).

    Method and path as they came; without the query, which may hold secrets.
    """
    target = _text(environ, "REQUEST_URI") or _text(environ, "PATH_INFO")
    path = target.partition("?")[0] or "?"
    shown = ascii(f"{_text(environ, 'REQUEST_METHOD') or '?'} {path}")[1:-1][:500]
    request_id = output.request_id_of(environ)
    return f"{shown} [{request_id}]" if request_id else shown


def _text(environ: Environ, key: str) -> str:
    # The application may have put anything in its place.
    value = environ.get(key)
    return value if type(value) is str else ""
