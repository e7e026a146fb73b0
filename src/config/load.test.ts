import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { loadConfig } from "./load.ts";
import type { OptionName } from "./options.ts";
import { StartupError } from "./startup-error.ts";

const directory = realpathSync(mkdtempSync(join(tmpdir(), "rickhouse-load-")));
after(() => rmSync(directory, { recursive: true }));

mkdirSync(join(directory, "bin"));
mkdirSync(join(directory, "site/python3"), { recursive: true });
const python = join(directory, "bin/python3");
writeFileSync(join(directory, "bin/real"), "#!/bin/sh\n");
chmodSync(join(directory, "bin/real"), 0o755);
symlinkSync("real", python);
writeFileSync(join(directory, "plain"), "");

const PATH = join(directory, "bin");
const rawOf = (name: OptionName, text: string) => new Map([[name, [text]]]);

describe("loadConfig", () => {
  it("reads the working directory, PATH and the limit of the launcher", () => {
    const { config, application, workingDirectory } = loadConfig(new Map(), "site/app:app", {
      PATH,
      RICKHOUSE_INTERNAL_NOFILE: "1024",
    });
    assert.equal(workingDirectory, process.cwd());
    assert.equal(application.directory, join(process.cwd(), "site"));
    assert.equal(config.softFileLimit, 1024);
    assert.ok(config.workers.min >= 1);
  });

  it("counts paths from --chdir", () => {
    const loaded = loadConfig(rawOf("chdir", join(directory, "site")), "app", { PATH });
    assert.equal(loaded.workingDirectory, join(directory, "site"));
    assert.equal(loaded.application.directory, join(directory, "site"));
    // Nothing beside it, so it comes from PATH, by the name of its link.
    assert.equal(loaded.config.python, python);
  });

  it("knows no limit where the launcher names none", () => {
    for (const limit of [undefined, "unlimited"]) {
      const { config } = loadConfig(new Map(), "app", { PATH, RICKHOUSE_INTERNAL_NOFILE: limit });
      assert.equal(config.softFileLimit, null);
    }
  });

  it("refuses a --chdir that is no directory", () => {
    for (const path of [join(directory, "none"), join(directory, "plain")]) {
      assert.throws(
        () => loadConfig(rawOf("chdir", path), "app", { PATH }),
        new StartupError("bad-directory", { path }),
      );
    }
  });

  it("takes no directory and no plain file for an interpreter", () => {
    for (const path of [
      join(directory, "site/python3"),
      join(directory, "plain"),
      join(directory, "none"),
    ]) {
      assert.throws(
        () => loadConfig(rawOf("python", path), "app", { PATH }),
        /is not an executable file/,
      );
    }
  });
});
