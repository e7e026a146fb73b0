"""Environs out of shape and values: each a dict of its own, however often its shape came before."""

import marshal
import unittest
from typing import Any

from rickhouse import wire
from rickhouse.shapes import Shapes
from support import environ_bytes
from test_channel import ChannelTest
from test_wire import read_vectors


class Environs(ChannelTest):
    def receive(self, environ: bytes) -> Any:
        self.front.send(wire.encode(wire.Request(self.number, 0, environ, b"body")))
        self.number += 1
        _, _, made, body = self.next()
        self.assertEqual(bytes(body), b"body")
        return made

    def setUp(self) -> None:
        super().setUp()
        self.number = 1

    def test_of_the_vectors_on_every_use_of_a_shape(self) -> None:
        for _ in range(3):
            for vector in read_vectors()["environs"]:
                with self.subTest(vector["name"]):
                    environ = self.receive(bytes.fromhex(vector["hex"]))
                    self.assertIs(type(environ), dict)
                    self.assertEqual(environ, vector["environ"])

    def test_what_an_application_does_to_one_is_not_in_the_next(self) -> None:
        data = environ_bytes({"SERVER_NAME": "a", "PATH_INFO": "/"})
        for _ in range(3):
            environ = self.receive(data)
            self.assertEqual(environ, {"SERVER_NAME": "a", "PATH_INFO": "/"})
            environ.clear()
            environ["SERVER_NAME"] = environ["mine"] = "changed"

    def test_shapes_that_differ_in_a_value_alone_are_two(self) -> None:
        for _ in range(2):
            for name in ("a", "b"):
                data = environ_bytes({"SERVER_NAME": name, "PATH_INFO": "/"})
                self.assertEqual(self.receive(data)["SERVER_NAME"], name)

    def test_more_shapes_than_are_remembered(self) -> None:
        for number in [*range(600), *range(600)]:
            environ = {f"HTTP_{number}": str(number), "PATH_INFO": "/"}
            self.assertEqual(self.receive(environ_bytes(environ)), environ)
        self.assertLessEqual(len(self.channel._known_shapes), 256)


class Learning(unittest.TestCase):
    def test_what_every_environ_has_wins_over_the_front(self) -> None:
        shapes = Shapes({"wsgi.run_once": False, "b": None})
        template, keys = shapes.learn(marshal.dumps({"wsgi.run_once": "x", "a": None}))
        self.assertEqual(template, {"wsgi.run_once": False, "a": None, "b": None})
        self.assertEqual(keys, ("a",))

    def test_long_ones_are_not_remembered(self) -> None:
        shapes = Shapes({})
        long = marshal.dumps({"x" * 4096: None})
        self.assertEqual(shapes.learn(long)[1], ("x" * 4096,))
        short = marshal.dumps({"x": None})
        self.assertIs(shapes.learn(short), shapes.known[short])
        self.assertEqual(list(shapes.known), [short])


if __name__ == "__main__":
    unittest.main()
