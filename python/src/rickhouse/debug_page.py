"""The answer of --debug to an exception of the application: its traceback with source lines.

As HTML, JSON or plain text, as the client's Accept asks. Nothing of it runs anything, and values of
variables are not in it: they may hold secrets. Knows no channel.
"""

from __future__ import annotations

import html
import json
import linecache
import os
import re
import traceback
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any, NamedTuple

from . import log

_LINES_AROUND = 5
# Of one exception, from either end: what recursed is told by its ends too.
_MAX_FRAMES = 60
_MAX_CHAIN = 10
_MAX_LINE = 500
_MAX_TEXT = 200_000
_CAUSE = "The above exception was the direct cause of the following one:"
_CONTEXT = "While the above exception was handled, another one occurred:"
_TYPES = {
    "text": "text/plain; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
}
_LIBRARIES = re.compile(r"[/\\](?:site|dist)-packages[/\\]")
_STANDARD = os.path.dirname(os.path.abspath(os.__file__)) + os.sep

Page = tuple[list[tuple[str, str]], bytes]


def render(error: BaseException, environ: dict[str, Any]) -> Page:
    """Header fields, and the body. Never raises: an exception may break what prints it."""
    try:
        form = _preferred_form(_text(environ, "HTTP_ACCEPT"))
        body = _BODIES[form](error, environ)
    except Exception as problem:
        form, body = (
            "text",
            f"The traceback cannot be shown ({type(problem).__name__}): see the log.\n",
        )
    data = body.encode("utf-8", "backslashreplace")
    headers = [
        ("Content-Type", _TYPES[form]),
        ("Content-Length", str(len(data))),
        ("Cache-Control", "no-store"),
        ("Vary", "Accept"),
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
    ]
    return headers, data


def _preferred_form(accept: str) -> str:
    """Text for who does not say: people with curl. As the front's own pages."""
    best, best_weight = "text", 0.0
    for part in accept.split(",")[:32]:
        name, _, parameters = part.strip().lower().partition(";")
        name = name.strip()
        if name == "text/html":
            form = "html"
        elif name == "application/json" or name.endswith("+json"):
            form = "json"
        elif name in ("text/plain", "text/*", "*/*"):
            form = "text"
        else:
            continue
        found = re.search(r"\bq\s*=\s*([01](?:\.\d{0,3})?)", parameters)
        weight = float(found[1]) if found else 1.0
        # The wildcard is what browsers and scripts add to what they want.
        if name == "*/*":
            weight = min(weight, 0.001)
        if weight > best_weight:
            best, best_weight = form, weight
    return best


def _text_body(error: BaseException, environ: dict[str, Any]) -> str:
    number = _request_id(environ)
    told = f"Request ID: {number}\n" if number else ""
    return f"{_request_line(environ)}\n{told}\n{_traceback(error)}"


def _json_body(error: BaseException, environ: dict[str, Any]) -> str:
    said = {
        "error": type(error).__name__,
        "message": _message(error),
        "request": _request_line(environ),
        "request_id": _request_id(environ) or None,
        "traceback": _traceback(error),
    }
    return json.dumps(said) + "\n"


def _html_body(error: BaseException, environ: dict[str, Any]) -> str:
    title = html.escape(f"{type(error).__name__}: {_message(error)}"[:_MAX_LINE])
    parts = [
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n',
        '<meta name="viewport" content="width=device-width">\n',
        '<meta name="color-scheme" content="light dark">\n',
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n<body>\n<main>\n",
        f"<h1>{html.escape(type(error).__name__)}</h1>\n",
        f"<p class=message>{html.escape(_message(error))}</p>\n",
        f"<p class=request>{html.escape(_request_line(environ))}</p>\n",
    ]
    number = html.escape(_request_id(environ))
    if number:
        parts.append(f"<p class=request>Request ID: {number}</p>\n")
    chain = _chain(error)
    for link, one in chain:
        if link:
            parts.append(f"<p class=link>{html.escape(link)}</p>\n")
        said = "".join(traceback.format_exception_only(type(one), one)).strip()
        # Of the only one, type and message stand above.
        if len(chain) > 1 or said != f"{type(one).__name__}: {_message(one)}":
            parts.append(f"<h2>{html.escape(said[:_MAX_TEXT])}</h2>\n")
        parts.append(_html_frames(one))
    parts.append("<h2>As text</h2>\n")
    parts.append(f"<pre class=plain>{html.escape(_traceback(error))}</pre>\n")
    parts.append("<p class=note>This page is there because the server runs with --debug.</p>\n")
    parts.append("</main>\n</body>\n</html>\n")
    return "".join(parts)


_BODIES = {"text": _text_body, "json": _json_body, "html": _html_body}


def _html_frames(error: BaseException) -> str:
    parts = ["<ol class=frames>\n"]
    frames = list(_frames(error.__traceback__))
    left_out = max(0, len(frames) - _MAX_FRAMES)
    half = _MAX_FRAMES // 2
    for index, place in enumerate(frames):
        if left_out and index == half:
            parts.append(f"<li>{left_out} more</li>\n")
        if left_out and half <= index < half + left_out:
            continue
        # The frame that raised, and those of the application, are what is looked for.
        is_open = not place.is_library or index == len(frames) - 1
        parts.append(_html_frame(place, is_open))
    parts.append("</ol>\n")
    return "".join(parts)


