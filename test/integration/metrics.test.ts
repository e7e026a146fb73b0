import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ADMIN_ARGS, adminPort, ask } from "../support/admin.ts";
import { runLoad } from "../support/load.ts";
import { isAlive } from "../support/processes.ts";
import { noted, openGate } from "../support/record.ts";
import { begin, get } from "../support/requests.ts";
import { rawRequest } from "../support/raw-client.ts";
import { ROOT, startServer, waitFor, type ServerUnderTest } from "../support/server.ts";

/** One number of a scrape, by the text before it; undefined when there is none. */
function figure(text: string, series: string): number | undefined {
  const line = text.split("\n").find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

/** Requests that were answered with 200. */
function total(text: string): number {
  return figure(text, 'rickhouse_requests_total{class="2xx",code="200"}') ?? 0;
}

describe("/metrics", () => {
  let server: ServerUnderTest;
  let port: number;
  const scrape = async (): Promise<string> => (await ask(port, "/metrics")).body;
  before(async () => {
    server = await startServer("gated:app", { args: [...ADMIN_ARGS, "--workers", "1"] });
    port = await adminPort(server);
  });
  after(() => server.stop());

  it("has all that docs/metrics.md has, and nothing else", async () => {
    await get(server.port, "/free");
    const { headers, body } = await ask(port, "/metrics");
    assert.equal(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    const sent = new Map<string, string>();
    for (const [, name = "", help = ""] of body.matchAll(/^# HELP (\S+) (.*)$/gm)) {
      const type = new RegExp(`^# TYPE ${name} (\\S+)$`, "m").exec(body)?.[1] ?? "";
      sent.set(name, `${type}: ${help}`);
    }
    const page = readFileSync(join(ROOT, "docs/metrics.md"), "utf8");
    const documented = new Map<string, string>();
    for (const [, name = "", type = "", help = ""] of page.matchAll(
      /^\| `(rickhouse_\S+)` \| (\w+) \| [^|]*\| (.*) \|$/gm,
    )) {
      documented.set(name, `${type}: ${help}`);
    }
    assert.deepEqual(documented, sent);
    assert.ok(documented.size > 30);
    // Every line is one of the three forms.
    for (const line of body.trimEnd().split("\n")) {
      assert.match(line, /^(?:# (?:HELP|TYPE) \S+ .+|[a-z_]+(?:\{.*\})? [-+.\deInfNa]+)$/);
    }
  });

  it("counts requests by what became of them", async () => {
    const earlier = await scrape();
    const ok = 'rickhouse_requests_total{class="2xx",code="200"}';
    await get(server.port, "/free");
    await rawRequest(server.port, "BROKEN\r\n\r\n");
    const text = await scrape();
    assert.equal(figure(text, ok), (figure(earlier, ok) ?? 0) + 1);
    assert.equal(figure(text, 'rickhouse_requests_total{class="4xx",code="400"}'), 1);
    for (const name of ["received_bytes_total", "sent_bytes_total"]) {
      const grown =
        (figure(text, `rickhouse_${name}`) ?? 0) - (figure(earlier, `rickhouse_${name}`) ?? 0);
      assert.ok(grown >= 40 && grown < 2000, `${name} grew by ${grown}`);
    }
    const count = "rickhouse_application_duration_seconds_count";
    assert.equal(figure(text, count), (figure(earlier, count) ?? 0) + 1);
    assert.equal(
      figure(text, 'rickhouse_queue_duration_seconds_bucket{le="+Inf"}'),
      figure(text, "rickhouse_queue_duration_seconds_count"),
    );
  });

  it("shows a queue while the worker hangs, and how long it waited afterwards", async () => {
    using running = begin(server.port, "GET", "/held");
    await noted(server, /^GET held in/);
    using waiting = begin(server.port, "GET", "/free");
    const text = await waitFor("the queue and its age", async () => {
      const now = await scrape();
      return (figure(now, "rickhouse_queue_oldest_seconds") ?? 0) > 0.01 && now;
    });
    assert.equal(figure(text, "rickhouse_queue_requests"), 1);
    assert.equal(figure(text, "rickhouse_worker_threads_busy"), 1);
    assert.equal(figure(text, 'rickhouse_connections{state="running"}'), 1);
    assert.equal(figure(text, 'rickhouse_connections{state="waiting"}'), 1);
    openGate(server, "held");
    await running.response();
    await waiting.response();
    const later = await scrape();
    assert.ok((figure(later, "rickhouse_queue_duration_seconds_sum") ?? 0) > 0.01);
    assert.equal(figure(later, "rickhouse_queue_requests"), 0);
  });

  it("is answered under full load, with the status, and counts every request once", async () => {
    const earlier = total(await scrape());
    let left = 3000;
    const progress = { isOver: false, seen: earlier };
    const load = runLoad({
      port: server.port,
      clients: 24,
      method: "GET",
      next: () => (left-- > 0 ? "/free" : undefined),
    }).finally(() => {
      progress.isOver = true;
    });
    await waitFor("the end of the load", async () => {
      const now = total(await scrape());
      assert.ok(now >= progress.seen, `a counter fell from ${progress.seen} to ${now}`);
      progress.seen = now;
      assert.equal((await ask(port, "/status")).status, 200);
      assert.equal((await ask(port, "/readyz")).status, 200);
      return progress.isOver;
    });
    const outcomes = await load;
    assert.equal(outcomes.filter(({ status }) => status === 200).length, 3000);
    assert.equal(total(await scrape()), earlier + 3000);
  });

  it("counts a worker that was killed", async () => {
    const [victim] = server.workers;
    assert.ok(victim !== undefined);
    process.kill(victim, "SIGKILL");
    const text = await waitFor("the death and the next worker", async () => {
      const now = await scrape();
      return figure(now, 'rickhouse_workers{state="ready"}') === 1 &&
        figure(now, "rickhouse_workers_started_total") === 2
        ? now
        : undefined;
    });
    assert.equal(figure(text, 'rickhouse_worker_deaths_total{cause="signal"}'), 1);
    assert.equal(figure(text, 'rickhouse_worker_deaths_total{cause="exit"}'), 0);
    assert.ok((figure(text, "rickhouse_workers_cpu_seconds_total") ?? 0) > 0);
  });

  it("keeps the processor time of workers whose zygote was killed", async () => {
    const args = [...ADMIN_ARGS, "--workers", "1"];
    await using burning = await startServer("spinning:app", { args });
    const admin = await adminPort(burning);
    const cpu = async (): Promise<number> => {
      const { body } = await ask(admin, "/metrics");
      return figure(body, "rickhouse_workers_cpu_seconds_total") ?? 0;
    };
    await get(burning.port, "/?ms=500");
    const [zygote = 0] = burning.zygotes;
    const [orphan = 0] = burning.workers;
    process.kill(zygote, "SIGKILL");
    await burning.logged("generation 2 serves");
    await waitFor("the end of the orphan", () => !isAlive(orphan));
    // Nobody has asked before: what is told now was not remembered from then.
    const seconds = await cpu();
    // 0.5 and its start, of which the kernel tells whole hundredths of each mode; its successor alone has far less.
    assert.ok(seconds >= 0.45, `${seconds}`);
  });

  it("has the times of requests that hang and of those that die with their worker", async () => {
    const args = [...ADMIN_ARGS, "--workers", "1", "--request-timeout", "1s"];
    await using hanging = await startServer("hanging:app", { args });
    const admin = await adminPort(hanging);
    const times = async (): Promise<(number | undefined)[]> => {
      const { body } = await ask(admin, "/metrics");
      return ["queue_duration_seconds_count", "application_duration_seconds_count"].map((name) =>
        figure(body, `rickhouse_${name}`),
      );
    };
    assert.equal((await get(hanging.port, "/sleep")).status, 504);
    await waitFor("the one that hung", async () => String(await times()) === "1,1");
    using dying = begin(hanging.port, "POST", "/wait/never");
    await noted(hanging, /^POST \/wait\/never in/);
    for (const worker of hanging.workers) process.kill(worker, "SIGKILL");
    assert.equal((await dying.response()).status, 502);
    assert.deepEqual(await times(), [2, 2]);
    const { body } = await ask(admin, "/metrics");
    const ran = figure(body, "rickhouse_application_duration_seconds_sum") ?? 0;
    assert.ok(ran >= 1 && ran < 60, `${ran}`);
  });

  it("counts probes of --health-path, but not as requests", async () => {
    const args = [...ADMIN_ARGS, "--workers", "1", "--health-path", "/healthz"];
    await using probed = await startServer("gated:app", { args });
    const admin = await adminPort(probed);
    for (let count = 0; count < 3; count++) {
      assert.equal((await get(probed.port, "/healthz")).status, 200);
    }
    await get(probed.port, "/free");
    const { body } = await ask(admin, "/metrics");
    assert.equal(figure(body, "rickhouse_health_probes_total"), 3);
    assert.equal(total(body), 1);
    assert.equal(figure(body, "rickhouse_request_duration_seconds_count"), 1);
  });

  it("leaves the application's figures alone where their directory is set, and says so", async () => {
    const variable = "PROMETHEUS_MULTIPROC_DIR";
    const text = `rickhouse: ${variable} is set: the application's own figures are left to the application`;
    for (const how of [
      { env: { [variable]: "/nonexistent" } },
      { args: ["--env", `${variable}=/nonexistent`] },
    ]) {
      const args = [...ADMIN_ARGS, "--workers", "1", ...(how.args ?? [])];
      await using alone = await startServer("plain:app", { env: how.env ?? {}, args });
      assert.equal(alone.stderr.split(text).length, 2, alone.stderr);
      assert.equal((await ask(await adminPort(alone), "/metrics")).status, 200);
    }
  });
});
