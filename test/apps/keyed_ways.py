"""Bodies of which no two ranges are alike, sent in each way that PEP 3333 has: the path says which."""

import hashlib
import tempfile
from urllib.parse import parse_qs


def app(environ, start_response):
    query = {key: values[0] for key, values in parse_qs(environ["QUERY_STRING"]).items()}
    body = hashlib.shake_256(query["seed"].encode()).digest(int(query["n"]))
    fields = [("Content-Length", str(len(body)))] if "length" in query else []
    write = start_response("200 OK", fields)
    size = int(query.get("piece", 100_000))
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    way = environ["PATH_INFO"]
    if way == "/list":
        return [body]
    if way == "/parts":
        return pieces
    if way == "/generator":
        return (piece for piece in pieces)
    if way == "/file":
        file = tempfile.TemporaryFile()
        file.write(body)
        file.seek(0)
        return environ["wsgi.file_wrapper"](file)
    for piece in pieces:
        write(piece)
    return []
