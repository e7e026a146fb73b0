import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultPython, namedPython, type PythonQuestion } from "./python.ts";
import { StartupError } from "./startup-error.ts";

/** A machine on which exactly these files are executable. */
function machine(files: readonly string[], more: Partial<PythonQuestion> = {}): PythonQuestion {
  return {
    workingDirectory: "/home/me",
    applicationDirectory: "/srv/site/app",
    virtualEnv: undefined,
    installedFor: undefined,
    searchPath: "/usr/local/bin:/usr/bin",
    isExecutable: (path) => files.includes(path),
    ...more,
  };
}

const ALL = [
  "/venv/bin/python",
  "/srv/site/app/.venv/bin/python",
  "/srv/site/.venv/bin/python",
  "/home/me/.venv/bin/python",
  "/usr/local/bin/python3",
  "/usr/bin/python3",
];

describe("defaultPython", () => {
  it("takes the interpreter that the server was installed for, whatever else is there", () => {
    const installed = machine(ALL, { installedFor: "/own/bin/python", virtualEnv: "/venv" });
    assert.equal(defaultPython(installed), "/own/bin/python");
    assert.equal(defaultPython(machine(ALL, { installedFor: "", virtualEnv: "/venv" })), ALL[0]);
  });

  it("takes the active virtual environment next", () => {
    assert.equal(defaultPython(machine(ALL, { virtualEnv: "/venv" })), "/venv/bin/python");
  });

  it("then .venv in the application's directory, beside it, in the working directory, then python3 in PATH", () => {
    for (const [index, expected] of ALL.slice(1).entries()) {
      assert.equal(defaultPython(machine(ALL.slice(index + 1))), expected);
    }
  });

  it("reads an empty VIRTUAL_ENV as none", () => {
    assert.equal(defaultPython(machine(ALL, { virtualEnv: "" })), "/srv/site/app/.venv/bin/python");
  });

  it("says that the active environment is broken instead of taking another Python", () => {
    assert.throws(
      () => defaultPython(machine(ALL, { virtualEnv: "/gone" })),
      new StartupError("bad-python", {
        source: "VIRTUAL_ENV",
        path: "/gone/bin/python",
        hint: "make the environment again, unset VIRTUAL_ENV, or name an interpreter with --python",
      }),
    );
  });

  it("says that there is no Python at all", () => {
    assert.throws(() => defaultPython(machine([])), new StartupError("no-python", {}));
    assert.throws(
      () => defaultPython(machine(ALL.slice(4), { searchPath: undefined })),
      new StartupError("no-python", {}),
    );
  });

  it("reads an empty entry of PATH as the working directory", () => {
    assert.equal(
      defaultPython(machine(["/home/me/python3"], { searchPath: "/usr/bin:" })),
      "/home/me/python3",
    );
  });
});

describe("namedPython", () => {
  it("takes a path from the working directory and leaves links alone", () => {
    assert.equal(
      namedPython("env/bin/python", "--python", machine(["/home/me/env/bin/python"])),
      "/home/me/env/bin/python",
    );
    assert.equal(namedPython("/opt/python", "--python", machine(["/opt/python"])), "/opt/python");
  });

  it("looks for a name in PATH only", () => {
    const files = ["/home/me/python3.12", "/usr/bin/python3.12"];
    assert.equal(namedPython("python3.12", "--python", machine(files)), "/usr/bin/python3.12");
  });

  it("refuses what is not executable", () => {
    const hint = "name an interpreter, for example .venv/bin/python";
    for (const path of ["python4", "./python", "/etc/passwd"]) {
      assert.throws(
        () => namedPython(path, "--python", machine(ALL)),
        new StartupError("bad-python", { source: "--python", path, hint }),
      );
    }
  });
});
