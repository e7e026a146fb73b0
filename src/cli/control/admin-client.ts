// A request to a running server's admin side, and its JSON. Knows no command.

import type { IncomingMessage } from "node:http";
import { StartupError } from "../../config/startup-error.ts";
import type { Target } from "./find-server.ts";

const CONNECT_TIMEOUT_MS = 5000;

/** Resolves to the JSON of the answer. Throws StartupError when there is none, or when it is a refusal. */
export async function askServer<T>(target: Target, path: string, body?: object): Promise<T> {
  const { status, text } = await send(target, path, body);
  const value: unknown = parsed(text);
  if (status !== 200) {
    const reason = hasError(value) ? value.error : `status ${status}`;
    throw new StartupError("server-refused", { server: target.name, reason });
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the other end is the same program
  return value as T;
}

/** Somebody listens there. */
export async function isAnswering(connect: Target["connect"]): Promise<boolean> {
  try {
    await send({ connect, token: undefined, name: "" }, "/livez", undefined);
    return true;
  } catch {
    return false; // A directory that a server left behind, or one of somebody else.
  }
}

function send(
  { connect, token, name }: Target,
  path: string,
  body: object | undefined,
): Promise<{ status: number; text: string }> {
  // Not imported: that would load all that the module has, Node's fetch with it, a quarter of the time that a command takes.
  const { request } = process.getBuiltinModule("node:http");
  return new Promise((resolve, reject) => {
    const headers = {
      Host: "localhost",
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    };
    const method = body === undefined ? "GET" : "POST";
    const sent = request({ ...connect, path, method, headers, agent: false });
    const fail = (error: Error): void => {
      const reason = "code" in error ? String(error.code) : error.message;
      reject(new StartupError("server-unreachable", { server: name, reason }, { cause: error }));
    };
    // Until it is connected; a reload may then take as long as it takes.
    sent.on("socket", (socket) => {
      socket.setTimeout(CONNECT_TIMEOUT_MS, () => {
        if (socket.connecting) sent.destroy(new Error("no answer"));
      });
    });
    sent.on("error", fail);
    sent.on("response", (response) => {
      collect(response).then((text) => {
        resolve({ status: response.statusCode ?? 0, text });
      }, fail);
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function collect(response: IncomingMessage): Promise<string> {
  let text = "";
  response.setEncoding("utf8");
  for await (const chunk of response) text += String(chunk);
  return text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not one of ours.
  }
}

function hasError(value: unknown): value is { error: string } {
  return typeof value === "object" && value !== null && "error" in value && value.error !== null;
}
