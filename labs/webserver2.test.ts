// webserver2: one server, any application.

import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { ask } from "./support/client.ts";
import { isAlive, LabProcess, runLab, startServer } from "./support/lab-process.ts";
import { waitFor } from "./support/wait-for.ts";

const APPLICATIONS = {
  "typescript_app:app": "Hello world from a TypeScript app at /hello!\n",
  "wsgi_app:app": "Hello world from a WSGI app!\n",
  "flask_app:app": "Hello world from Flask!\n",
  "pyramid_app:app": "Hello world from Pyramid!\n",
  "djangoapp:app": "Hello world from Django!\n",
  "examples/hello:app": "Hello world!\n",
};

describe("webserver2", () => {
  for (const [application, body] of Object.entries(APPLICATIONS)) {
    it(`hosts ${application}`, async () => {
      await using server = await startServer("webserver2", { args: [application] });
      const [head = "", answered] = (await ask(server.port)).split("\r\n\r\n");
      assert.equal(answered, body);
      assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
      assert.match(head, /\r\nContent-Type: text\/plain/);
      assert.match(head, /\r\nServer: WSGIServer 0\.2$/);
      await server.printed(/< GET \/hello HTTP\/1\.1\n< Host: localhost\n> HTTP\/1\.1 200 OK\n/);
    });
  }

  it("hands over a form", async () => {
    await using server = await startServer("webserver2", { args: ["flask_app:app"] });
    const fields = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 8";
    const answer = await ask(server.port, `POST /form HTTP/1.1\r\n${fields}\r\n\r\nname=Ada`);
    assert.match(answer, /<p>Hello Ada!/);
  });

  it("answers a telnet without Host", async () => {
    await using server = await startServer("webserver2", { args: ["flask_app:app"] });
    assert.match(await ask(server.port, "GET /hello HTTP/1.1\r\n"), /Hello world from Flask!/);
  });

  it("finds applications of the checkout from any directory", async () => {
    const options = { args: ["typescript_app:app"], cwd: tmpdir() };
    await using server = await startServer("webserver2", options);
    assert.match(await ask(server.port), /TypeScript/);
  });

  it("takes its Python with it when it ends", async () => {
    await using server = await startServer("webserver2", { args: ["wsgi_app:app"] });
    const [python = 0] = server.children.running;
    assert.ok(python > 0);
    server.signal("SIGKILL");
    await waitFor(
      () => `the end of ${python}`,
      () => !isAlive(python),
    );
  });

  it("says what is missing in one line", async () => {
    assert.deepEqual(await runLab("webserver2", { args: ["nothing:app"] }), {
      code: 2,
      signal: null,
      output:
        "lab: webserver2: no module nothing.ts or nothing.py here or in labs, labs/apps, examples\n",
    });
    const { code, output } = await runLab("webserver2");
    assert.deepEqual([code, output], [2, "lab: webserver2: which application? module:app\n"]);
  });

  it("ends when the application cannot be imported", async () => {
    await using server = new LabProcess("webserver2", { args: ["flask_app:no_such_callable"] });
    assert.equal((await server.exited()).code, 2);
    assert.match(server.output, /AttributeError[^]*flask_app\.py cannot be imported/);
  });
});
