"""wsgiref.validate around an application that does everything finds nothing wrong."""

import io
import unittest
from typing import Any
from wsgiref.validate import validator

from recorded import Run


def everything(environ: Any, start_response: Any) -> Any:
    stream = environ["wsgi.input"]
    read = [stream.read(2), stream.readline(), *stream.readlines(), stream.read(5)]
    read += list(stream)
    environ["wsgi.errors"].write("")
    environ["wsgi.errors"].flush()
    write = start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    if environ["PATH_INFO"] == "/write":
        write(b"written ")
    if environ["PATH_INFO"] == "/file":
        return environ["wsgi.file_wrapper"](io.BytesIO(b"from a file"), 4)
    if environ["PATH_INFO"] == "/stream":
        return (piece for piece in (b"a", b"", b"b"))
    return [b"".join(read)]


class Validated(unittest.TestCase):
    def run_validated(self, path: str, method: str = "GET", body: bytes = b"") -> Run:
        run = Run(validator(everything), method, path, body=body, CONTENT_LENGTH=str(len(body)))
        self.assertEqual((run.logged, run.status, run.is_broken), ("", 200, False))
        return run

    def test_bodies_of_requests(self) -> None:
        for body in (b"", b"x", b"ab\ncd\nef"):
            self.assertEqual(self.run_validated("/", "POST", body).body, body)

    def test_write(self) -> None:
        self.assertEqual(self.run_validated("/write", "POST", b"more").body, b"written more")

    def test_streams_and_files(self) -> None:
        self.assertEqual(self.run_validated("/stream").body, b"ab")
        self.assertEqual(self.run_validated("/file").body, b"from a file")

    def test_head(self) -> None:
        def application(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
            return []

        run = Run(validator(application), "HEAD")
        self.assertEqual((run.logged, run.status, run.content_length), ("", 200, 5))


if __name__ == "__main__":
    unittest.main()
