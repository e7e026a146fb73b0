import assert from "node:assert/strict";
import { isIP } from "node:net";
import { describe, it } from "node:test";
import { headOf } from "../../../test/support/sample-request.ts";
import { REFUSALS } from "../http/refusal.ts";
import type { ConnectionFacts } from "../wire/connection-environ.ts";
import { type ForwardedHeader, type ForwardingPolicy, requestFacts } from "./request-facts.ts";

const CONNECTION: ConnectionFacts = {
  remoteAddress: "10.0.0.9",
  remotePort: "5000",
  serverName: "127.0.0.1",
  serverPort: "8888",
  scheme: "http",
};

const ALL_X: readonly ForwardedHeader[] = [
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-prefix",
];

/** Proxies are at 10.x. */
function policy(headers: readonly ForwardedHeader[], trustsUnix: boolean): ForwardingPolicy {
  return {
    headers: new Set(headers),
    isAddress: (text) => isIP(text) !== 0,
    isProxy: (address) => (address === "" ? trustsUnix : address.startsWith("10.")),
  };
}

type Fields = readonly (readonly [string, string])[];

function read(fields: Fields, headers: readonly ForwardedHeader[] = ALL_X, trustsUnix = false) {
  const sample = { method: "GET", target: "/", minorVersion: 1, fields };
  return requestFacts(headOf(sample), CONNECTION, policy(headers, trustsUnix));
}

function facts(...args: Parameters<typeof read>): ConnectionFacts {
  const result = read(...args);
  assert.ok(!("code" in result), "was refused");
  return result;
}

const xff = (value: string): Fields => [["X-Forwarded-For", value]];

function serverTold(...fields: Fields): string {
  const { scheme, host, serverName, serverPort } = facts(fields);
  return [scheme, host, serverName, serverPort].join(" ");
}

const forwarded = (value: string): ConnectionFacts => facts([["Forwarded", value]], ["forwarded"]);

describe("requestFacts", () => {
  it("are the connection's own when no field that counts is there", () => {
    assert.equal(facts([["Host", "a"]]), CONNECTION);
    assert.equal(facts([["Forwarded", "for=1.2.3.4"]]), CONNECTION);
    assert.equal(facts(xff("1.2.3.4"), ["forwarded"]), CONNECTION);
    assert.equal(facts([["X_Forwarded_For", "1.2.3.4"]]), CONNECTION);
    assert.equal(facts(xff("1.2.3.4"), ["x-forwarded-proto"]), CONNECTION);
  });
});

describe("X-Forwarded-For", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["192.0.2.1", "192.0.2.1", ""],
    ["192.0.2.1:77", "192.0.2.1", "77"],
    ["[2001:db8::1]:77", "2001:db8::1", "77"],
    // What the client says of itself stands in front.
    ["6.6.6.6, 192.0.2.1", "192.0.2.1", ""],
    ["<script>, 192.0.2.1", "192.0.2.1", ""],
    // Further proxies of ours.
    ["6.6.6.6, 192.0.2.1, 10.0.0.1", "192.0.2.1", ""],
    ["6.6.6.6,192.0.2.1,10.0.0.1,10.0.0.2", "192.0.2.1", ""],
    // Nobody but proxies: the first of them asks for itself.
    ["10.0.0.1, 10.0.0.2", "10.0.0.1", ""],
    // The trusted hop that cannot or will not name who it heard from.
    ["192.0.2.1, unknown, 10.0.0.1", "10.0.0.1", ""],
    ["unknown", "10.0.0.9", "5000"],
    ["", "10.0.0.9", "5000"],
    [" , 192.0.2.1 ,", "192.0.2.1", ""],
    // Not trusted here: its word ends the walk.
    ["192.0.2.1, unix:", "", ""],
  ];
  for (const [value, address, port] of cases) {
    it(`${JSON.stringify(value)} is ${address || "no address"} ${port}`, () => {
      const { remoteAddress, remotePort } = facts(xff(value));
      assert.deepEqual([remoteAddress, remotePort], [address, port]);
    });
  }

  it("walks over a proxy on a Unix socket that is trusted", () => {
    assert.equal(facts(xff("192.0.2.1, unix:"), ALL_X, true).remoteAddress, "192.0.2.1");
  });

  it("of several lines is one list", () => {
    const fields = [...xff("6.6.6.6"), ...xff("192.0.2.1"), ...xff("10.0.0.1")];
    assert.equal(facts(fields).remoteAddress, "192.0.2.1");
  });

  it("alone changes nothing else", () => {
    const told = facts(xff("192.0.2.1"));
    assert.equal(told.scheme, "http");
    assert.equal(told.serverName, "127.0.0.1");
    assert.equal(told.serverPort, "8888");
    assert.equal(told.host, "");
    assert.equal(told.scriptName, "");
  });

  for (const value of ["192.0.2.1, <script>", "192.0.2.256", "192.0.2.1, x, 10.0.0.1"]) {
    it(`is refused when what a proxy wrote is no address: ${value}`, () => {
      assert.equal(read(xff(value)), REFUSALS.badForwarded);
    });
  }
});

