"""--debug: the page for an exception, in its three forms."""

import json
import os
import tempfile
import unittest
from typing import Any

from rickhouse import debug_page


def raised(make: Any) -> BaseException:
    try:
        make()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def fail() -> None:
    secret = "hidden <i>value</i>"
    raise ValueError(f"<u>{len(secret)}</u>")


def wrap() -> None:
    try:
        fail()
    except ValueError as error:
        raise KeyError("outer") from error


def recurse() -> None:
    recurse()


class Page(unittest.TestCase):
    def page(self, error: BaseException, accept: str = "", **environ: Any) -> tuple[str, str]:
        asked = {"REQUEST_METHOD": "GET", "REQUEST_URI": "/<x>", "HTTP_ACCEPT": accept, **environ}
        headers, body = debug_page.render(error, asked)
        self.assertEqual(dict(headers)["Content-Length"], str(len(body)))
        self.assertEqual(dict(headers)["Cache-Control"], "no-store")
        return dict(headers)["Content-Type"].partition(";")[0], body.decode()

    def test_is_text_for_who_does_not_say(self) -> None:
        for accept in ("", "*/*", "text/plain", "image/png", "text/html;q=0, */*"):
            kind, body = self.page(raised(fail), accept)
            self.assertEqual(kind, "text/plain", accept)
        self.assertTrue(body.startswith("GET /<x>\n\nTraceback"))
        self.assertTrue(body.endswith("ValueError: <u>19</u>\n"))

    def test_is_json_for_programs(self) -> None:
        for accept in ("application/json", "application/json, text/html;q=0.5", "a/b+json, */*"):
            kind, body = self.page(raised(fail), accept)
            self.assertEqual(kind, "application/json", accept)
        said = json.loads(body)
        self.assertEqual((said["error"], said["message"]), ("ValueError", "<u>19</u>"))
        self.assertIn("in fail", said["traceback"])

    def test_is_html_for_browsers_with_source_lines_and_all_escaped(self) -> None:
        accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
        kind, body = self.page(raised(fail), accept)
        self.assertEqual(kind, "text/html")
        self.assertIn("&lt;u&gt;19&lt;/u&gt;", body)
        self.assertIn("raise ValueError(f&quot;&lt;u&gt;", body)
        self.assertIn("GET /&lt;x&gt;", body)
        for forbidden in ("<u>", "<i>", "<x>", "<script", "<form", "<input", "<a "):
            self.assertNotIn(forbidden, body)

    def test_says_the_only_exception_once_and_has_no_line_between_lines(self) -> None:
        body = self.page(raised(fail), "text/html")[1]
        self.assertNotIn("<h2>ValueError", body)
        self.assertRegex(body, r"hidden &lt;i&gt;[^\n]*</span><span class=here>")

    def test_names_the_request_id_in_each_form(self) -> None:
        number = {"HTTP_X_REQUEST_ID": "7f0q<2m"}
        self.assertIn("Request ID: 7f0q&lt;2m<", self.page(raised(fail), "text/html", **number)[1])
        self.assertIn("\nRequest ID: 7f0q<2m\n", self.page(raised(fail), **number)[1])
        said = json.loads(self.page(raised(fail), "application/json", **number)[1])
        self.assertEqual(said["request_id"], "7f0q<2m")
        self.assertNotIn("Request ID", self.page(raised(fail), "text/html")[1])

    def test_shows_the_chain_the_oldest_first(self) -> None:
        body = self.page(raised(wrap), "text/html")[1]
        self.assertLess(body.index("<h2>ValueError"), body.index("direct cause"))
        self.assertLess(body.index("direct cause"), body.index("<h2>KeyError"))

    def test_stays_small_for_endless_recursion(self) -> None:
        body = self.page(raised(recurse), "text/html")[1]
        self.assertRegex(body, r"<li>\d+ more</li>")
        self.assertLess(len(body), 1_000_000)

    def test_shows_where_no_source_is(self) -> None:
        code = compile("1 / 0", "<made up>", "exec")
        body = self.page(raised(lambda: exec(code)), "text/html")[1]
        self.assertIn("(no source)", body)

    def test_never_raises(self) -> None:
        class Hostile(Exception):
            def __str__(self) -> str:
                raise RuntimeError("no")

        for accept in ("", "text/html", "application/json"):
            self.page(raised(lambda: (_ for _ in ()).throw(Hostile())), accept)

    def test_asks_nothing_of_a_strange_environ(self) -> None:
        self.assertEqual(self.page(raised(fail), accept=b"text/html")[0], "text/plain")  # type: ignore[arg-type]

    def test_knows_a_library_from_the_application(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            package = os.path.join(directory, "site-packages")
            os.mkdir(package)
            path = os.path.join(package, "library.py")
            with open(path, "w") as file:
                file.write("def call(back):\n    back()\n")
            names: dict[str, Any] = {}
            with open(path) as file:
                exec(compile(file.read(), path, "exec"), names)
            body = self.page(raised(lambda: names["call"](fail)), "text/html")[1]
        self.assertRegex(body, r"<details><summary><code title='[^<]*'>library\.py<")
        self.assertRegex(
            body, r"<details open><summary><code title='/[^<]*'>[^<]*test_debug_page\.py<"
        )


if __name__ == "__main__":
    unittest.main()
