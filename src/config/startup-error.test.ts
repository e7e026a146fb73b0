import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { STARTUP_ERRORS, StartupError } from "./startup-error.ts";

describe("StartupError", () => {
  it("fills the texts of its code", () => {
    const error = new StartupError("missing-value", { option: "--workers", placeholder: "N" });
    assert.equal(error.code, "missing-value");
    assert.equal(error.title, "--workers needs a value");
    assert.equal(error.fix, "write --workers N");
    assert.equal(error.message, "--workers needs a value; write --workers N");
    assert.equal(error.exitCode, 2);
    assert.equal(error.name, "StartupError");
  });

  it("stays one line, whatever a value holds", () => {
    const error = new StartupError("unknown-option", {
      option: "--a\nb\u001b[31m\u0085",
      hint: "x",
    });
    assert.equal(error.message, "unknown option --a\\u000ab\\u001b[31m\\u0085; x");
  });

  it("does not read a value as a template", () => {
    const error = new StartupError("unknown-option", { option: "--{hint}$&", hint: "x" });
    assert.equal(error.title, "unknown option --{hint}$&");
  });

  it("keeps the cause", () => {
    const cause = new Error("EADDRINUSE");
    assert.equal(
      new StartupError("address-in-use", { address: "127.0.0.1:80" }, { cause }).cause,
      cause,
    );
  });

  it("says 2 for usage, 3 for the application, 4 for the address", () => {
    assert.equal(STARTUP_ERRORS["no-application"].exitCode, 2);
    assert.equal(STARTUP_ERRORS["application-not-imported"].exitCode, 3);
    assert.equal(STARTUP_ERRORS["address-in-use"].exitCode, 4);
  });
});
