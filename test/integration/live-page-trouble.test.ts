// The live page in a real browser, where it cannot show what is so: what it says then, and that it says so no longer than it is true.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { ADMIN_ARGS, adminPort } from "../support/admin.ts";
import { launchBrowser, noBrowser } from "../support/browser.ts";
import { alterSnapshots, hidePage, openLivePage } from "../support/live-page.ts";
import { startServer, waitFor, type ServerUnderTest } from "../support/server.ts";

describe("the live page in trouble", { skip: noBrowser }, () => {
  let browser: Browser;
  let server: ServerUnderTest;
  before(async () => {
    browser = await launchBrowser();
    server = await startServer("gated:app", { args: [...ADMIN_ARGS, "--workers", "1:8"] });
  });
  after(async () => {
    await browser.close();
    await server.stop();
  });

  /** A page whose question for events is answered so, until `page.unroute`. */
  async function openRefused(status: number, error: string): Promise<Page> {
    const page = await browser.newPage();
    const body = JSON.stringify({ error });
    await page.route("**/events", (route) =>
      route.fulfill({ status, contentType: "application/json", body }),
    );
    await page.goto(`http://127.0.0.1:${await adminPort(server)}/`);
    return page;
  }

  it("says what it was answered, and asks on where that may pass", async () => {
    const page = await openRefused(503, "too many listen already");
    const alert = page.getByRole("alert");
    await alert.getByText("answers this page with 503: too many listen already.").waitFor();
    assert.doesNotMatch(await page.locator("#state").innerText(), /gone|serving/);
    await page.unroute("**/events");
    await page.locator("#state").getByText("serving").waitFor();
    assert.ok(await alert.isHidden());
    await page.close();
  });

  it("says no longer that it was refused than it is", async () => {
    const page = await openRefused(401, "no token");
    const alert = page.getByRole("alert");
    await alert.getByText("token is not taken any more").waitFor();
    await page.unroute("**/events");
    // It asks again when somebody comes back to it.
    await page.clock.install();
    await hidePage(page, true);
    await page.clock.fastForward(11_000);
    await hidePage(page, false);
    await page.locator("#state").getByText("serving").waitFor();
    assert.ok(await alert.isHidden());
    assert.ok(await page.locator("#reload").isEnabled());
    await page.close();
  });

  it("does not take a fault of its own for a server that has gone", async () => {
    const { page, complaints } = await openLivePage(browser, server);
    await page.evaluate("window.taken = document.getElementById('slow'); taken.remove()");
    const alert = page.getByRole("alert");
    await alert.getByText("cannot show what the server says (no element slow)").waitFor();
    await waitFor("further snapshots", async () => {
      const facts = await page.locator("#facts").innerText();
      await delay(1500);
      return facts !== (await page.locator("#facts").innerText());
    });
    assert.deepEqual(complaints, ["no element slow"], "reported once");
    await page.evaluate("document.getElementById('slow-none').before(taken)");
    await alert.waitFor({ state: "hidden" });
    await page.close();
  });

  it("is loaded again when the server is of another version", async () => {
    const { page } = await openLivePage(browser, server);
    const loaded = page.waitForEvent("load");
    await alterSnapshots(page, "snapshot.status.version = 'another';");
    await loaded;
    await page
      .locator("#facts")
      .getByText(/rickhouse \d/)
      .waitFor();
    await page.close();
  });

  it("tells how many workers there are at least from how many are wanted now", async () => {
    const { page } = await openLivePage(browser, server);
    await alterSnapshots(page, "snapshot.status.workersWanted = 7;");
    await page.locator("#workers-note").getByText("1, 7 wanted, 8 at most").waitFor();
    assert.equal(await page.locator("#least").innerText(), "1");
    assert.ok(await page.locator("#fewer").isDisabled());
    await page.close();
  });

  it("says of what took longer than the histogram tells only that", async () => {
    const { page } = await openLivePage(browser, server);
    await alterSnapshots(
      page,
      `const { counts } = snapshot.applicationTime;
       counts[counts.length - 1] += snapshot.at;`,
    );
    const p50 = page.locator("#application-time div", { hasText: "p50" }).locator("dd");
    await p50.getByText("> 5 min 0 s", { exact: true }).waitFor();
    await page.close();
  });

  it("shows why there is no stack as an error, and leaves the focus where it is", async () => {
    const { page } = await openLivePage(browser, server);
    const asked = Promise.withResolvers<void>();
    await page.route("**/stacks", async (route) => {
      await asked.promise;
      const body = JSON.stringify({ ok: false, error: "no worker 1" });
      await route.fulfill({ status: 400, contentType: "application/json", body });
    });
    const button = page.locator(".lane button");
    await button.focus();
    await page.keyboard.press("Enter");
    await page.locator(".lane button[aria-busy=true]").waitFor();
    assert.equal(await page.evaluate("document.activeElement.textContent"), "Stack");
    await page.locator("#reload").focus();
    asked.resolve();
    await page.locator(".stack-row").getByRole("alert").getByText("no worker 1").waitFor();
    assert.doesNotMatch(await page.locator(".stack").first().innerText(), /as it stood/);
    assert.equal(await page.evaluate("document.activeElement.id"), "reload");
    await page.close();
  });

  it("has a place for outcomes before there are any", async () => {
    const { page } = await openLivePage(browser, server);
    assert.equal(await page.locator("#outcome").innerText(), "");
    assert.ok(await page.locator("#outcome").isVisible());
    await page.close();
  });

  it("draws what runs long higher, and not in another colour alone", async () => {
    const { page } = await openLivePage(browser, server);
    const tops: unknown = await page.evaluate(`(async () => {
      const { Lane } = await import("/page/lane.ts");
      const lane = new Lane(1);
      const threads = [{ thread: 0, inHand: 1, isPaused: false, running: null }];
      const look = (at, served, runningSeconds) => {
        const running = { method: "GET", path: "/", runningSeconds, waitedSeconds: 0 };
        const seen = [{ ...threads[0], running: runningSeconds === undefined ? null : running }];
        lane.update({ worker: 1, served, threads: seen, ageSeconds: 1, state: "ready", pid: null, memoryBytes: null, cpuSeconds: null }, at);
      };
      look(1000, 0);
      look(2000, 1);
      look(3000, 1, 0.1);
      look(4000, 1, 5);
      look(5000, 1, 15);
      return ["brief", "busy", "slow", "stuck"].map((level) =>
        Number(/V([\\d.]+)/.exec(lane.row.querySelector("path." + level).getAttribute("d"))[1]));
    })()`);
    assert.deepEqual(tops, [7, 5, 2.5, 0]);
    await page.close();
  });
});
