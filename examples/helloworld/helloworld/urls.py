"""
URL configuration for helloworld project.

https://docs.djangoproject.com/en/5.2/topics/http/urls/
"""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.index, name="index"),
    path("hello", views.hello, name="hello"),
    path("form", views.form, name="form"),
    path("upload", views.upload, name="upload"),
    path("stream", views.stream, name="stream"),
    path("cookie", views.cookie, name="cookie"),
]
