import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Guard, type GuardedRequest, isLoopbackHost } from "./guard.ts";

const GET: GuardedRequest = {
  method: "GET",
  path: "/status",
  host: "127.0.0.1:8889",
  origin: undefined,
  authorization: undefined,
  fetchSite: undefined,
  fetchMode: undefined,
};

const local = new Guard(undefined);
const remote = new Guard("s3cret");

function status(guard: Guard, request: Partial<GuardedRequest>): number {
  return guard.objection({ ...GET, ...request })?.status ?? 200;
}

describe("Guard without a token", () => {
  for (const host of ["localhost", "LOCALHOST:9000", "127.0.0.1:8889", "127.1.2.3", "[::1]:8889"]) {
    it(`takes Host ${host}`, () => assert.equal(status(local, { host }), 200));
  }
  for (const host of [
    undefined,
    "",
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "10.0.0.1",
    "[::2]",
  ]) {
    it(`refuses Host ${host}`, () => assert.equal(status(local, { host }), 403));
  }
  it("answers probes under any name", () =>
    assert.equal(status(local, { host: "10.1.2.3:8889", path: "/readyz" }), 200));
});

describe("Guard with a token", () => {
  const basic = `Basic ${Buffer.from("admin:s3cret").toString("base64")}`;
  for (const authorization of ["Bearer s3cret", "bearer s3cret", basic]) {
    it(`takes ${authorization}`, () =>
      assert.equal(status(remote, { authorization, host: "app.example" }), 200));
  }
  for (const authorization of [
    undefined,
    "",
    "Bearer",
    "Bearer ",
    "Bearer s3cre",
    "Bearer s3cret2",
    "Basic s3cret",
    "Digest s3cret",
  ]) {
    it(`refuses ${authorization}`, () => assert.equal(status(remote, { authorization }), 401));
  }
  it("answers probes without one", () => {
    assert.equal(status(remote, { path: "/livez" }), 200);
    assert.equal(status(remote, { path: "/readyz" }), 200);
    assert.equal(status(remote, { path: "/metrics" }), 401);
  });
});

describe("Guard and other sites", () => {
  const post = { method: "POST", path: "/reload" };
  it("takes what no browser sent", () => assert.equal(status(local, post), 200));
  it("takes its own page", () => {
    assert.equal(status(local, { ...post, origin: "http://127.0.0.1:8889" }), 200);
    assert.equal(status(local, { ...post, fetchSite: "same-origin" }), 200);
  });
  for (const [name, fields] of [
    ["another origin", { origin: "http://evil.example" }],
    ["an opaque origin", { origin: "null" }],
    ["another port of this machine", { origin: "http://127.0.0.1:8888" }],
    ["Sec-Fetch-Site: cross-site", { fetchSite: "cross-site" }],
    ["Sec-Fetch-Site: same-site", { fetchSite: "same-site" }],
  ] as const) {
    it(`refuses a POST from ${name}`, () =>
      assert.equal(status(local, { ...post, ...fields }), 403));
    it(`refuses to be read from ${name}`, () => assert.equal(status(local, fields), 403));
  }
  it("refuses them with the token too, which a browser may add by itself", () => {
    const authorization = "Bearer s3cret";
    assert.equal(status(remote, { ...post, authorization, fetchSite: "cross-site" }), 403);
  });
  it("lets a link be followed, but no form be sent", () => {
    const link = { fetchSite: "cross-site", fetchMode: "navigate" };
    assert.equal(status(local, link), 200);
    assert.equal(status(local, { ...post, ...link }), 403);
  });
});

describe("isLoopbackHost", () => {
  it("is not deceived by a port", () => assert.equal(isLoopbackHost("evil.example:127"), false));
});
