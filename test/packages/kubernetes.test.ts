// examples/kubernetes against the schemas that Kubernetes publishes (kubernetes-validate from PyPI), and its numbers against our own.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { before, describe, it } from "node:test";
import { setUpEnvironment } from "../../scripts/python-environment.ts";
import { ROOT } from "../support/server.ts";

const MANIFESTS = join(ROOT, "examples/kubernetes/rickhouse.yaml");
const TO_JSON =
  "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))";

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", cwd: ROOT });
  assert.equal(status, 0, `${stdout}${stderr}`);
  return stdout;
}

describe("examples/kubernetes", () => {
  let python = "";
  before(() => {
    python = setUpEnvironment({
      directory: "node_modules/.venv-kubernetes",
      requirements: "scripts/requirements-kubernetes.txt",
      contents: "kubernetes-validate",
      minimum: [3, 10],
    });
  });

  const parsed = () => JSON.parse(run(python, ["-c", TO_JSON, MANIFESTS]));

  it("is valid by the published schemas, without unknown fields", () => {
    run(join(dirname(python), "kubernetes-validate"), ["--strict", MANIFESTS]);
    const kinds = parsed().map((each: { kind: string }) => each.kind);
    assert.deepEqual(kinds, [
      "Deployment",
      "Service",
      "HorizontalPodAutoscaler",
      "PodDisruptionBudget",
    ]);
  });

  it("gives the server the time that it takes to end", () => {
    const { spec } = parsed()[0].spec.template;
    const [container] = spec.containers;
    const graceful = container.args.find((arg: string) => arg.startsWith("--graceful-timeout="));
    const seconds = Number(/=(\d+)s$/.exec(graceful)?.[1]);
    const sleep = container.lifecycle.preStop.sleep.seconds;
    assert.ok(spec.terminationGracePeriodSeconds >= sleep + seconds + 5);
    const { periodSeconds, failureThreshold } = container.startupProbe;
    assert.ok(periodSeconds * failureThreshold > 60, "--start-timeout ends it first");
  });

  it("has options that the server takes, and ports that they name", () => {
    const [container] = parsed()[0].spec.template.spec.containers;
    const options = container.args.filter((arg: string) => arg.startsWith("--"));
    const told = run("bin/rickhouse", ["config", ...options]);
    assert.match(told, /0\.0\.0\.0:8888/);
    const ports = container.ports.map((port: { containerPort: number }) => port.containerPort);
    assert.deepEqual(ports, [8888, 8889]);
  });

  it("scales at a share of the workers that a pod has", () => {
    const [deployment, , scaler] = parsed();
    const args: string[] = deployment.spec.template.spec.containers[0].args;
    const workers = Number(args.find((arg) => arg.startsWith("--workers="))?.split("=")[1]);
    const busy = Number(scaler.spec.metrics[0].pods.target.averageValue);
    assert.ok(busy < workers && busy >= workers / 2);
  });
});
