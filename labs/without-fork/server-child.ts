// What the new process of server.ts does: one request on descriptor 3.

import { getpid, getppid, sleep } from "../posix/processes.ts";
import { close, read, writeAll } from "../posix/sockets.ts";
import { print, sleepSeconds } from "../settings.ts";

const CONNECTION = 3;

const request = read(CONNECTION, 1024);
print(`Child PID: ${getpid()}. Parent PID: ${getppid()}`);
print(request.toString());
writeAll(CONNECTION, "HTTP/1.1 200 OK\r\n\r\nHello, World!\n");
sleep(sleepSeconds(0));
close(CONNECTION);
