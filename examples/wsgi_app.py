"""A plain WSGI application (PEP 3333) of the standard library: text, form, file upload, streamed
answer, cookie.

    bin/rickhouse examples/wsgi_app:app
"""

import hashlib
import time
from email import message_from_bytes
from html import escape
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

INDEX = """<!doctype html>
<html lang="en">
<title>WSGI on Rickhouse</title>
<h1>A plain WSGI application</h1>
<ul>
  <li><a href="{root}/hello">hello</a>: plain text
  <li><a href="{root}/form">form</a>: a form and its answer
  <li><a href="{root}/upload">upload</a>: a file upload
  <li><a href="{root}/stream">stream</a>: an answer line by line
  <li><a href="{root}/cookie">cookie</a>: counts your visits
</ul>
"""

FORM = """<!doctype html>
<html lang="en">
<title>Form</title>
<form method="post">
  <label>Name <input name="name" required></label>
  <button>Send</button>
</form>
"""

UPLOAD = """<!doctype html>
<html lang="en">
<title>Upload</title>
<form method="post" enctype="multipart/form-data">
  <label>File <input type="file" name="file" required></label>
  <button>Send</button>
</form>
"""


def app(environ, start_response):
    """Choose the page by the path behind the one that we are mounted at (SCRIPT_NAME)."""
    page = PAGES.get(environ["PATH_INFO"])
    if page is None:
        return text(start_response, "There is no such page.\n", status="404 Not Found")
    if environ["REQUEST_METHOD"] in page.methods:
        return page(environ, start_response)
    allow = [("Allow", ", ".join(page.methods))]
    body = "This page knows other methods.\n"
    return text(start_response, body, status="405 Method Not Allowed", headers=allow)


def route(*methods):
    """Say which methods a page answers."""

    def mark(page):
        page.methods = methods
        return page

    return mark


@route("GET", "HEAD")
def index(environ, start_response):
    return html(start_response, INDEX.format(root=escape(environ["SCRIPT_NAME"])))


@route("GET", "HEAD")
def hello(environ, start_response):
    return text(start_response, "Hello world from a WSGI app!\n")


@route("GET", "HEAD", "POST")
def form(environ, start_response):
    if environ["REQUEST_METHOD"] != "POST":
        return html(start_response, FORM)
    fields = parse_qs(read_body(environ).decode("utf-8", "replace"))
    name = fields.get("name", ["nobody"])[0]
    return html(start_response, f"<!doctype html>\n<title>Form</title>\n<p>Hello {escape(name)}!\n")


@route("GET", "HEAD", "POST")
def upload(environ, start_response):
    if environ["REQUEST_METHOD"] != "POST":
        return html(start_response, UPLOAD)
    for filename, content in uploaded_files(environ):
        digest = hashlib.sha256(content).hexdigest()
        size = len(content)
        return text(start_response, f"name: {filename}\nsize: {size} bytes\nsha256: {digest}\n")
    return text(start_response, "There was no file in the request.\n", status="400 Bad Request")


@route("GET", "HEAD")
def stream(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return count_lines()


def count_lines():
    """Each line is on its way to the client before the next is made."""
    for number in range(1, 6):
        yield f"line {number} of 5\n".encode()
        time.sleep(0.2)


@route("GET", "HEAD")
def cookie(environ, start_response):
    visits = seen_visits(environ) + 1
    crumb = f"visits={visits}; Path={environ['SCRIPT_NAME'] or '/'}; HttpOnly; SameSite=Lax"
    return text(start_response, f"visits: {visits}\n", headers=[("Set-Cookie", crumb)])


def seen_visits(environ):
    try:
        return int(SimpleCookie(environ.get("HTTP_COOKIE", ""))["visits"].value)
    except (CookieError, KeyError, ValueError):
        return 0  # The first visit, or a cookie that is not ours.


def read_body(environ):
    return environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))


def uploaded_files(environ):
    """Name and content of each file in a multipart/form-data body (RFC 7578), held in memory."""
    content_type = environ.get("CONTENT_TYPE", "").encode("latin-1")
    boundary = message_from_bytes(b"Content-Type: " + content_type).get_param("boundary")
    if not boundary:
        return
    parts = (b"\r\n" + read_body(environ)).split(b"\r\n--" + boundary.encode("latin-1"))
    for part in parts[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        filename = message_from_bytes(head.lstrip()).get_filename()
        if filename:
            yield filename, content


def text(start_response, body, status="200 OK", headers=()):
    return answer(start_response, status, "text/plain", body, headers)


def html(start_response, body):
    return answer(start_response, "200 OK", "text/html", body, ())


def answer(start_response, status, media_type, body, headers):
    data = body.encode()
    fields = [("Content-Type", f"{media_type}; charset=utf-8"), ("Content-Length", str(len(data)))]
    start_response(status, [*fields, *headers])
    return [data]


PAGES = {
    "": index,
    "/": index,
    "/hello": hello,
    "/form": form,
    "/upload": upload,
    "/stream": stream,
    "/cookie": cookie,
}
