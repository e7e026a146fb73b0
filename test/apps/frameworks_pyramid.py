"""Pyramid for test/conformance/frameworks.test.ts."""

import threading

import frameworks_support as support
import record
from pyramid.config import Configurator
from pyramid.events import NewRequest, NewResponse
from pyramid.httpexceptions import HTTPFound, HTTPNoContent, HTTPSeeOther
from pyramid.response import FileResponse, Response
from pyramid.session import SignedCookieSessionFactory
from pyramid.threadlocal import get_current_request
from pyramid.view import exception_view_config, view_config

_local = threading.local()


@view_config(route_name="hello", request_method="GET")
def hello(request):
    return Response("Hello\n", content_type="text/plain")


@view_config(route_name="item", renderer="json")
def item(request):
    return {"number": int(request.matchdict["number"]), "name": request.matchdict["name"]}


@view_config(route_name="path", renderer="json")
def path(request):
    return {"rest": "/".join(request.matchdict["rest"])}


@view_config(route_name="query", renderer="json")
def query(request):
    return request.GET.dict_of_lists()


@view_config(route_name="form", request_method="POST", renderer="json")
def form(request):
    return request.POST.dict_of_lists()


@view_config(route_name="upload", request_method="POST", renderer="json")
def upload(request):
    file = request.POST["file"]
    facts = support.facts_of_file(file.file)
    return {"filename": file.filename, "note": request.POST["note"], **facts}


@view_config(route_name="json", request_method="POST", renderer="json")
def json(request):
    return request.json_body


@view_config(route_name="body", renderer="json")
def body(request):
    return {"type": request.headers.get("Content-Type"), **support.facts(request.body)}


@view_config(route_name="body-stream", renderer="json")
def body_stream(request):
    return support.facts_of_file(request.body_file)


@view_config(route_name="cookies", renderer="json")
def cookies(request):
    return dict(request.cookies)


@view_config(route_name="set-cookies")
def set_cookies(request):
    response = Response("set\n")
    response.set_cookie("a", "1")
    response.set_cookie("b", "2 3", httponly=True, samesite="Lax")
    response.delete_cookie("c")
    return response


@view_config(route_name="session", renderer="json")
def visits(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return {"visits": request.session["visits"]}


@view_config(route_name="redirect")
def redirected(request):
    return HTTPFound(request.route_path("hello"))


@view_config(route_name="redirect-absolute")
def redirected_absolute(request):
    return HTTPSeeOther(request.route_url("hello"))


@view_config(route_name="stream")
def stream(request):
    def lines():
        yield f"{request.method} {request.GET['word']},".encode()
        record.wait_for_gate(request.matchdict["name"])
        yield b"more,"
        yield b"of the context"

    return Response(app_iter=lines(), content_type="text/plain")


@view_config(route_name="stream-raises")
def stream_raises(request):
    def lines():
        yield b"first"
        raise RuntimeError("on purpose, in a stream")

    return Response(app_iter=lines())


@view_config(route_name="file")
def file(request):
    response = FileResponse(support.PATH, request=request, content_type="application/octet-stream")
    response.conditional_response = True
    return response


@view_config(route_name="large")
def large(request):
    return Response(
        b"x" * int(request.matchdict["length"]), content_type="application/octet-stream"
    )


@view_config(route_name="raise")
def raising(request):
    raise RuntimeError("on purpose: a secret")


@view_config(route_name="handled")
def handled(request):
    raise LookupError("handled")


@exception_view_config(LookupError)
def on_lookup_error(error, request):
    return Response("by the handler", status=422)


@view_config(route_name="teapot")
def teapot(request):
    return Response("short and stout", status="418 I'm a little teapot")


@view_config(route_name="empty")
def empty(request):
    return HTTPNoContent()


@view_config(route_name="address", renderer="json")
def address(request):
    return {
        "url": request.url,
        "root": request.application_url + "/",
        "path": request.path_info,
        "script": request.script_name,
        "host": request.host,
        "scheme": request.scheme,
        "remote": request.remote_addr,
    }


def before(event):
    mark = event.request.GET.get("mark") if event.request.path_info == "/hooks" else None
    if mark:
        record.note(f"{mark}: before")


def after(event):
    mark = event.request.GET.get("mark") if event.request.path_info == "/hooks" else None
    if mark:
        record.note(f"{mark}: after")
        event.response.headers["X-After"] = "yes"


@view_config(route_name="hooks")
def hooks(request):
    mark = request.GET["mark"]
    record.note(f"{mark}: view")
    request.add_finished_callback(lambda request: record.note(f"{mark}: finished"))
    request.add_response_callback(lambda request, response: record.note(f"{mark}: callback"))

    class Closing(list):
        def close(self):
            record.note(f"{mark}: close")

    return Response(app_iter=Closing([b"hooked"]))


@view_config(route_name="meet", renderer="string")
def meet(request):
    _local.word = request.matchdict["word"]
    support.meet()
    return f"{_local.word} {get_current_request().matchdict['word']}"


_ROUTES = {
    "item": "/item/{number:\\d+}/{name}",
    "path": "/path/*rest",
    "stream": "/stream/{name}",
    "large": "/large/{length}",
    "meet": "/meet/{word}",
}
_PLAIN = (
    *("hello", "query", "form", "upload", "json", "body", "body-stream", "cookies"),
    *("set-cookies", "session", "redirect", "redirect-absolute", "stream-raises", "file"),
    *("raise", "handled", "teapot", "empty", "address", "hooks"),
)


def _make():
    with Configurator(session_factory=SignedCookieSessionFactory("for tests only")) as config:
        for name in _PLAIN:
            config.add_route(name, f"/{name}")
        for name, pattern in _ROUTES.items():
            config.add_route(name, pattern)
        config.add_static_view("static", "framework_static")
        config.add_subscriber(before, NewRequest)
        config.add_subscriber(after, NewResponse)
        config.scan(__name__)
        return config.make_wsgi_app()


app = support.mounted(_make())
