import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ApplicationSpec, parseApplication } from "./application.ts";
import { StartupError } from "./startup-error.ts";

const TAKEN: readonly (readonly [string, ApplicationSpec])[] = [
  ["app", { directory: "/work", module: "app", callable: null }],
  ["app:wsgi", { directory: "/work", module: "app", callable: "wsgi" }],
  ["pkg.sub.mod:app", { directory: "/work", module: "pkg.sub.mod", callable: "app" }],
  ["examples/flask_app:app", { directory: "/work/examples", module: "flask_app", callable: "app" }],
  ["./app:app", { directory: "/work", module: "app", callable: "app" }],
  ["../other/app:app", { directory: "/other", module: "app", callable: "app" }],
  ["/srv/my site:2/app:app", { directory: "/srv/my site:2", module: "app", callable: "app" }],
  ["/app:app", { directory: "/", module: "app", callable: "app" }],
  ["app:factory.app", { directory: "/work", module: "app", callable: "factory.app" }],
  ["app:create_app()", { directory: "/work", module: "app", callable: "create_app()" }],
  ["app:factory.create()", { directory: "/work", module: "app", callable: "factory.create()" }],
  [
    `site/app:create_app("a/b:c", debug=True)`,
    { directory: "/work/site", module: "app", callable: `create_app("a/b:c", debug=True)` },
  ],
  ["my-app:app", { directory: "/work", module: "my-app", callable: "app" }],
  ["größe:größe", { directory: "/work", module: "größe", callable: "größe" }],
];

const REFUSED: readonly (readonly [string, string])[] = [
  ["", "names no module; write module:app"],
  [":app", "names no module; write module:app"],
  ["examples/", "names no module; write examples/module:app"],
  ["examples/:wsgi", "names no module; write examples/module:wsgi"],
  [".", "names no module; write ./module:app"],
  ["..", "names no module; write ../module:app"],
  ["flask_app.py", "a module is named without .py; did you mean flask_app?"],
  [
    "examples/flask_app.py:app",
    "a module is named without .py; did you mean examples/flask_app:app?",
  ],
  ["site/app/__init__.py", "a module is named without .py; did you mean site/app?"],
  [
    "production.ini",
    "an .ini file is no module; write a module with application = pyramid.paster.get_app(FILE), and name that",
  ],
  ["examples.:app", "an empty name between dots; did you mean examples:app?"],
  ["a..b", "an empty name between dots; did you mean a.b:app?"],
  ["my app:app", "a module name has no spaces; write [path/to/]module:callable"],
  ["x/app:", "no callable behind the colon; write x/app:app"],
  ["app:9lives", "9lives is no dotted name; write app:app or app:create_app()"],
  ["app:a b", "a b is no dotted name; write app:app or app:create_app()"],
  ["app:a..b", "a..b is no dotted name; write app:app or app:create_app()"],
  ["app:()", "() is no dotted name; write app:app or app:create_app()"],
  ["app:app:app", "app:app is no dotted name; write app:app or app:create_app()"],
  ["app:create()x", "create()x is no dotted name; write app:app or app:create_app()"],
];

describe("parseApplication", () => {
  for (const [text, spec] of TAKEN) {
    it(`reads ${text}`, () => assert.deepEqual(parseApplication(text, "/work"), spec));
  }

  for (const [text, message] of REFUSED) {
    it(`refuses ${JSON.stringify(text)} and names the right form`, () => {
      assert.throws(
        () => parseApplication(text, "/work"),
        (error) =>
          error instanceof StartupError &&
          error.code === "bad-application" &&
          error.message === `application ${text}: ${message}`,
      );
    });
  }
});