describe("X-Forwarded-Proto, -Host and -Port", () => {
  it("give scheme, Host and the server's name and port", () => {
    assert.equal(serverTold(["X-Forwarded-Proto", "https"]), "https  127.0.0.1 443");
    assert.equal(serverTold(["X-Forwarded-Proto", "HTTP"]), "http  127.0.0.1 80");
    assert.equal(serverTold(["X-Forwarded-Host", "a.example"]), "http a.example a.example 80");
    assert.equal(
      serverTold(["X-Forwarded-Host", "a.example:81"]),
      "http a.example:81 a.example 81",
    );
    assert.equal(
      serverTold(["X-Forwarded-Host", "[2001:db8::1]:81"]),
      "http [2001:db8::1]:81 [2001:db8::1] 81",
    );
    assert.equal(serverTold(["X-Forwarded-Port", "81"]), "http  127.0.0.1 81");
  });

  it("put a port into Host where Host has none and the scheme another", () => {
    const host = ["X-Forwarded-Host", "a.example"] as const;
    const https = ["X-Forwarded-Proto", "https"] as const;
    assert.equal(
      serverTold(host, https, ["X-Forwarded-Port", "443"]),
      "https a.example a.example 443",
    );
    assert.equal(
      serverTold(host, https, ["X-Forwarded-Port", "8443"]),
      "https a.example:8443 a.example 8443",
    );
  });

  it("count as the nearest proxy tells them, whatever the client has put before", () => {
    assert.equal(facts([["X-Forwarded-Proto", "http, https"]]).scheme, "https");
    // The outer proxy has added to both fields, the inner one to the first alone.
    const hops = xff("192.0.2.1, 10.0.0.1");
    const host = ["X-Forwarded-Host", "evil.example, a.example"] as const;
    assert.equal(facts([...hops, host]).host, "a.example");
    assert.equal(facts([...hops, ["X-Forwarded-Proto", "https, http"]]).scheme, "http");
  });

  for (const [name, value] of [
    ["X-Forwarded-Proto", "ftp"],
    ["X-Forwarded-Proto", "https://"],
    ["X-Forwarded-Host", "a b"],
    ["X-Forwarded-Host", "user@a.example"],
    ["X-Forwarded-Host", "a.example/x"],
    ["X-Forwarded-Host", "a.example:99999"],
    ["X-Forwarded-Port", "http"],
    ["X-Forwarded-Port", "65536"],
    ["X-Forwarded-Port", "-1"],
  ] as const) {
    it(`refuse ${name}: ${value}`, () => {
      assert.equal(read([[name, value]]), REFUSALS.badForwarded);
    });
  }
});

describe("X-Forwarded-Prefix", () => {
  for (const [value, scriptName] of [
    ["/shop", "/shop"],
    ["/shop/", "/shop"],
    ["/a/b-c.d~e", "/a/b-c.d~e"],
    ["/", ""],
    ["/..a", "/..a"],
  ] as const) {
    it(`${value} is SCRIPT_NAME ${JSON.stringify(scriptName)}`, () => {
      assert.equal(facts([["X-Forwarded-Prefix", value]]).scriptName, scriptName);
    });
  }

  for (const value of [
    "shop",
    "//evil.example",
    "/a//b",
    "/\\evil",
    "/a/../b",
    "/.",
    "/a?b",
    "/a b",
    "/%2f",
    "/a\xe9",
  ]) {
    it(`refuses ${value}`, () => {
      assert.equal(read([["X-Forwarded-Prefix", value]]), REFUSALS.badForwarded);
    });
  }
});

describe("Forwarded", () => {
  it("gives all from the element of the client", () => {
    const told = forwarded(
      'for=6.6.6.6;proto=http;host=evil.example, for="192.0.2.1:77";proto=https;host=a.example, for=10.0.0.1;proto=http;host=inner',
    );
    assert.deepEqual(told, {
      remoteAddress: "192.0.2.1",
      remotePort: "77",
      scheme: "https",
      host: "a.example",
      serverName: "a.example",
      serverPort: "443",
      scriptName: "",
    });
  });

  it("without for keeps the address, and its other parameters count", () => {
    const told = forwarded("for=192.0.2.1, proto=https");
    assert.equal(told.remoteAddress, "10.0.0.9");
    assert.equal(told.scheme, "https");
  });

  it("has no effect through the X-Forwarded fields beside it", () => {
    const fields: Fields = [
      ...xff("6.6.6.6"),
      ["X-Forwarded-Proto", "https"],
      ["Forwarded", "for=192.0.2.1"],
    ];
    const told = facts(fields, ["forwarded"]);
    assert.equal(told.remoteAddress, "192.0.2.1");
    assert.equal(told.scheme, "http");
  });

  for (const value of ['for="', "for=evil.example", "for=1.2.3.4;proto=gopher", 'host="a b"']) {
    it(`refuses ${value}`, () => {
      assert.equal(read([["Forwarded", value]], ["forwarded"]), REFUSALS.badForwarded);
    });
  }
});
