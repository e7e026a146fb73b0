import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ADMIN_ARGS, adminPort, ask } from "../support/admin.ts";
import { noted, openGate } from "../support/record.ts";
import { begin, get } from "../support/requests.ts";
import { startServer, waitFor } from "../support/server.ts";

describe("--threads 4", () => {
  it("runs 4 requests of one worker at the same time, and tells the application", async () => {
    const args = ["--workers", "1", "--threads", "4"];
    await using server = await startServer("meeting:app", { args });
    const answers = await Promise.all([1, 2, 3, 4].map(() => get(server.port, "/")));
    assert.deepEqual(
      answers.map((answer) => answer.body.toString()),
      Array.from({ length: 4 }, () => "True False"),
    );
  });

  it("prefers an idle worker to a second thread of a busy one", async () => {
    const args = ["--workers", "2", "--threads", "4", ...ADMIN_ARGS];
    await using server = await startServer("gated:app", { args });
    const port = await adminPort(server);
    // The banner is out with the first of them.
    await waitFor("both workers", async () =>
      (await ask(port, "/metrics")).body.includes('rickhouse_workers{state="ready"} 2\n'),
    );
    using first = begin(server.port, "GET", "/one");
    const one = await noted(server, /^GET one in/);
    using second = begin(server.port, "GET", "/two");
    const two = await noted(server, /^GET two in/);
    assert.notEqual(one.split(" ").at(-1), two.split(" ").at(-1));
    openGate(server, "one");
    openGate(server, "two");
    assert.equal((await first.response()).status, 200);
    assert.equal((await second.response()).status, 200);
  });
});
