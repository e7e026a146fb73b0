"""Flask for test/conformance/frameworks.test.ts."""

import logging

import frameworks_support as support
import record
from flask import (
    Flask,
    Response,
    after_this_request,
    g,
    jsonify,
    redirect,
    request,
    send_file,
    session,
    stream_with_context,
    url_for,
)

flask = Flask(__name__, static_folder="framework_static")
flask.secret_key = "for tests only"
app = support.mounted(flask)
logging.getLogger("werkzeug").setLevel(logging.ERROR)


@flask.route("/hello")
def hello():
    return Response("Hello\n", mimetype="text/plain")


@flask.route("/item/<int:number>/<name>")
def item(number, name):
    return jsonify(number=number, name=name)


@flask.route("/path/<path:rest>")
def path(rest):
    return jsonify(rest=rest)


@flask.route("/query")
def query():
    return jsonify({name: request.args.getlist(name) for name in request.args})


@flask.route("/form", methods=["POST"])
def form():
    return jsonify({name: request.form.getlist(name) for name in request.form})


@flask.route("/upload", methods=["POST"])
def upload():
    file = request.files["file"]
    facts = support.facts_of_file(file.stream)
    return jsonify(filename=file.filename, note=request.form["note"], **facts)


@flask.route("/json", methods=["POST"])
def json():
    return jsonify(request.get_json())


@flask.route("/body", methods=["POST", "PUT"])
def body():
    return jsonify(type=request.content_type, **support.facts(request.get_data()))


@flask.route("/body-stream", methods=["POST"])
def body_stream():
    return jsonify(support.facts_of_file(request.stream))


@flask.route("/cookies")
def cookies():
    return jsonify(dict(request.cookies))


@flask.route("/set-cookies")
def set_cookies():
    response = Response("set\n")
    response.set_cookie("a", "1")
    response.set_cookie("b", "2 3", httponly=True, samesite="Lax")
    response.delete_cookie("c")
    return response


@flask.route("/session")
def visits():
    session["visits"] = session.get("visits", 0) + 1
    return jsonify(visits=session["visits"])


@flask.route("/redirect")
def redirected():
    return redirect(url_for("hello"))


@flask.route("/redirect-absolute")
def redirected_absolute():
    return redirect(url_for("hello", _external=True), 303)


@flask.route("/slash/")
def slash():
    return "with a slash"


@flask.route("/stream/<name>")
def stream(name):
    def lines():
        yield f"{request.method} {request.args['word']},"
        record.wait_for_gate(name)
        yield "more,"
        yield g.word

    g.word = "of the context"
    return Response(stream_with_context(lines()), mimetype="text/plain")


@flask.route("/stream-raises")
def stream_raises():
    def lines():
        yield "first"
        raise RuntimeError("on purpose, in a stream")

    return Response(lines())


@flask.route("/file")
def file():
    return send_file(support.PATH, download_name="d\xe4ta.bin", conditional=True)


@flask.route("/large/<int:length>")
def large(length):
    return Response(b"x" * length, mimetype="application/octet-stream")


@flask.route("/raise")
def raising():
    raise RuntimeError("on purpose: a secret")


@flask.route("/handled")
def handled():
    raise LookupError("handled")


@flask.errorhandler(LookupError)
def on_lookup_error(error):
    return "by the handler", 422


@flask.route("/teapot")
def teapot():
    return "short and stout", "418 I'm a little teapot"


@flask.route("/empty")
def empty():
    return "", 204


@flask.route("/address")
def address():
    return jsonify(
        url=request.url,
        root=request.url_root,
        path=request.path,
        script=request.script_root,
        host=request.host,
        scheme=request.scheme,
        remote=request.remote_addr,
    )


@flask.before_request
def before():
    g.mark = request.args.get("mark")
    if g.mark:
        record.note(f"{g.mark}: before")


@flask.after_request
def after(response):
    if g.get("mark"):
        record.note(f"{g.mark}: after")
        response.headers["X-After"] = "yes"
    return response


@flask.teardown_request
def teardown(error):
    if g.get("mark"):
        record.note(f"{g.mark}: teardown {type(error).__name__}")


@flask.route("/hooks")
def hooks():
    mark = g.mark
    record.note(f"{mark}: view")

    @after_this_request
    def once(response):
        record.note(f"{mark}: after this")
        return response

    response = Response("hooked")
    response.call_on_close(lambda: record.note(f"{mark}: close"))
    return response


@flask.route("/hooks-raise")
def hooks_raise():
    raise RuntimeError("on purpose, between hooks")


@flask.route("/meet/<word>")
def meet(word):
    g.word = word
    support.meet()
    return f"{g.word} {request.view_args['word']}"
