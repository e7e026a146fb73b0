// The live page in a real browser: what it shows of a server that works, what its buttons do, and what it refuses.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Browser } from "playwright-core";
import type { StatusDocument } from "../../src/io/admin/documents.ts";
import { ADMIN_ARGS, adminPort, ask, askJson } from "../support/admin.ts";
import { launchBrowser, noBrowser } from "../support/browser.ts";
import { LOW_CONTRAST, LOW_CONTRAST_DRAWN } from "../support/contrast.ts";
import { alterSnapshots, hidePage, type Look, openLivePage } from "../support/live-page.ts";
import { runLoad } from "../support/load.ts";
import { noted, openGate } from "../support/record.ts";
import { begin } from "../support/requests.ts";
import { freePort } from "../support/free-ports.ts";
import { startServer, waitFor, type ServerUnderTest } from "../support/server.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";

describe("the files of the live page", () => {
  let server: ServerUnderTest;
  let port: number;
  before(async () => {
    server = await startServer("gated:app", { args: [...ADMIN_ARGS, "--workers", "1"] });
    port = await adminPort(server);
  });
  after(() => server.stop());

  it("come with a policy that lets nothing in from elsewhere", async () => {
    const page = await ask(port, "/");
    assert.equal(page.status, 200);
    assert.equal(page.headers["content-type"], "text/html; charset=utf-8");
    const policy = String(page.headers["content-security-policy"]);
    for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"])
      assert.ok(policy.includes(part), policy);
    assert.ok(!policy.includes("unsafe"), policy);
    assert.equal(page.headers["x-frame-options"], "DENY");
    assert.equal(page.headers["cache-control"], "no-store");
    assert.doesNotMatch(page.body, /https?:|<script>|style=| on\w+=/);
  });

  it("are those alone, and JavaScript where the sources are TypeScript", async () => {
    const script = await ask(port, "/page/main.ts");
    assert.equal(script.headers["content-type"], "text/javascript; charset=utf-8");
    assert.doesNotMatch(script.body, /import type/);
    for (const path of [
      "/page/",
      "/page/tsconfig.json",
      "/page/../server.ts",
      "/page/figures.test.ts",
    ])
      assert.equal((await ask(port, path)).status, 404, path);
  });

  it("are not given to pages of other sites, nor under another name", async () => {
    const foreign = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" };
    assert.equal((await ask(port, "/page/main.ts", { headers: foreign })).status, 403);
    assert.equal((await ask(port, "/", { headers: { host: "evil.example" } })).status, 403);
  });
});

