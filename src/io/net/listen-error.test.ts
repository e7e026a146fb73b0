import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { BindAddress } from "../../config/bind-address.ts";
import { listenError } from "./listen-error.ts";

const PORT: BindAddress = { kind: "tcp", host: "127.0.0.1", port: 80 };
const HERE: BindAddress = { kind: "unix", path: join(import.meta.dirname, "new.sock") };

function told(code: string | undefined, address: BindAddress): string {
  const cause: NodeJS.ErrnoException = new Error("what Node says");
  if (code !== undefined) cause.code = code;
  const error = listenError(cause, address);
  assert.equal(error.exitCode, 4);
  assert.equal(error.cause, cause);
  return error.message;
}

describe("listenError", () => {
  const cases = [
    ["EADDRINUSE", PORT, /^127\.0\.0\.1:80 is in use; stop what listens there/],
    ["EACCES", PORT, /^127\.0\.0\.1:80: no permission .*CAP_NET_BIND_SERVICE/],
    ["EADDRNOTAVAIL", PORT, /^127\.0\.0\.1:80 is no address of this machine; /],
    ["ENOTFOUND", PORT, /^127\.0\.0\.1:80: the host name does not resolve \(ENOTFOUND\); /],
    ["EAI_AGAIN", PORT, /does not resolve \(EAI_AGAIN\)/],
    ["EAFNOSUPPORT", { ...PORT, host: "::1" }, /^cannot listen on \[::1\]:80 \(EAFNOSUPPORT\); /],
    [undefined, PORT, /^cannot listen on 127\.0\.0\.1:80 \(what Node says\); /],
    ["EACCES", HERE, /new\.sock: no permission to make a socket in .*net; /],
    ["EADDRINUSE", HERE, /new\.sock is in use; /],
    ["EACCES", { kind: "unix", path: "/no/such/x" }, /there is no directory \/no\/such; /],
    ["EADDRINUSE", { kind: "unix", path: import.meta.filename }, /what is there is no socket; /],
    ["EINVAL", { kind: "fd", fd: 3 }, /^fd:3: that descriptor cannot be listened on \(EINVAL\); /],
  ] as const;
  for (const [code, address, expected] of cases) {
    it(`${code ?? "no code"} of ${address.kind}: ${expected.source}`, () => {
      assert.match(told(code, address), expected);
    });
  }
});
