"""Frames as bytes and as values, by the vectors that the TypeScript side is tested with too."""

import json
import marshal
import os
import struct
import unittest
from typing import Any

from rickhouse import wire

VECTORS_FILE = os.path.join(os.path.dirname(__file__), "../../test/vectors/wire.json")
FLAGS = {
    "ANSWER": {
        **{"COMPLETE": 1, "END": 2, "LENGTH": 4, "DATE": 8, "SERVER": 16, "ID": 32},
        "MEMORY": 64,
    },
    "BODY": {"COMPLETE": 1, "MEMORY": 64},
    "END": {"BROKEN": 1},
    "REQUEST": {"FILE": 1, "HEAD": 2, "CHUNKED": 4, "MEMORY": 8, "SLOTS": 16},
    "GONE": {"STOP": 1},
}


def read_vectors() -> Any:
    with open(VECTORS_FILE, encoding="utf-8") as file:
        return json.load(file)


def text(vector: Any, name: str) -> bytes:
    return str(vector[name]).encode("latin-1")


def message_of(vector: Any) -> wire.Message:
    kind, number = vector["frame"], vector["number"]
    flags = sum(FLAGS[kind][name] for name in vector["flags"])
    if kind == "HELLO":
        token = bytes.fromhex(vector["token"])
        return wire.Hello(token, vector["version"], vector["thread"], vector["pid"])
    if kind == "ANSWER":
        facts = (vector["status"], vector["contentLength"], vector["runNs"])
        return wire.Answer(number, flags, *facts, text(vector, "head"), text(vector, "body"))
    if kind == "BODY":
        return wire.Body(number, flags, text(vector, "body"))
    if kind == "END":
        return wire.End(number, flags, vector["runNs"])
    if kind == "REQUEST":
        environ = bytes.fromhex(vector["environ"])
        return wire.Request(number, flags, environ, text(vector, "body"))
    return wire.Gone(number, flags)


def environ_from(data: bytes) -> dict[str, str]:
    """The slow twin of what inbox.py does with shapes.py."""
    values_end = 4 + struct.unpack_from("<I", data)[0]
    values = list(marshal.loads(data[4:values_end]))
    shape = marshal.loads(data[values_end:])
    environ = {key: values.pop(0) if value is None else value for key, value in shape.items()}
    assert not values, "values without keys"
    return environ


class Vectors(unittest.TestCase):
    def setUp(self) -> None:
        self.vectors = read_vectors()
        self.assertEqual(self.vectors["protocol"], wire.PROTOCOL_VERSION)
        self.ways = (
            ("toFront", "violationsToFront", wire.decode_from_worker),
            ("toWorker", "violationsToWorker", wire.decode_from_front),
        )

    def test_every_frame_is_encoded_to_its_bytes(self) -> None:
        for good, _, _ in self.ways:
            for vector in self.vectors[good]:
                with self.subTest(vector["name"]):
                    self.assertEqual(wire.encode(message_of(vector)).hex(), vector["hex"])

    def test_every_frame_is_decoded_from_its_bytes(self) -> None:
        for good, _, decode in self.ways:
            for vector in self.vectors[good]:
                with self.subTest(vector["name"]):
                    data = bytes.fromhex(vector["hex"])
                    self.assertEqual(decode(data + b"more"), (message_of(vector), len(data)))

    def test_no_frame_is_decoded_from_a_part_of_its_bytes(self) -> None:
        for good, _, decode in self.ways:
            for vector in self.vectors[good]:
                data = bytes.fromhex(vector["hex"])
                for length in {*range(min(len(data), 64)), len(data) - 1}:
                    with self.subTest(vector["name"], length=length):
                        self.assertIsNone(decode(data[:length]))

    def test_violations_are_refused(self) -> None:
        for _, bad, decode in self.ways:
            for vector in self.vectors[bad]:
                with self.subTest(vector["name"]), self.assertRaises(wire.WireError):
                    decode(bytes.fromhex(vector["hex"]))

    def test_environs_are_dicts_of_native_strings(self) -> None:
        for vector in self.vectors["environs"]:
            with self.subTest(vector["name"]):
                environ = environ_from(bytes.fromhex(vector["hex"]))
                self.assertEqual(environ, vector["environ"])
                self.assertEqual({type(value) for value in environ.values()}, {str})


if __name__ == "__main__":
    unittest.main()