describe("the live page", { skip: noBrowser }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  const open = (server: ServerUnderTest, look?: Look) => openLivePage(browser, server, look);

  it("shows what a worker hangs in, with its stack on demand", async () => {
    const args = [...ADMIN_ARGS, "--workers", "2", "--request-timeout", "120s"];
    await using server = await startServer("gated:app", { args });
    using hanging = begin(server.port, "GET", "/hanging?secret=1");
    await noted(server, /^GET hanging in/);
    const { page, complaints } = await open(server);
    const lane = page.locator(".lane", { hasText: "/hanging" });
    await lane.waitFor();
    const slow = page.locator("#slow li", { hasText: "/hanging" });
    await slow.waitFor();
    assert.match(await slow.innerText(), /\d s/);
    assert.equal(await page.locator(".frames").count(), 0, "a stack that nobody asked for");
    await slow.getByRole("button", { name: /^Stack of worker \d+$/ }).click();
    await slow.locator(".frames").getByText("wait_for_gate").waitFor();
    assert.ok(!(await page.content()).includes("secret"), "the query is shown");
    openGate(server, "hanging");
    assert.equal((await hanging.response()).status, 200);
    await slow.getByText(/over at/).waitFor();
    await page.locator(".lane .request").waitFor({ state: "detached" });
    // The stack stays for who reads it.
    assert.ok(await slow.locator(".frames").isVisible());
    assert.deepEqual(complaints, []);
  });

  it("reloads, scales and fetches all stacks by its buttons, with the keyboard alone", async () => {
    await using server = await startServer("gated:app", {
      args: [...ADMIN_ARGS, "--workers", "1:3"],
    });
    const { page, complaints } = await open(server);
    const press = async (name: string): Promise<void> => {
      await page.getByRole("button", { name, exact: true }).focus();
      await page.keyboard.press("Enter");
    };
    await press("One worker more");
    await page.locator("#outcome").getByText("At least 2 workers").waitFor();
    await waitFor("the second worker", () => server.workers.length === 2);
    await page.locator("#least").getByText("2", { exact: true }).waitFor();
    await press("One worker fewer");
    await page.locator("#outcome").getByText("At least 1 worker from").waitFor();
    await waitFor("its end", () => server.workers.length === 1);
    // Before the page has heard of the first.
    await press("One worker more");
    await page.locator("#outcome").getByText("At least 2 workers").waitFor();
    await press("One worker more");
    await page.locator("#outcome").getByText("At least 3 workers").waitFor();
    await press("One worker fewer");
    await page.locator("#outcome").getByText("At least 2 workers").waitFor();
    await press("One worker fewer");
    await page.locator("#outcome").getByText("At least 1 worker from").waitFor();
    await press("Reload");
    await page.locator("#outcome").getByText("generation 2 serves").waitFor();
    await page.locator("#incidents").getByText("Generation 2 serves").waitFor();
    await press("Stacks of all");
    await page.locator(".stack-row .frames").first().waitFor();
    assert.deepEqual(complaints, []);
  });

  it("keeps text of clients text", async () => {
    const args = [...ADMIN_ARGS, "--workers", "1", "--request-timeout", "120s"];
    await using server = await startServer("gated:app", { args });
    const target = "/<img/src=x/onerror=document.title='pwned'>&lt;b&gt;";
    using hanging = begin(server.port, "POST", target);
    await noted(server, /onerror/);
    const { page, complaints } = await open(server);
    await page.locator(".lane .path", { hasText: target }).waitFor();
    await page.locator("#slow .path", { hasText: target }).waitFor();
    assert.equal(await page.locator("img").count(), 0);
    assert.notEqual(await page.title(), "pwned");
    assert.deepEqual(complaints, []);
    process.kill(server.workers[0] ?? 0, "SIGKILL");
    await page.locator("#incidents").getByText("onerror").waitFor();
    assert.equal((await hanging.response()).status, 502);
    assert.equal(await page.locator("img").count(), 0);
  });

  it("counts what comes, for each that listens, and draws it", async () => {
    await using server = await startServer("gated:app", {
      args: [...ADMIN_ARGS, "--workers", "2"],
    });
    const { page, complaints } = await open(server);
    let isOver = false;
    const load = runLoad({
      port: server.port,
      clients: 4,
      method: "GET",
      pauseMs: 20,
      next: () => (isOver ? undefined : "/free"),
    });
    try {
      const number = (id: string, name: string) =>
        page.locator(`#${id} div`, { hasText: name }).locator("dd");
      await waitFor("a rate", async () => Number(await number("rate", "all").innerText()) > 0);
      await waitFor("a median", async () =>
        /\d ms$/.test(await number("application-time", "p50").innerText()),
      );
      assert.match((await page.locator("#rate-chart .area.main").getAttribute("d")) ?? "", /V.*H/);
      await waitFor("a drawn lane", async () => {
        const [served = ""] = await page.locator(".lane .number").allInnerTexts();
        return Number(served.replace(",", "")) > 0;
      });
      // Under the pointer, the numbers are of that moment.
      await page.locator("#rate-chart svg").hover({ position: { x: 1, y: 10 } });
      await page
        .locator(".now")
        .first()
        .getByText(/^\d\d:\d\d:\d\d$/)
        .waitFor();
    } finally {
      isOver = true;
      await load;
    }
    assert.deepEqual(complaints, []);
  });

  it("says that the server has gone, and is back when the server is", async () => {
    const at = await freePort();
    const start = (): Promise<ServerUnderTest> =>
      startServer("gated:app", { args: ["--admin", `127.0.0.1:${at}`, "--workers", "1"] });
    const first = await start();
    const { page } = await open(first);
    await page.locator(".lane").waitFor();
    await first.stop();
    const trouble = page.getByRole("alert");
    await trouble.getByText("has not answered since").waitFor();
    assert.equal(await page.locator("#state").innerText(), "gone");
    assert.ok(await page.locator("#reload").isDisabled());
    await using second = await start();
    await page.locator("#state").getByText("serving").waitFor();
    assert.ok(await trouble.isHidden());
    assert.ok(await page.locator("#reload").isEnabled());
    await page.locator("#facts").getByText(`process ${second.pid}`).waitFor();
    await page.locator("#outcome").getByText("started anew").waitFor();
  });

  it("asks nothing of the server while it is hidden", async () => {
    await using server = await startServer("gated:app", {
      args: [...ADMIN_ARGS, "--workers", "1"],
    });
    const { page } = await open(server);
    const closed = page.waitForEvent("requestfailed", (request) =>
      request.url().endsWith("/events"),
    );
    await hidePage(page, true);
    await closed;
    const opened = page.waitForRequest((request) => request.url().endsWith("/events"));
    await hidePage(page, false);
    await opened;
    await page.locator("#state").getByText("serving").waitFor();
    assert.ok(await page.getByRole("alert").isHidden());
  });

  it("asks for the token, and stays out of its own way with it", async () => {
    const args = ["--admin", "0.0.0.0:0", "--admin-token", TOKEN, "--workers", "1"];
    await using server = await startServer("gated:app", { args });
    const url = `http://127.0.0.1:${await adminPort(server)}/`;
    const stranger = await browser.newPage();
    // It would ask a person here.
    await assert.rejects(stranger.goto(url), /ERR_INVALID_AUTH_CREDENTIALS/);
    const httpCredentials = { username: "any", password: TOKEN };
    const { page, complaints } = await open(server, { httpCredentials });
    await page.getByRole("button", { name: "Reload" }).click();
    await page.locator("#outcome").getByText("generation 2 serves").waitFor();
    assert.ok(!(await page.content()).includes(TOKEN), "the token is in the page");
    assert.deepEqual(complaints, []);
  });

  it("cannot be steered, read or framed by a page of another site", async () => {
    await using server = await startServer("plain:app", {
      args: [...ADMIN_ARGS, "--workers", "1"],
    });
    const admin = `http://127.0.0.1:${await adminPort(server)}`;
    // Another port is another origin; another name, another site.
    for (const site of [`http://127.0.0.1:${server.port}`, `http://localhost:${server.port}`]) {
      const page = await browser.newPage();
      await page.goto(`${site}/`);
      const outcome = await page.evaluate(`(async () => {
        const tried = [];
        for (const init of [{}, { mode: "no-cors" }, { method: "POST", mode: "no-cors", body: "{}" }])
          tried.push(await fetch("${admin}/reload", init).then((r) => r.status, () => "failed"));
        tried.push(await fetch("${admin}/status").then((r) => r.status, () => "failed"));
        const frame = document.createElement("iframe");
        frame.src = "${admin}/";
        const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
        document.body.append(frame);
        await loaded;
        return tried.join(" ");
      })()`);
      assert.equal(outcome, "failed 0 0 failed");
      const [frame] = page.frames().slice(1);
      assert.equal(await frame?.locator("#application").count(), 0);
      await page.close();
    }
    const { reloads } = await askJson<StatusDocument>(Number(new URL(admin).port), "/status");
    assert.deepEqual(reloads, []);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`can be read: ${colorScheme}, by contrast of 4.5 to 1 and more, and 3 to 1 of what is drawn`, async () => {
      const args = [...ADMIN_ARGS, "--workers", "2", "--request-timeout", "120s"];
      await using server = await startServer("gated:app", { args });
      using hanging = begin(server.port, "GET", "/hanging");
      await noted(server, /^GET hanging in/);
      const { page } = await open(server, { colorScheme });
      await page.locator("#slow button").click();
      await page.locator("#slow .frames").waitFor();
      const found: unknown = await page.evaluate(LOW_CONTRAST);
      assert.deepEqual(found, []);
      const drawn: unknown = await page.evaluate(LOW_CONTRAST_DRAWN);
      assert.deepEqual(drawn, []);
      const ground = await page.evaluate("getComputedStyle(document.body).backgroundColor");
      assert.equal(ground === "rgb(20, 23, 26)", colorScheme === "dark", String(ground));
      openGate(server, "hanging");
      assert.equal((await hanging.response()).status, 200);
    });
  }

  it("fits a screen of 320 pixels, and is walked through by the tabulator key", async () => {
    const args = [...ADMIN_ARGS, "--workers", "2:3", "--request-timeout", "120s"];
    await using server = await startServer("gated:app", { args });
    using hanging = begin(server.port, "GET", `/${"long".repeat(60)}`);
    await noted(server, /^GET long/);
    const { page } = await open(server, { viewport: { width: 320, height: 640 } });
    await page.locator("#slow button").click();
    await page.locator("#slow .frames").waitFor();
    const width = await page.evaluate("document.documentElement.scrollWidth");
    assert.equal(width, 320);
    // Nothing sticks out of its panel either, with all notes that there can be.
    await alterSnapshots(page, PAUSED);
    await page.locator(".lane .note", { hasText: "2 more in hand" }).first().waitFor();
    const outside: unknown = await page.evaluate(`
      [...document.querySelectorAll("main *")].filter((one) => one.getBoundingClientRect().right > 320
        && !one.closest(".frames, .path, thead")).map((one) => one.outerHTML)`);
    assert.deepEqual(outside, []);
    const order: unknown[] = [];
    for (let step = 0; step < 9; step++) {
      await page.keyboard.press("Tab");
      order.push(await page.evaluate(FOCUSED));
    }
    // From the button that was pressed to the end, and then from the start.
    assert.deepEqual(order.slice(0, 2), ["Stack of worker N", "the server's worker"]);
    await page.evaluate("document.activeElement.blur(); getSelection().removeAllRanges()");
    await page.reload();
    await page.locator(".lane button").first().waitFor();
    const fromStart: unknown[] = [];
    for (let step = 0; step < 7; step++) {
      await page.keyboard.press("Tab");
      fromStart.push(await page.evaluate(FOCUSED));
    }
    assert.deepEqual(fromStart, [
      "To the workers",
      "Reload",
      "One worker fewer",
      "One worker more",
      "Stacks of all",
      "Stack of worker N",
      "Stack of worker N",
    ]);
    openGate(server, "long".repeat(60));
    hanging.socket.destroy();
  });

  it("has a name for each landmark, button, chart and column", async () => {
    await using server = await startServer("gated:app", {
      args: [...ADMIN_ARGS, "--workers", "1"],
    });
    const { page } = await open(server);
    await page.locator(".lane button").first().waitFor();
    const tree = await page.locator("body").ariaSnapshot();
    for (const part of [
      "- banner:",
      '- group "Control":',
      '- group "Workers at least":',
      "- main:",
      '- region "Requests per second":',
      '- img "Time in the queue over the last 5 minutes"',
      '- table "Workers',
      '- columnheader "Running now"',
      '- rowheader "1 pid',
      '- button "Stack of worker 1"',
      '- region "Deaths and reloads":',
    ])
      assert.ok(tree.includes(part), `${part} is not in\n${tree}`);
  });
});

/** All that run have a client that reads slowly, and hold two more. */
const PAUSED = `for (const { threads } of snapshot.status.workers)
  for (const thread of threads) if (thread.running !== null) Object.assign(thread, { isPaused: true, inHand: 3 });`;

/** What has the focus, by its name; numbers of workers are left out. */
const FOCUSED = `(() => {
  const element = document.activeElement;
  const name = element.getAttribute("aria-label") ?? element.textContent;
  return name.replace(/\\d+$/, "N");
})()`;
