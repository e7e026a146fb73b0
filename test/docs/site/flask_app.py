"""The application that pages call flask_app:app."""

from flask import Flask

app = Flask(__name__)


@app.route("/")
def root():
    return "flask"
