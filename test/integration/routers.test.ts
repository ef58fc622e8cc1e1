import { describe, expect, it } from "vitest";
import { CanaryDeployment } from "../../src/components/canary-deployment.ts";
import { runInContext } from "../../src/program/context.ts";
import { rolloutProgram } from "../../src/program/rollout-program.ts";
import { openStack } from "../support/rehearse.ts";

// A canary behind an Istio VirtualService, on the real engine and driver and the sandbox's router.

const main = rolloutProgram(async (rollout) => {
  new CanaryDeployment("atp-ingestion", {
    rollout,
    namespace: "atp-prod",
    image: "atp.azurecr.io/ingestion",
    port: 8080,
    replicas: 6,
    route: { istio: { gateways: ["istio-system/atp"], hosts: ["ingest.atp.example"] } },
  });
  return rollout.outputs();
});

// The programs of this file have no flag.
const change = (rollout: Record<string, unknown>) =>
  void Object.assign(rollout, { lever: { kind: "istio", namespace: "atp-prod" }, flag: undefined });

async function rehearse(faults: readonly string[]) {
  const stack = await openStack({
    change,
    faults,
    program: (context) => runInContext(context, async () => Object(await main())),
  });
  try {
    const outcome = await stack.run("1.2.4");
    const weights = stack.sandbox.routeHistory.map(({ exposure }) => exposure);
    const kinds = ["HTTPRoute", "VirtualService"].map((kind) => stack.sandbox.cloud.list(kind).length);
    return { outcome, kinds, weights: weights.filter((weight, index) => weight !== weights[index - 1]) };
  } finally {
    await stack.close();
  }
}

describe.concurrent("a canary behind Istio", () => {
  it("is promoted", async () => {
    const { outcome, weights, kinds } = await rehearse([]);
    expect(outcome).toMatchObject({ outcome: "promoted", exposures: [5, 20, 50, 100] });
    expect(weights).toEqual([0, 5, 20, 50, 100, 0]);
    expect(kinds).toEqual([0, 1]);
  });

  it("is taken back by the lever, and the stack equals its baseline", async () => {
    const { outcome, weights } = await rehearse(["errors=3%@20"]);
    expect(outcome).toMatchObject({ outcome: "reverted", failedAt: "20", revert: { stateEqual: true } });
    expect(weights).toEqual([0, 5, 20, 0]);
  });
});
