import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readReport } from "./wrk.ts";

const REPORT = `Running 3s test @ http://127.0.0.1:8888/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.22ms  512.00us  20.50ms   91.07%
    Req/Sec    52.93k     3.11k   58.83k    70.00%
  Latency Distribution
     50%  912.00us
     75%    1.30ms
     90%    1.70ms
     99%    1.02s 
  158012 requests in 3.00s, 20.34MB read
  Socket errors: connect 1, read 2, write 3, timeout 4
  Non-2xx or 3xx responses: 100
Requests/sec:  52661.77
Transfer/sec:      6.78MB
`;

describe("the report of wrk", () => {
  it("is read with its units and every kind of error", () => {
    assert.deepEqual(readReport(REPORT), {
      requests: 158_012,
      requestsPerSecond: 52_661.77,
      p50Ms: 0.912,
      p99Ms: 1020,
      errors: 110,
    });
  });

  it("has no errors when it names none", () => {
    const clean = REPORT.replaceAll(/ {2}(?:Socket|Non-2xx).*\n/g, "");
    assert.equal(readReport(clean).errors, 0);
  });

  it("must hold every figure", () => {
    assert.throws(() => readReport(REPORT.replace("Requests/sec", "Rate")), /Requests/);
    assert.throws(() => readReport(REPORT.replace("1.02s", "nan")), /nan/);
  });
});