class _Place(NamedTuple):
    file: str
    line: int
    function: str
    is_library: bool
    module_globals: dict[str, Any]


def _html_frame(place: _Place, is_open: bool) -> str:
    head = (
        f"<code title='{html.escape(place.file)}'>{html.escape(_short(place))}</code>,"
        f" line {place.line}, in <code>{html.escape(place.function)}</code>"
    )
    rows = []
    first = max(1, place.line - _LINES_AROUND)
    for number in range(first, place.line + _LINES_AROUND + 1):
        text = linecache.getline(place.file, number, place.module_globals)
        if not text:
            continue
        mark = " class=here" if number == place.line else ""
        shown = html.escape(text.rstrip("\r\n")[:_MAX_LINE])
        rows.append(f"<span{mark}><b>{number}</b>{shown}</span>")
    source = f"<pre>{''.join(rows)}</pre>" if rows else "<p>(no source)</p>"
    opened = " open" if is_open else ""
    kind = " class=library" if place.is_library else ""
    return f"<li{kind}><details{opened}><summary>{head}</summary>\n{source}</details></li>\n"


def _frames(frames: TracebackType | None) -> Iterator[_Place]:
    frames = log.without_own_frames(frames)
    while frames is not None:
        frame: FrameType = frames.tb_frame
        code = frame.f_code
        yield _Place(
            code.co_filename,
            frames.tb_lineno,
            code.co_name,
            _is_library(code.co_filename),
            frame.f_globals,
        )
        frames = frames.tb_next


def _is_library(file: str) -> bool:
    return file.startswith(("<frozen", _STANDARD)) or _LIBRARIES.search(file) is not None


def _short(place: _Place) -> str:
    """As its readers call the file: `flask/app.py`, `shop/views.py`; the whole is in the text."""
    packages = list(_LIBRARIES.finditer(place.file))
    if packages:
        return place.file[packages[-1].end() :]
    for directory in (_STANDARD, os.path.join(os.getcwd(), "")):
        if place.file.startswith(directory):
            return place.file[len(directory) :]
    return place.file


def _chain(error: BaseException) -> list[tuple[str, BaseException]]:
    """The oldest first, as Python prints them; before each but the first, how it came from it."""
    chain: list[tuple[str, BaseException]] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(chain) < _MAX_CHAIN:
        seen.add(id(current))
        if current.__cause__ is not None:
            chain.append((_CAUSE, current))
            current = current.__cause__
        elif current.__context__ is not None and not current.__suppress_context__:
            chain.append((_CONTEXT, current))
            current = current.__context__
        else:
            chain.append(("", current))
            current = None
    return chain[::-1]


def _traceback(error: BaseException) -> str:
    return log.traceback_of(error)[:_MAX_TEXT]


def _message(error: BaseException) -> str:
    try:
        return str(error)[:_MAX_TEXT]
    except Exception:
        return "(its message cannot be printed)"


def _request_line(environ: dict[str, Any]) -> str:
    target = _text(environ, "REQUEST_URI") or _text(environ, "PATH_INFO")
    return f"{_text(environ, 'REQUEST_METHOD')} {target}"[:_MAX_LINE]


def _request_id(environ: dict[str, Any]) -> str:
    return _text(environ, "HTTP_X_REQUEST_ID")[:_MAX_LINE]


def _text(environ: dict[str, Any], key: str) -> str:
    value = environ.get(key)
    return value if type(value) is str else ""


_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:0}
main{max-width:70em;margin:0 auto;padding:1.5em 1em}
h1{margin:0;font-size:1.6em;color:light-dark(#b3261e,#ff897d)}
h2{font-size:1em;margin:2em 0 .5em;white-space:pre-wrap;overflow-wrap:anywhere}
.message{font-size:1.2em;margin:.1em 0 .6em;white-space:pre-wrap;overflow-wrap:anywhere}
.request,.note,.link{margin:.2em 0;color:light-dark(#555,#aaa);overflow-wrap:anywhere}
.frames{list-style:none;margin:1.2em 0 0;padding:0}
summary{margin-left:1.1em;padding:.25em 0;list-style-position:outside;cursor:pointer}
summary{overflow-wrap:anywhere}
.library summary{color:light-dark(#555,#aaa)}
code,pre{font:.875em/1.5 ui-monospace,monospace}
pre{margin:0 0 .5em;padding:.5em 0;overflow-x:auto;background:light-dark(#f4f4f6,#1c1c20)}
pre span{display:block;width:max-content;min-width:100%;box-sizing:border-box;padding:0 1em}
pre b{display:inline-block;min-width:3em;font-weight:normal;user-select:none}
pre b{color:light-dark(#666,#999)}
pre .here{background:light-dark(#ffe1dd,#5c1a16);font-weight:bold}
pre .here b{color:inherit}
.plain{padding:1em}
"""
