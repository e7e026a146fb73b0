"""A small Flask application: what is measured is the server beside what a framework costs."""

from flask import Flask, jsonify, render_template_string

app = Flask(__name__)
TEMPLATE = "<!doctype html><title>{{ title }}</title><ul>{% for n in rows %}<li>{{ n }}</li>{% endfor %}</ul>"


@app.get("/hello")
def hello():
    return "Hello, World!\n", 200, {"Content-Type": "text/plain"}


@app.get("/json")
def json():
    return jsonify(message="Hello, World!", numbers=list(range(20)))


@app.get("/template")
def template():
    return render_template_string(TEMPLATE, title="Hello, World!", rows=range(20))
