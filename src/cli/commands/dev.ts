// `rickhouse dev`: the server as somebody wants it who writes the application: what is said here stands in for options that were not given.

import { createServer } from "node:net";
import { ADMIN_PORT } from "../../config/admin-address.ts";
import { loadConfigAlone } from "../../config/load.ts";
import type { OptionName } from "../../config/options.ts";
import { onlyWord } from "../args.ts";
import type { CommandCall } from "../commands.ts";

const ADMIN_HOST = "127.0.0.1";

/** As if written on the command line, where the same option is not: what environment and file say is meant for the real server. */
const DEFAULTS: readonly (readonly [OptionName, string])[] = [
  ["reload", "on"],
  ["debug", "on"],
  ["workers", "1:4"],
  // Old code has nothing to finish that anybody waits for, and Ctrl-C means now.
  ["gracefulTimeoutMs", "2s"],
  // A part of the time before it; and no load balancer is to notice.
  ["drainDelayMs", "0"],
];

export async function devCommand(call: CommandCall): Promise<number> {
  const raw = new Map<OptionName, readonly string[]>(
    DEFAULTS.map(([name, text]) => [name, [text]]),
  );
  for (const [name, texts] of call.raw) raw.set(name, texts);
  const { given } = loadConfigAlone({ ...call, application: onlyWord(call.words) });
  if (!given.has("admin")) raw.set("admin", [`${ADMIN_HOST}:${await freePort(ADMIN_PORT)}`]);
  // What `flask run --debug` sets: Flask hands exceptions on, and looks whether templates have changed. Others do not know it.
  process.env["FLASK_DEBUG"] ??= "1";
  const { serveCommand } = await import("./serve.ts");
  return serveCommand({ ...call, raw });
}

/** This one, or 0 for any if somebody has it: two applications are worked on at the same time. */
function freePort(port: number): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.on("error", () => {
      resolve(0);
    });
    probe.listen(port, ADMIN_HOST, () => {
      probe.close(() => {
        resolve(port);
      });
    });
  });
}
