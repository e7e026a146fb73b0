"""An application as Flask's tutorial lays it out: a factory, a blueprint, a template, static files, an instance folder."""

import os

from flask import Flask

from . import blog


def create_app(test_config=None):
    app = Flask(__name__, instance_relative_config=True)
    app.config.from_mapping(SECRET_KEY="dev", TITLE="Flaskr")
    if test_config is not None:
        app.config.from_mapping(test_config)
    os.makedirs(app.instance_path, exist_ok=True)
    app.register_blueprint(blog.bp)
    return app
