import os
import sqlite3

from flask import Blueprint, current_app, g, render_template

bp = Blueprint("blog", __name__)


def get_db():
    if "db" not in g:
        g.db = sqlite3.connect(os.path.join(current_app.instance_path, "flaskr.sqlite"))
        g.db.execute("CREATE TABLE IF NOT EXISTS visit (at TEXT)")
    return g.db


@bp.teardown_app_request
def close_db(error=None):
    db = g.pop("db", None)
    if db is not None:
        db.close()


@bp.route("/")
def index():
    db = get_db()
    db.execute("INSERT INTO visit VALUES (datetime('now'))")
    db.commit()
    (visits,) = db.execute("SELECT count(*) FROM visit").fetchone()
    return render_template("index.html", visits=visits)
