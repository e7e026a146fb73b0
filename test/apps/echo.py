"""Answers with what it saw of a request, as JSON; `count` tells how often the application was called."""

import hashlib
import itertools
import json

_calls = itertools.count(1)
_MAX_TEXT = 4096
_NOT_CGI = ("wsgi.", "rickhouse.")


def app(environ, start_response):
    count = next(_calls)
    body = environ["wsgi.input"].read()
    variables = {key: value for key, value in environ.items() if not key.startswith(_NOT_CGI)}
    seen = {
        "count": count,
        "method": environ["REQUEST_METHOD"],
        "path": environ["PATH_INFO"],
        "query": environ["QUERY_STRING"],
        "environ": variables,
        # PEP 3333 wants str itself, not a subclass, and only characters up to U+00FF.
        "is_native": all(_is_native(text) for item in variables.items() for text in item),
        "wsgi": {key: _shown(value) for key, value in environ.items() if key.startswith(_NOT_CGI)},
        "body": {
            "length": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
            "text": body[:_MAX_TEXT].decode("latin-1"),
            "after_end": environ["wsgi.input"].read(1).decode("latin-1"),
        },
    }
    answer = json.dumps(seen).encode("ascii")
    start_response(
        "200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))]
    )
    return [answer]


def _is_native(text):
    return type(text) is str and all(ord(character) < 256 for character in text)


def _shown(value):
    return value if type(value) in (str, bool) else repr(type(value))
