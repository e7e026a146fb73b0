"""Bodies of which no two ranges are alike: those of a seed, and whatever was uploaded, sent back."""

import hashlib
from urllib.parse import parse_qs


def app(environ, start_response):
    query = {key: values[0] for key, values in parse_qs(environ["QUERY_STRING"]).items()}
    if environ["REQUEST_METHOD"] == "POST":
        body = b"".join(iter(lambda: environ["wsgi.input"].read(50_000), b""))
    else:
        body = hashlib.shake_256(query["seed"].encode()).digest(int(query["n"]))
    fields = [("Content-Length", str(len(body)))] if "length" in query else []
    start_response("200 OK", fields)
    size = int(query.get("piece", 0))
    if size == 0:
        return [body]
    return (body[at : at + size] for at in range(0, len(body), size))
