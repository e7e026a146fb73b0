// webserver5: what Node really does. One thread serves ten thousand clients, until the application blocks: then nobody is served. So the
// network gets a process of its own, the application gets others, and a queue stands between them: that is Rickhouse.
// Usage: bin/lab webserver5               the event loop calls the application itself
//        bin/lab webserver5 --workers N   a front, a queue and N worker processes

import { parseArgs } from "node:util";
import { PORT, print } from "./settings.ts";
import { makeEventLoopServer } from "./webserver5/event-loop.ts";
import { makeFront } from "./webserver5/front.ts";

const BACKLOG = 4096;

const { values } = parseArgs({ options: { workers: { type: "string" } } });
const server =
  values.workers === undefined ? makeEventLoopServer() : makeFront(Number(values.workers));

server.keepAliveTimeout = 600_000; // idle clients are what this lab is about
server.listen({ port: PORT, host: "127.0.0.1", backlog: BACKLOG }, () => {
  const address = server.address();
  if (address !== null && typeof address === "object")
    print(`Serving HTTP on port ${address.port} ...`);
});

let told = 0;
setInterval(() => {
  server.getConnections((_, count) => {
    if (count !== told) print(`${count} connections, ${process.memoryUsage.rss() >> 20} MiB`);
    told = count;
  });
}, 1000);
