"""Django for test/conformance/frameworks.test.ts: a project in one module."""

import json as json_module

import django
import frameworks_support as support
import record
from asgiref.local import Local
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import path as route
from django.urls import re_path, reverse
from django.views.decorators.http import condition, require_GET, require_POST, require_safe

_local = Local()


class Hooks:
    """A middleware: what Django has in place of hooks."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        mark = request.GET.get("mark")
        if not mark:
            return self.get_response(request)
        record.note(f"{mark}: before")
        response = self.get_response(request)
        record.note(f"{mark}: after")
        response["X-After"] = "yes"
        return response

    def process_exception(self, request, error):
        if isinstance(error, LookupError) and error.args == ("handled",):
            return HttpResponse("by the handler", status=422)
        return None


settings.configure(
    SECRET_KEY="for tests only",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        f"{__name__}.Hooks",
    ],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    # Larger than any body of the tests: a limit of Django's own is not what they are about.
    DATA_UPLOAD_MAX_MEMORY_SIZE=1 << 26,
    LOGGING={
        "version": 1,
        "handlers": {"console": {"class": "logging.StreamHandler"}},
        "loggers": {"django.request": {"handlers": ["console"], "level": "ERROR"}},
    },
)
django.setup(set_prefix=False)


@require_safe
def hello(request):
    return HttpResponse("Hello\n", content_type="text/plain")


def item(request, number, name):
    return JsonResponse({"number": number, "name": name})


def path(request, rest):
    return JsonResponse({"rest": rest})


def query(request):
    return JsonResponse(dict(request.GET.lists()))


@require_POST
def form(request):
    return JsonResponse(dict(request.POST.lists()))


@require_POST
def upload(request):
    file = request.FILES["file"]
    facts = support.facts_of_file(file)
    return JsonResponse({"filename": file.name, "note": request.POST["note"], **facts})


def json(request):
    return JsonResponse(json_module.loads(request.body))


def body(request):
    return JsonResponse(
        {"type": request.headers.get("Content-Type"), **support.facts(request.body)}
    )


def body_stream(request):
    return JsonResponse(support.facts_of_file(request))


def cookies(request):
    return JsonResponse(request.COOKIES)


def set_cookies(request):
    response = HttpResponse("set\n")
    response.set_cookie("a", "1")
    response.set_cookie("b", "2 3", httponly=True, samesite="Lax")
    response.delete_cookie("c")
    return response


def visits(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return JsonResponse({"visits": request.session["visits"]})


def redirected(request):
    return redirect("hello")


def redirected_absolute(request):
    response = redirect(request.build_absolute_uri(reverse("hello")))
    response.status_code = 303
    return response


@require_GET
def slash(request):
    return HttpResponse("with a slash")


def stream(request, name):
    def lines():
        yield f"{request.method} {request.GET['word']},"
        record.wait_for_gate(name)
        yield "more,"
        yield b"of the context"

    return StreamingHttpResponse(lines(), content_type="text/plain")


def stream_raises(request):
    def lines():
        yield "first"
        raise RuntimeError("on purpose, in a stream")

    return StreamingHttpResponse(lines())


@condition(etag_func=lambda request: '"data"')
def file(request):
    return FileResponse(open(support.PATH, "rb"), filename="d\xe4ta.bin")


def large(request, length):
    return HttpResponse(b"x" * length, content_type="application/octet-stream")


def raising(request):
    raise RuntimeError("on purpose: a secret")


def handled(request):
    raise LookupError("handled")


def teapot(request):
    return HttpResponse("short and stout", status=418, reason="I'm a little teapot")


def empty(request):
    return HttpResponse(status=204)


def address(request):
    return JsonResponse(
        {
            "url": request.build_absolute_uri(),
            "root": request.build_absolute_uri(request.META["SCRIPT_NAME"] + "/"),
            "path": request.path_info,
            "script": request.META["SCRIPT_NAME"],
            "host": request.get_host(),
            "scheme": request.scheme,
            "remote": request.META["REMOTE_ADDR"],
        }
    )


class _Closing(HttpResponse):
    mark = ""

    def close(self):
        record.note(f"{self.mark}: close")
        super().close()


def hooks(request):
    response = _Closing("hooked")
    response.mark = request.GET["mark"]
    record.note(f"{response.mark}: view")
    return response


def meet(request, word):
    _local.word = word
    support.meet()
    return HttpResponse(f"{_local.word} {request.resolver_match.kwargs['word']}")


urlpatterns = [
    route("hello", hello, name="hello"),
    route("item/<int:number>/<str:name>", item),
    route("path/<path:rest>", path),
    route("query", query),
    route("form", form),
    route("upload", upload),
    route("json", json),
    route("body", body),
    route("body-stream", body_stream),
    route("cookies", cookies),
    route("set-cookies", set_cookies),
    route("session", visits),
    route("redirect", redirected),
    route("redirect-absolute", redirected_absolute),
    route("slash/", slash),
    route("stream/<str:name>", stream),
    route("stream-raises", stream_raises),
    route("file", file),
    re_path(r"^large/(?P<length>[0-9]+)$", lambda request, length: large(request, int(length))),
    route("raise", raising),
    route("handled", handled),
    route("teapot", teapot),
    route("empty", empty),
    route("address", address),
    route("hooks", hooks),
    route("meet/<str:word>", meet),
]

app = support.mounted(WSGIHandler())
