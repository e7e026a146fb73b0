"""A small shop that is busy as real applications are: quick pages, slower ones, some that fail, one that hangs and one that dies."""

import ctypes
import random
import time


def look_up(seconds):
    time.sleep(seconds)


def list_products():
    look_up(random.lognormvariate(-5.2, 0.6))


def search():
    look_up(random.lognormvariate(-3.5, 0.7))


def monthly_report():
    for _month in range(12):
        collect_orders()


def collect_orders():
    look_up(5)


def export():
    ctypes.string_at(0)


PAGES = {"/products": list_products, "/search": search, "/reports/monthly": monthly_report, "/export": export}


def app(environ, start_response):
    path = environ["PATH_INFO"]
    page = PAGES.get(path) or PAGES.get(path.rpartition("/")[0])
    status = "200 OK"
    if path == "/cart":
        status = "500 Internal Server Error"
    elif page is None:
        status = "404 Not Found"
    else:
        page()
    body = f"{status}\n".encode()
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
