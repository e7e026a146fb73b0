// The admin address of a server under test, asked through node:http: every field is the test's to choose, Host included.

import { request, type IncomingHttpHeaders } from "node:http";
import { deadlineIn, waitFor, type ServerUnderTest } from "./server.ts";

export interface AdminResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface AdminRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A port, or the path of a Unix socket. */
export type AdminTarget = number | string;

/** The arguments with which a server has an admin address on a free port. */
export const ADMIN_ARGS = ["--admin", "127.0.0.1:0"] as const;

/** From the log; with the port 0 nothing else knows it. */
export async function adminPort(server: ServerUnderTest): Promise<number> {
  const port = await waitFor(
    "the line of the admin address",
    () => /admin at http:\/\/[^ ]*:(\d+)/.exec(server.stderr)?.[1],
  );
  return Number(port);
}

export async function ask(
  target: AdminTarget,
  path: string,
  { method = "GET", headers = {}, body }: AdminRequest = {},
): Promise<AdminResponse> {
  const at = typeof target === "number" ? { port: target } : { socketPath: target };
  const timeoutMs = deadlineIn(15_000) - performance.now();
  return new Promise((resolve, reject) => {
    const sent = request({ ...at, host: "127.0.0.1", path, method, headers, timeout: timeoutMs });
    sent.on("error", reject);
    sent.on("timeout", () => sent.destroy(new Error(`no answer from ${path}`)));
    sent.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("error", reject);
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
      });
    });
    sent.end(body);
  });
}

/** The answer's JSON, as what the caller knows it to be. */
export async function askJson<T>(
  target: AdminTarget,
  path: string,
  how?: AdminRequest,
): Promise<T> {
  const { status, body } = await ask(target, path, how);
  if (status !== 200) throw new Error(`${path} answered ${status}: ${body}`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a test that is wrong about the shape fails at its assertion
  return JSON.parse(body) as T;
}
