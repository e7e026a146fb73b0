"""All examples in one application, each under a path of its own. `npm start` serves this one.

    bin/rickhouse examples/all:app
"""

from html import escape

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
    """Hand the request to the application whose prefix it has: the prefix moves from PATH_INFO to SCRIPT_NAME."""
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

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Rickhouse</title>
<link rel="icon" href="data:,">
<style>
  :root {
    --ground: light-dark(#faf7f2, #17130f);
    --card: light-dark(#ffffff, #221c16);
    --line: light-dark(#e4dbcd, #3a3027);
    --text: light-dark(#2b2118, #efe6da);
    --soft: light-dark(#6f6152, #b3a493);
    --oak: light-dark(#8a4b14, #e0a25e);
    color-scheme: light dark;
  }
  * { box-sizing: border-box; margin: 0; }
  body {
    background: var(--ground);
    color: var(--text);
    font: 17px/1.55 system-ui, sans-serif;
    margin: 0 auto;
    max-width: 52rem;
    padding: clamp(1.5rem, 6vw, 4.5rem) 1.25rem;
  }
  h1 { font: 600 clamp(2.2rem, 7vw, 3.4rem)/1.1 ui-serif, Georgia, serif; letter-spacing: -0.02em; }
  header p { color: var(--soft); margin: 0.75rem 0 2.5rem; max-width: 38rem; }
  ul { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr)); list-style: none; padding: 0; }
  li { background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; padding: 1.25rem 1.4rem; }
  h2 { font: 600 1.35rem/1.3 ui-serif, Georgia, serif; }
  li p { color: var(--soft); font-size: 0.95rem; }
  nav { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; margin-top: 0.75rem; }
  a { color: var(--oak); text-decoration-thickness: 1px; text-underline-offset: 0.2em; }
  a:focus-visible { border-radius: 2px; outline: 2px solid var(--oak); outline-offset: 3px; }
  footer { color: var(--soft); font-size: 0.9rem; margin-top: 2.5rem; }
</style>
</head>
<body>
<header>
<h1>Rickhouse</h1>
<p>A rickhouse is the warehouse in which whiskey barrels rest, and WSGI is pronounced <em>whiskey</em>. This page
and the four applications below run in the same Python workers, behind one queue.</p>
</header>
<main>
<ul>
{cards}</ul>
</main>
<footer>Each application answers with plain text, a form, a file upload, a streamed answer and a cookie.</footer>
</body>
</html>
"""
