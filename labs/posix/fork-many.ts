// For the tests: forks as many children as asked, each of which works a little; says how many ended as they should.
// Usage: node --single-threaded fork-many.ts COUNT MEGABYTES_OF_GARBAGE

import { print } from "../settings.ts";
import { exit, fork, getpid, getppid, waitpid } from "./processes.ts";

const [count = 1, megabytes = 0] = process.argv.slice(2).map(Number);
const parent = getpid();
let good = 0;

for (let i = 0; i < count; i++) {
  const pid = fork();
  if (pid === 0) {
    makeGarbage(megabytes);
    exit(getppid() === parent && getpid() !== process.pid ? i % 100 : 255);
  }
  const ended = waitpid(pid, 0);
  if (ended.pid === pid && ended.status === (i % 100) << 8) good++;
}
print(`${good} of ${count} children ended well`);
exit(0);

/** Enough of it makes V8 collect several times, which is what hung in children that were not mended. */
function makeGarbage(size: number): void {
  let kept: number[] = [];
  for (let made = 0; made < size * 1_000_000; made += 8000)
    kept = Array.from({ length: 1000 }, () => 0.5 + kept.length);
}
