"""A Pyramid application: text, form, file upload, streamed answer, cookie.

bin/rickhouse examples/pyramid_app:app
"""

import hashlib
import time
from html import escape

from pyramid.config import Configurator
from pyramid.response import Response
from pyramid.view import view_config

INDEX = """<!doctype html>
<html lang="en">
<title>Pyramid on Rickhouse</title>
<h1>A Pyramid application</h1>
<ul>
  <li><a href="{hello}">hello</a>: plain text
  <li><a href="{form}">form</a>: a form and its answer
  <li><a href="{upload}">upload</a>: a file upload
  <li><a href="{stream}">stream</a>: an answer line by line
  <li><a href="{cookie}">cookie</a>: counts your visits
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

PAGES = ("hello", "form", "upload", "stream", "cookie")


@view_config(route_name="index", request_method="GET")
def index(request):
    links = {page: escape(request.route_path(page)) for page in PAGES}
    return Response(INDEX.format(**links))


@view_config(route_name="hello", request_method="GET")
def hello(request):
    return text("Hello world from Pyramid!\n")


@view_config(route_name="form", request_method="GET")
def form(request):
    return Response(FORM)


@view_config(route_name="form", request_method="POST")
def form_answer(request):
    name = escape(request.POST.get("name", "nobody"))
    return Response(f"<!doctype html>\n<title>Form</title>\n<p>Hello {name}!\n")


@view_config(route_name="upload", request_method="GET")
def upload(request):
    return Response(UPLOAD)


@view_config(route_name="upload", request_method="POST")
def upload_answer(request):
    field = request.POST.get("file")
    if not hasattr(field, "file"):
        return text("There was no file in the request.\n", status=400)
    digest, size = hashlib.sha256(), 0
    while chunk := field.file.read(65536):
        digest.update(chunk)
        size += len(chunk)
    return text(f"name: {field.filename}\nsize: {size} bytes\nsha256: {digest.hexdigest()}\n")


@view_config(route_name="stream", request_method="GET")
def stream(request):
    return Response(app_iter=count_lines(), content_type="text/plain", charset="utf-8")


def count_lines():
    """Each line is on its way to the client before the next is made."""
    for number in range(1, 6):
        yield f"line {number} of 5\n".encode()
        time.sleep(0.2)


@view_config(route_name="cookie", request_method="GET")
def cookie(request):
    visits = seen_visits(request) + 1
    response = text(f"visits: {visits}\n")
    path = request.script_name or "/"
    response.set_cookie("visits", str(visits), path=path, httponly=True, samesite="Lax")
    return response


def seen_visits(request):
    try:
        return int(request.cookies.get("visits", 0))
    except ValueError:
        return 0  # A cookie that is not ours.


def text(body, status=200):
    return Response(body, status=status, content_type="text/plain", charset="utf-8")


def make_app():
    with Configurator() as config:
        config.add_route("index", "/")
        for page in PAGES:
            config.add_route(page, f"/{page}")
        config.scan(__name__)
        return config.make_wsgi_app()


app = make_app()
