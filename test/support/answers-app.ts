// What test/apps/answers.py tells of itself, and the files that a server keeps for it.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { rawRequest } from "./raw-client.ts";
import { type ServerUnderTest, waitFor } from "./server.ts";

export function get(target: string, fields: string = ""): string {
  return `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
}

export interface State {
  /** Requests but those for the state. */
  readonly calls: number;
  /** Bytes that generators have given to the server. */
  readonly produced: number;
  /** Generators whose `close()` was called. */
  readonly closed: number;
  /** Requests whose `rickhouse.client_disconnected` turned true. */
  readonly disconnected: number;
  readonly watching?: boolean;
}

export async function stateOf(target: number | string): Promise<State> {
  return JSON.parse((await rawRequest(target, get("/state"))).body.toString());
}

/** Resolves with the first state that fulfils `condition`. */
export async function stateWith(
  port: number,
  what: string,
  condition: (state: State) => boolean,
  deadlineMs?: number,
): Promise<State> {
  const find = async (): Promise<State | undefined> => {
    const state = await stateOf(port);
    return condition(state) ? state : undefined;
  };
  return waitFor(what, find, deadlineMs);
}

/** Request bodies and answers that are in files. */
export function spoolFiles(server: ServerUnderTest): string[] {
  const directories = readdirSync(server.temporaryDirectory)
    .filter((name) => name.startsWith("rickhouse-"))
    .map((name) => join(server.temporaryDirectory, name));
  return directories.flatMap((directory) =>
    readdirSync(directory)
      .filter((name) => name.startsWith("spool-"))
      .map((name) => join(directory, name)),
  );
}
