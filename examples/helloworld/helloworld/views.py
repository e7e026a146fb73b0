"""The pages: text, form, file upload, streamed answer, cookie."""

import hashlib
import time

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe


@require_safe
def index(request):
    return render(request, "index.html")


@require_safe
def hello(request):
    return text("Hello world from Django!\n")


@require_http_methods(["GET", "HEAD", "POST"])
def form(request):
    return render(request, "form.html", {"name": request.POST.get("name")})


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request):
    if request.method != "POST":
        return render(request, "upload.html")
    file = request.FILES.get("file")
    if file is None:
        return text("There was no file in the request.\n", status=400)
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return text(f"name: {file.name}\nsize: {file.size} bytes\nsha256: {digest.hexdigest()}\n")


@require_safe
def stream(request):
    return StreamingHttpResponse(count_lines(), content_type="text/plain; charset=utf-8")


def count_lines():
    """Each line is on its way to the client before the next is made."""
    for number in range(1, 6):
        yield f"line {number} of 5\n"
        time.sleep(0.2)


@require_safe
def cookie(request):
    visits = seen_visits(request) + 1
    response = text(f"visits: {visits}\n")
    path = request.META["SCRIPT_NAME"] or "/"
    response.set_cookie("visits", visits, path=path, httponly=True, samesite="Lax")
    return response


def seen_visits(request):
    try:
        return int(request.COOKIES.get("visits", 0))
    except ValueError:
        return 0  # A cookie that is not ours.


def text(body, status=200):
    return HttpResponse(body, status=status, content_type="text/plain; charset=utf-8")
