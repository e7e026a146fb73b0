"""A Flask application: text, form, file upload, streamed answer, cookie.

bin/rickhouse examples/flask_app:app
"""

import hashlib
import time

from flask import Flask, Response, render_template_string, request

app = Flask(__name__)

INDEX = """<!doctype html>
<html lang="en">
<title>Flask on Rickhouse</title>
<h1>A Flask application</h1>
<ul>
  <li><a href="{{ url_for('hello') }}">hello</a>: plain text
  <li><a href="{{ url_for('form') }}">form</a>: a form and its answer
  <li><a href="{{ url_for('upload') }}">upload</a>: a file upload
  <li><a href="{{ url_for('stream') }}">stream</a>: an answer line by line
  <li><a href="{{ url_for('cookie') }}">cookie</a>: counts your visits
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


@app.get("/")
def index():
    return render_template_string(INDEX)


@app.get("/hello")
def hello():
    return text("Hello world from Flask!\n")


@app.route("/form", methods=["GET", "POST"])
def form():
    if request.method != "POST":
        return FORM
    page = "<!doctype html>\n<title>Form</title>\n<p>Hello {{ name }}!\n"
    return render_template_string(page, name=request.form.get("name", "nobody"))


@app.route("/upload", methods=["GET", "POST"])
def upload():
    if request.method != "POST":
        return UPLOAD
    file = request.files.get("file")
    if file is None:
        return text("There was no file in the request.\n"), 400
    digest, size = hashlib.sha256(), 0
    while chunk := file.stream.read(65536):
        digest.update(chunk)
        size += len(chunk)
    return text(f"name: {file.filename}\nsize: {size} bytes\nsha256: {digest.hexdigest()}\n")


@app.get("/stream")
def stream():
    return text(count_lines())


def count_lines():
    """Each line is on its way to the client before the next is made."""
    for number in range(1, 6):
        yield f"line {number} of 5\n"
        time.sleep(0.2)


@app.get("/cookie")
def cookie():
    visits = request.cookies.get("visits", default=0, type=int) + 1
    response = text(f"visits: {visits}\n")
    path = request.script_root or "/"
    response.set_cookie("visits", str(visits), path=path, httponly=True, samesite="Lax")
    return response


def text(body):
    return Response(body, mimetype="text/plain")
