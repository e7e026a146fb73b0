// The environs of test/vectors/wire.json as a real Python sees them: exact keys, values and types.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { readWireVectors, WIRE_VECTORS_URL } from "../support/wire-vectors.ts";

/** One process for all vectors. The answer is JSON: a string there is a `str` in Python, which it checks itself. */
const PROGRAM = `
import json, marshal, struct, sys
seen = []
for vector in json.load(open(sys.argv[1], encoding="utf-8"))["environs"]:
    data = bytes.fromhex(vector["hex"])
    values_end = 4 + struct.unpack_from("<I", data)[0]
    values = list(marshal.loads(data[4:values_end]))
    environ = marshal.loads(data[values_end:])
    for key, value in environ.items():
        if value is None:
            environ[key] = values.pop(0)
    assert not values, vector["name"]
    assert type(environ) is dict, vector["name"]
    for key, value in environ.items():
        assert type(key) is str and type(value) is str, (vector["name"], key)
        value.encode("latin-1")
    assert environ["REQUEST_URI"] is environ["RAW_URI"], vector["name"]
    seen.append(environ)
json.dump(seen, sys.stdout)
`;

describe("environs in Python", () => {
  const vectors = readWireVectors().environs;
  const python = spawnSync("python3", ["-c", PROGRAM, WIRE_VECTORS_URL.pathname], {
    encoding: "utf8",
    timeout: 20_000,
  });

  it("load", () => {
    assert.equal(python.error, undefined);
    assert.equal(python.status, 0, python.stderr);
  });

  const seen: unknown[] = python.status === 0 ? JSON.parse(python.stdout) : [];
  for (const [index, vector] of vectors.entries()) {
    it(`are as the vector says: ${vector.name}`, () => {
      assert.deepEqual(seen[index], vector.environ);
    });
  }
});
