// The live page in a real browser: what it shows of a server that works, what its buttons do, and what it refuses.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Browser } from "playwright-core";
import { ADMIN_ARGS, adminPort, ask } from "../support/admin.ts";
import { launchBrowser, noBrowser } from "../support/browser.ts";
import { noted, openGate } from "../support/record.ts";
import { begin } from "../support/requests.ts";
import { startServer, waitFor, type ServerUnderTest } from "../support/server.ts";

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

  /** A page that notes what goes wrong in it. */
  async function open(server: ServerUnderTest, look: Parameters<Browser["newPage"]>[0] = {}) {
    const page = await browser.newPage(look);
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await page.goto(`http://127.0.0.1:${await adminPort(server)}/`);
    await page.locator("#state").getByText("serving").waitFor();
    return { page, complaints };
  }

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
    await page.locator("#wanted").getByText("2", { exact: true }).waitFor();
    await press("One worker fewer");
    await page.locator("#outcome").getByText("At least 1 workers").waitFor();
    await waitFor("its end", () => server.workers.length === 1);
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
});
