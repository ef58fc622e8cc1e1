import { describe, expect, it } from "vitest";
import { openPorts } from "../../../src/cli/compose/ports.ts";
import { openCluster } from "../../../src/cli/compose/rehearsed-cluster.ts";
import { normalizeOrThrow } from "../../../src/config/normalize.ts";
import { createSandbox } from "../../../src/sandbox/sandbox.ts";
import { unwatched } from "../../support/builders.ts";
import { startKubeFake } from "../../support/http-fake-kube.ts";
import { createMemoryRuntime } from "../../support/memory-runtime.ts";

const written = {
  preset: "production",
  service: "atp",
  metrics: {
    kind: "prometheus",
    url: "http://127.0.0.1:9",
    cohort: { stable: "stable", candidate: "canary" },
  },
  health: { kind: "http", candidate: ["http://127.0.0.1:9/canary"], stable: ["http://127.0.0.1:9/stable"] },
  watch: unwatched,
};
const policyOf = (more: object) => normalizeOrThrow({ written: { ...written, ...more }, stack: "prod" });
const istio = { kind: "istio", namespace: "n" };
const nginx = { kind: "ingress-nginx", namespace: "n" };
const ratio = { kind: "replica-ratio", namespace: "n" };

describe("the lever of a router", () => {
  it.each([
    { why: "a canary moves the VirtualService", more: { lever: istio }, lever: "VirtualService n/atp" },
    { why: "a canary moves its own Ingress", more: { lever: nginx }, lever: "Ingress n/atp-canary" },
    {
      why: "blue-green on Kubernetes has the same one",
      more: { lever: istio, strategy: "blue-green" },
      lever: "VirtualService n/atp",
    },
    { why: "without a router a canary moves the Service", more: { lever: ratio }, lever: "Service n/atp" },
    {
      why: "blue-green without a router too",
      more: { lever: ratio, strategy: "blue-green" },
      lever: "Service n/atp",
    },
    {
      why: "a version in place without a router moves the Deployment",
      more: { lever: ratio, strategy: "rolling" },
      lever: "Deployment n/atp",
    },
    {
      why: "a version in place moves the Deployment, whichever the router",
      more: { lever: istio, strategy: "rolling" },
      lever: "Deployment n/atp",
    },
    {
      why: "with ingress-nginx too",
      more: { lever: nginx, preset: "hotfix" },
      lever: "Deployment n/atp",
    },
  ])("$why", async ({ more, lever }) => {
    const { runtime } = createMemoryRuntime();
    const ports = await openPorts(policyOf(more), runtime, { projectDir: ".", env: {} });
    expect(ports.lever.name).toBe(lever);
  });
});

describe("the cluster of a lever", () => {
  const strategies = ["canary", "rolling"];
  const table = [istio, nginx, ratio].flatMap((lever) => strategies.map((strategy) => ({ lever, strategy })));
  it.each(table)("is the config's for $lever.kind, $strategy", async ({ lever, strategy }) => {
    const kube = await startKubeFake();
    const { runtime } = createMemoryRuntime();
    const policy = policyOf({ strategy, lever: { ...lever, kubeconfig: kube.kubeconfig, context: "prod" } });
    const ports = await openPorts(policy, runtime, { projectDir: ".", env: {} });
    // The fake's kubeconfig has two contexts, and not this one: both settings have arrived.
    await expect(ports.lever.read()).rejects.toMatchObject({
      code: "kubeconfig-invalid",
      message: expect.stringContaining('no context "prod"; it has here, nowhere'),
    });
    await kube.close();
  });
});

describe("a rehearsal", () => {
  it("is refused with ingress-nginx, before anything is started", async () => {
    const { runtime } = createMemoryRuntime();
    const sandbox = createSandbox({ seed: 1, startMs: 0, faults: [] });
    const policy = policyOf({ lever: nginx });
    await expect(openCluster({ sandbox, policy, faults: [], runtime, folder: "." })).rejects.toMatchObject({
      code: "not-built",
      exit: "config",
      path: "rollout.lever.kind",
      message: expect.stringContaining("serves no Ingress"),
    });
  });
});
