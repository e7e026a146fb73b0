// The application's own figures through the real prometheus_client, in an environment of its own.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { setUpFigures } from "../../scripts/python-environment.ts";
import { ADMIN_ARGS, adminPort, ask } from "../support/admin.ts";
import { noted, openGate } from "../support/record.ts";
import { begin, get } from "../support/requests.ts";
import { startServer, waitFor, type ServerUnderTest } from "../support/server.ts";

function figure(text: string, series: string): number | undefined {
  const line = text.split("\n").find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

async function scrape(server: ServerUnderTest): Promise<string> {
  return (await ask(await adminPort(server), "/metrics")).body;
}

describe("the application's figures", () => {
  let python = "";
  before(() => {
    python = setUpFigures();
  });

  for (const preload of ["on", "off"]) {
    it(`are one, survive their workers, and are heard while all hang (--preload ${preload})`, async () => {
      await using server = await startServer("figures:app", {
        args: [...ADMIN_ARGS, "--workers", "2", "--preload", preload, "--python", python],
      });
      // Both workers: each is held, so that the other must take the next.
      using first = begin(server.port, "GET", "/wait/one?3");
      using second = begin(server.port, "GET", "/wait/two?9");
      await noted(server, "waits for one");
      await noted(server, "waits for two");
      const hanging = await scrape(server);
      assert.equal(figure(hanging, 'app_counted_total{path="/wait/one"}'), 1);
      assert.equal(figure(hanging, 'app_counted_total{path="/wait/two"}'), 1);
      assert.equal(figure(hanging, "app_live"), 2);
      assert.equal(figure(hanging, "app_most"), 9);
      assert.equal(figure(hanging, "app_sizes_bytes_count"), 2);
      // With preload it was counted once, before the fork; without, by each worker (and the zygote, if it ever imported).
      assert.equal(figure(hanging, "app_imports_total"), preload === "on" ? 1 : 2);
      for (const pid of server.workers) {
        assert.equal(figure(hanging, `app_each{pid="${pid}"}`), pid);
      }
      openGate(server, "one");
      openGate(server, "two");
      await first.response();
      await second.response();

      const old = server.workers;
      for (const pid of old) process.kill(pid, "SIGKILL");
      await waitFor("two others", () => {
        const now = server.workers;
        return now.length === 2 && now.every((pid) => !old.includes(pid));
      });
      const text = await waitFor("the figures of the dead alone", async () => {
        const now = await scrape(server);
        // With preload the zygote has one too, which nobody ever set.
        return (figure(now, "app_live") ?? 0) === 0 && now;
      });
      assert.equal(figure(text, 'app_counted_total{path="/wait/one"}'), 1);
      assert.equal(figure(text, "app_most"), 9);
      assert.match(text, /^# HELP app_counted_total Requests by "path"\.$/m);
      assert.match(text, /^# TYPE app_counted_total counter$/m);
      for (let count = 0; count < 5; count++) {
        assert.equal((await get(server.port, "/again")).status, 200);
      }
      const later = await scrape(server);
      assert.equal(figure(later, 'app_counted_total{path="/again"}'), 5);
      assert.equal(figure(later, 'app_times_seconds_bucket{le="0.1",path="/again"}') ?? 0, 0);
      assert.equal(figure(later, 'app_times_seconds_count{path="/again"}'), 5);
      assert.equal(figure(later, 'app_times_seconds_sum{path="/again"}'), 2.5);
      assert.equal(figure(later, "app_sizes_bytes_sum"), 70);
    });
  }

  it("are left alone with --metrics-bridge off", async () => {
    await using server = await startServer("figures:app", {
      args: [...ADMIN_ARGS, "--workers", "1", "--metrics-bridge", "off", "--python", python],
    });
    await get(server.port, "/x");
    assert.ok(!(await scrape(server)).includes("app_"));
  });
});
