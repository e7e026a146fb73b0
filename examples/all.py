"""All examples in one application, each under a path of its own. `npm start` serves this one.

bin/rickhouse examples/all:app
"""

from html import escape
from pathlib import Path

import djangoapp
import flask_app
import pyramid_app
import wsgi_app

MOUNTS = {
    "/wsgi": ("WSGI", "a plain callable, PEP 3333", wsgi_app.app),
    "/flask": ("Flask", "the small framework", flask_app.app),
    "/pyramid": ("Pyramid", "start small, grow big", pyramid_app.app),
    "/django": ("Django", "a project as startproject makes it", djangoapp.app),
}


def app(environ, start_response):
    """Hand the request on by its prefix, which moves from PATH_INFO to SCRIPT_NAME."""
    path = environ["PATH_INFO"]
    first, slash, rest = path[1:].partition("/")
    prefix = f"/{first}"
    if prefix in MOUNTS and slash:
        _, _, mounted = MOUNTS[prefix]
        inner = dict(environ)
        inner["SCRIPT_NAME"] = environ["SCRIPT_NAME"] + prefix
        inner["PATH_INFO"] = f"/{rest}"
        return mounted(inner, start_response)
    if prefix in MOUNTS:
        return redirect_to_slash(environ, start_response)
    if path in ("", "/"):
        return answer(start_response, "200 OK", "text/html", page(environ["SCRIPT_NAME"]))
    return answer(start_response, "404 Not Found", "text/plain", "There is no such page.\n")


def redirect_to_slash(environ, start_response):
    """Relative links of the mounted application count from `/flask/`, not from `/flask`."""
    prefix = environ["SCRIPT_NAME"] + environ["PATH_INFO"]
    query = f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else ""
    return answer(
        start_response,
        "308 Permanent Redirect",
        "text/plain",
        f"{prefix}/\n",
        [("Location", f"{prefix}/{query}")],
    )


def answer(start_response, status, media_type, body, headers=()):
    data = body.encode()
    fields = [("Content-Type", f"{media_type}; charset=utf-8"), ("Content-Length", str(len(data)))]
    start_response(status, [*fields, *headers])
    return [data]


def page(script_name):
    cards = "".join(card(escape(script_name + prefix), *about) for prefix, about in MOUNTS.items())
    return PAGE.replace("{cards}", cards)


def card(prefix, title, summary, _):
    links = "".join(f'<a href="{prefix}/{name}">{name}</a>' for name in PAGES)
    return f'<li><h2><a href="{prefix}/">{title}</a></h2><p>{summary}</p><nav>{links}</nav></li>\n'


PAGES = ("hello", "form", "upload", "stream", "cookie")

PAGE = (Path(__file__).parent / "all.html").read_text(encoding="utf-8")
