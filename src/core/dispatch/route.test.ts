import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { headOf } from "../../../test/support/sample-request.ts";
import { routeOf } from "./route.ts";

function route(target: string, method = "GET"): number {
  return routeOf(headOf({ method, target, minorVersion: 1, fields: [] }));
}

function same(a: string, b: string): void {
  assert.equal(route(a), route(b), `${a} and ${b}`);
}

function different(a: string, b: string): void {
  assert.notEqual(route(a), route(b), `${a} and ${b}`);
}

describe("routeOf", () => {
  it("tells method and path, not the query or the form of the target", () => {
    different("/a", "/b");
    different("/a", "/a/");
    assert.notEqual(route("/a", "GET"), route("/a", "POST"));
    assert.notEqual(route("/T/x", "GE"), route("/x", "GET"));
    same("/a?x=1", "/a?y=2");
    same("/a", "http://host.example/a");
    same("http://host.example", "http://other.example");
  });

  it("is an unsigned 32-bit number", () => {
    for (const target of ["/", "/a", "/b", "/hello", "/users/1"]) {
      const hash = route(target);
      assert.equal(hash, hash >>> 0);
    }
  });

  it("folds numbers", () => {
    same("/users/123/posts", "/users/7/posts");
    same("/page12.html", "/page3.html");
    same("/2026/11/20", "/1999/1/2");
    different("/users/123/posts", "/users/123/likes");
    different("/users/1", "/users/x");
    different("/users/1", "/users/1/2");
  });

  it("folds UUIDs, whatever their case", () => {
    same(
      "/item/3f2504e0-4f89-11d3-9a0c-0305e82c3301",
      "/item/AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE",
    );
    same("/item/3f2504e0-4f89-11d3-9a0c-0305e82c3301/x", "/item/12/x");
    different("/item/3f2504e0-4f89-11d3-9a0c-0305e82c3301", "/item/3f2504e0-gf89-11d3-9a0c-x");
  });

  it("folds hex ids of 8 digits and more that are words of their own", () => {
    same("/o/507f1f77bcf86cd799439011", "/o/507f191e810c19729de860ea");
    same("/o/deadbeef", "/o/12345678");
    same("/file-deadbeef.js", "/file-0123abcd0123.js");
    different("/o/deadbee", "/o/feedbee");
    different("/o/deadbeefs", "/o/feedbeefs");
    different("/o/xdeadbeef", "/o/xfeedbeef");
  });

  it("does not look behind the first 1,024 bytes", () => {
    const long = `/${"a/".repeat(600)}`;
    same(`${long}x`, `${long}y`);
    different(`${long.slice(0, 1023)}x`, `${long.slice(0, 1023)}y`);
  });
});
