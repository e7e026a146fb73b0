"""The smallest Flask application: what is measured is the server beside what a framework costs."""

from flask import Flask

app = Flask(__name__)


@app.get("/hello")
def hello():
    return "Hello, World!\n", 200, {"Content-Type": "text/plain"}
