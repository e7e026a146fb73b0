"""Names of applications, right and wrong."""

import errno
import os
import shutil
import sys
import tempfile
import unittest
from unittest import mock

from rickhouse.loader import ApplicationName, LoadError, load

SOURCE = """
class Site:
    def app(self, environ, start_response):
        return ["site"]
    async def asgi(self, scope, receive, send): ...

class Asgi:
    async def __call__(self, scope, receive, send): ...

class AsgiTwo:
    def __init__(self, scope): ...
    async def __call__(self, receive, send): ...

class Uncalled:
    def __init__(self): ...
    def __call__(self, environ, start_response): ...

class Response:
    def __init__(self, environ, start_response): ...

site = Site()
asgi = Asgi()
number = 5

def create_app():
    return site.app

def create_nothing():
    return None

def create_error():
    raise RuntimeError("first\\nsecond")

def needs_argument(one):
    return one

class Holder:
    @property
    def broken(self):
        raise RuntimeError("in a property")

holder = Holder()
"""


class LoaderTest(unittest.TestCase):
    def setUp(self) -> None:
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)
        path, modules = list(sys.path), set(sys.modules)
        self.addCleanup(lambda: [sys.modules.pop(name) for name in set(sys.modules) - modules])
        self.addCleanup(lambda: sys.path.__setitem__(slice(None), path))
        self.write("myapp.py", SOURCE)

    def write(self, name: str, source: str) -> None:
        path = os.path.join(self.directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(source)

    def load(self, module: str, callable_name: str = "") -> object:
        return load(ApplicationName(self.directory, module, callable_name))

    def refuse(self, module: str, callable_name: str, error: str, hint: str) -> LoadError:
        with self.assertRaises(LoadError) as caught:
            self.load(module, callable_name)
        self.assertRegex(caught.exception.error, error)
        self.assertRegex(caught.exception.hint, hint)
        self.assertNotIn("\n", caught.exception.error + caught.exception.hint)
        return caught.exception


class Found(LoaderTest):
    def test_dotted_attribute(self) -> None:
        self.assertEqual(self.load("myapp", "site.app")(None, None), ["site"])  # type: ignore[operator]

    def test_call(self) -> None:
        self.assertEqual(self.load("myapp", "create_app()")(None, None), ["site"])  # type: ignore[operator]

    def test_call_with_literals(self) -> None:
        self.write("made.py", "def make(*a, **k):\n  return lambda e, s: (a, k)")
        for call, expected in (
            ("make('a)b', 1.5)", (("a)b", 1.5), {})),
            ("make(None, debug=True, tags=['x', {'y': 2}])", None),
            ("make( )", ((), {})),
        ):
            with self.subTest(call):
                result = self.load("made", call)(None, None)  # type: ignore[operator]
                keywords = {"debug": True, "tags": ["x", {"y": 2}]}
                self.assertEqual(result, expected or ((None,), keywords))

    def test_a_stand_in_for_an_application_that_is_not_there_yet(self) -> None:
        source = """
class StandIn:
    def __getattr__(self, name): raise RuntimeError(name)
    def __call__(self, environ, start_response): return ["there"]
app = StandIn()
"""
        self.write("later.py", source)
        self.assertEqual(self.load("later")(None, None), ["there"])  # type: ignore[operator]

    def test_default_names_in_their_order(self) -> None:
        self.write("both.py", "def app(e, s): ...\ndef application(e, s): ...")
        self.write("one.py", "def app(e, s): ...")
        self.assertEqual(self.load("both").__name__, "application")  # type: ignore[attr-defined]
        self.assertEqual(self.load("one").__name__, "app")  # type: ignore[attr-defined]

    def test_module_in_a_package(self) -> None:
        self.write("package/__init__.py", "")
        self.write("package/sub.py", "def app(e, s): ...")
        self.assertEqual(self.load("package.sub", "app").__module__, "package.sub")

    def test_the_directory_is_the_first_of_the_path(self) -> None:
        self.load("myapp", "site.app")
        self.assertEqual(sys.path[0], self.directory)

    def test_further_directories_come_behind_it(self) -> None:
        self.write("more/helper.py", "")
        self.write("needy.py", "import helper\ndef app(e, s): ...")
        more = os.path.join(self.directory, "more")
        load(ApplicationName(self.directory, "needy", "app", (more,)))
        self.assertEqual(sys.path[:2], [self.directory, more])


class NotFound(LoaderTest):
    def test_directory(self) -> None:
        self.directory, directory = "/nonexistent/x", self.directory
        self.refuse("myapp", "app", "directory /nonexistent/x does not exist", "path")
        self.directory = directory

    def test_module(self) -> None:
        self.refuse("myap", "site.app", "no module myap in", "^Did you mean myapp[?]$")
        self.refuse("zzz", "site.app", "no module zzz in", "path/to/module:callable")
        self.write("package/__init__.py", "")
        self.refuse("package.nothing", "app", "no module package.nothing", "Did you mean package")

    def test_a_directory_that_may_not_be_read(self) -> None:
        denied = PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        with mock.patch("os.listdir", side_effect=denied):
            self.refuse("myap", "app", "no module myap in", "cannot be read: Permission denied")
        with mock.patch("os.stat", side_effect=denied):
            self.refuse("myapp", "app", "cannot be reached: Permission denied", "Check the path")

    def test_a_module_one_directory_up_or_down(self) -> None:
        outer = self.directory
        self.addCleanup(setattr, self, "directory", outer)
        self.addCleanup(os.chdir, os.getcwd())
        self.write("site/pack/__init__.py", "")
        os.chdir(outer)
        self.refuse("pack.wsgi", "app", "no module pack", "^Did you mean site/pack.wsgi:app[?]$")
        self.directory = os.path.join(outer, "site/pack")
        os.chdir(self.directory)
        self.refuse("pack.wsgi", "", "no module pack", "^Did you mean [.][.]/pack.wsgi[?]$")

    def test_a_package_whose_module_wsgi_has_the_application(self) -> None:
        self.write("mysite/__init__.py", "")
        self.write("mysite/wsgi.py", "")
        self.refuse("mysite", "", "neither application nor app", "^Did you mean mysite.wsgi[?]$")

    def test_a_module_that_the_application_needs(self) -> None:
        self.write("needy.py", "import not_installed_at_all")
        error = self.refuse(
            "needy", "app", "needy needs the module not_installed_at_all", "--python"
        )
        self.assertIsInstance(error.__cause__, ModuleNotFoundError)

    def test_a_package_whose_own_directory_was_named(self) -> None:
        """Django's mysite/mysite/wsgi:application."""
        outer = self.directory
        self.write("mysite/__init__.py", "")
        self.write("mysite/settings.py", "")
        self.write("mysite/inner.py", "import mysite.settings\ndef application(e, s): ...")
        self.addCleanup(setattr, self, "directory", outer)
        self.directory = os.path.join(outer, "mysite")
        self.refuse(
            "inner",
            "application",
            "needs the module mysite",
            f"^Did you mean {outer}/mysite.inner:application[?]$",
        )
        before = os.getcwd()
        self.addCleanup(os.chdir, before)
        os.chdir(outer)
        self.refuse("inner", "", "mysite", "^Did you mean mysite.inner[?]$")
        os.chdir(os.path.dirname(outer))
        self.refuse("inner", "", "mysite", f"mean {os.path.basename(outer)}/mysite.inner[?]$")

    def test_a_module_that_an_environment_beside_has(self) -> None:
        for number, name in enumerate(
            (
                "venv/lib/python3.9/site-packages/one_module/__init__.py",
                "venv/lib/python3.9/site-packages/other_module.py",
            )
        ):
            self.write(name, "")
            module = ("one_module", "other_module")[number]
            self.write(f"needy{number}.py", f"import {module}.sub")
            self.refuse(
                f"needy{number}",
                "app",
                f"needs the module {module}",
                f"^{self.directory}/venv has it: write --python {self.directory}/venv/bin/python.$",
            )

    def test_no_literals(self) -> None:
        for call in (
            "create_app(os)",
            "create_app(*a)",
            "create_app(**{})",
            "create_app(,)",
            "create_app(1)(2)",
            "create_app(1)+(2)",
        ):
            with self.subTest(call):
                self.refuse("myapp", call, "is no call with literals", "debug=False")

    def test_attribute(self) -> None:
        self.refuse("myapp", "sitee.app", "myapp has no sitee", "^Did you mean myapp:site[?]$")
        self.refuse("myapp", "site.ap", "myapp.site has no ap", "^Did you mean myapp:site.app[?]$")
        self.refuse("myapp", "create_ap", "myapp has no create_ap", "myapp:create_app[(][)]")
        self.refuse("myapp", "", "neither application nor app", "myapp:create_app[(][)]")

    def test_not_callable(self) -> None:
        self.refuse(
            "myapp",
            "number",
            "myapp:number is not callable: it is of type int",
            "myapp:create_app[(][)]",
        )
        self.refuse("myapp", "create_nothing()", "NoneType", "must return the WSGI")

    def test_a_factory_without_its_call(self) -> None:
        cannot = "cannot be called with the two arguments of WSGI"
        self.refuse("myapp", "create_app", cannot, "^Did you mean myapp:create_app[(][)][?]$")
        self.refuse("myapp", "needs_argument", cannot, "myapp:needs_argument[(][.]{3}[)] with its")
        self.write("made.py", "def app(e): ...\ndef make():\n  return app")
        self.refuse("made", "make()", cannot, "must take environ and start_response")
        self.refuse("made", "", "the application of made " + cannot, "must take environ")
        for arguments in ("e, s", "*a", "e, *a", "e, s, x=1", "e=1, s=2", "e, s, **k"):
            with self.subTest(arguments):
                self.write("fits.py", f"def app({arguments}): ...")
                self.load("fits", "app")
                sys.modules.pop("fits")
                shutil.rmtree(os.path.join(self.directory, "__pycache__"), ignore_errors=True)

    def test_what_breaks_when_it_is_looked_at(self) -> None:
        self.write("lazy.py", "def __getattr__(name): raise RuntimeError(name)")
        error = self.refuse("lazy", "", "looking for lazy raised RuntimeError: app", "traceback")
        self.assertIsInstance(error.__cause__, RuntimeError)

    def test_asgi(self) -> None:
        self.refuse("myapp", "asgi", "ASGI", "WSGI")
        self.refuse("myapp", "site.asgi", "ASGI", "WSGI")
        self.refuse("myapp", "AsgiTwo", "ASGI", "WSGI")

    def test_a_class_whose_object_was_meant(self) -> None:
        self.refuse("myapp", "Uncalled", "cannot be called with", "myapp:Uncalled()")
        self.assertIs(self.load("myapp", "Response"), sys.modules["myapp"].Response)

    def test_no_name(self) -> None:
        for name in ("a b", ".a", "a.", "a()b", "1a", "a(", "(1)"):
            self.refuse("myapp", name, "no name of a callable", "myapp:app")


class Raised(LoaderTest):
    def test_by_the_import(self) -> None:
        for statement, error in (
            ("raise ValueError('first\\nsecond')", "importing bad raised ValueError: first$"),
            ("raise SystemExit(3)", "importing bad raised SystemExit: 3$"),
            ("raise KeyboardInterrupt", "importing bad raised KeyboardInterrupt$"),
            ("def", "importing bad raised SyntaxError"),
        ):
            with self.subTest(statement):
                self.write("bad.py", statement)
                self.assertIsNotNone(self.refuse("bad", "app", error, "traceback").__cause__)
                shutil.rmtree(os.path.join(self.directory, "__pycache__"), ignore_errors=True)

    def test_by_an_error_that_cannot_be_printed(self) -> None:
        source = "class Odd(Exception):\n  def __str__(self): raise ValueError\nraise Odd"
        self.write("odd.py", source)
        self.refuse("odd", "", "^importing odd raised Odd$", "Correct what the traceback")

    def test_for_want_of_a_variable(self) -> None:
        self.write("bare.py", "import os\nos.environ['DATABASE_URL']")
        self.refuse("bare", "", "KeyError: 'DATABASE_URL'", "write --env DATABASE_URL=VALUE")
        self.write("other.py", "{}['DATABASE_URL']")
        self.refuse("other", "", "KeyError: 'DATABASE_URL'", "Correct what")
        text = "You must either define the environment variable DJANGO_SETTINGS_MODULE or not."
        self.write("unset.py", f"raise RuntimeError({text!r})")
        self.refuse("unset", "", "or not", "--env DJANGO_SETTINGS_MODULE=mysite.settings")

    def test_by_the_factory(self) -> None:
        self.refuse(
            "myapp",
            "create_error()",
            "calling create_error[(][)] raised RuntimeError: first$",
            "as it is written",
        )
        self.refuse("myapp", "needs_argument()", "TypeError", "called as it is written")

    def test_by_a_property(self) -> None:
        self.refuse(
            "myapp", "holder.broken", "looking up holder.broken raised RuntimeError", "traceback"
        )


if __name__ == "__main__":
    unittest.main()
