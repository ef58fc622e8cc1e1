import { describe, expect, it } from "vitest";
import { CanaryDeployment } from "../../src/components/canary-deployment.ts";
import { runInContext } from "../../src/program/context.ts";
import { rolloutProgram } from "../../src/program/rollout-program.ts";
import { createRatioLever } from "../../src/sandbox/lever-ratio.ts";
import { openStack } from "../support/rehearse.ts";

// A canary without a router, on the real engine and driver: users call a Service over the pods of both sides.

const service = "atp-ingestion";
const main = rolloutProgram(async (rollout) => {
  new CanaryDeployment(service, {
    rollout,
    namespace: "atp-prod",
    image: "atp.azurecr.io/ingestion",
    port: 8080,
    replicas: 6,
    route: { replicaRatio: {} },
  });
  return rollout.outputs();
});

const nothing = async () => {};
const names = {
  namespace: "atp-prod",
  route: service,
  stable: service,
  candidate: `${service}-canary`,
};
const health = {
  kind: "http",
  stable: [`http://${service}-stable.atp-prod/health/ready`],
  candidate: [`http://${service}-canary.atp-prod/health/ready`],
};
// The program of this file has no flag.
const change = (rollout: Record<string, unknown>) => {
  const lever = { kind: "replica-ratio", namespace: "atp-prod" };
  Object.assign(rollout, { lever, health, flag: undefined });
};

/** `before` runs at the start of the program, in each preview and update. */
async function open(
  faults: readonly string[],
  before: (step: string | undefined) => Promise<void> = nothing,
) {
  const stack = await openStack({
    change,
    faults,
    program: async (context) => {
      const { target } = context;
      await before(target.kind === "step" ? target.step : undefined);
      return runInContext(context, async () => Object(await main()));
    },
  });
  const ref = { kind: "Service", namespace: "atp-prod", name: service };
  return {
    ...stack,
    /** Shares of the candidate's pods that were ever in force, in percent. */
    shares: () => {
      const all = stack.sandbox.routeHistory.map(({ exposure }) => exposure);
      return all.filter((share, index) => share !== all[index - 1]);
    },
    manifest: () => stack.sandbox.cloud.get(ref)?.manifest,
    owner: () => stack.sandbox.cloud.get(ref)?.rulesOwner,
    failed: () => {
      const { clock, traffic } = stack.sandbox;
      return traffic.between(0, clock.now()).filter(({ flow }) => !flow.served && flow.share > 0);
    },
  };
}

describe.concurrent("a canary without a router", () => {
  it("is promoted, by the shares that six pods can be", async () => {
    const stack = await open([]);
    const outcome = await stack.run("1.2.4");
    expect(outcome).toMatchObject({ outcome: "promoted", exposures: [5, 20, 50, 100] });
    expect(stack.shares()).toEqual([0, 14, 25, 50, 100, 0]);
    expect(stack.manifest()).toMatchObject({ spec: { selector: { app: service, version: "stable" } } });
    expect(JSON.stringify(stack.manifest())).not.toContain("pulumi-rollouts/");
    expect(stack.sandbox.cloud.list("HTTPRoute")).toEqual([]);
    expect(stack.sandbox.cloud.violations).toEqual([]);
    expect(stack.failed()).toEqual([]);
    await stack.close();
  });

  it("is taken back by the lever, loses no request to a missing pod, and can try again", async () => {
    const stack = await open(["errors=3%@20"]);
    const outcome = await stack.run("1.2.4");
    expect(outcome).toMatchObject({ outcome: "reverted", failedAt: "20", revert: { stateEqual: true } });
    expect(stack.shares()).toEqual([0, 14, 25, 0]);
    expect(stack.failed()).toEqual([]);
    expect(stack.sandbox.cloud.violations).toEqual([]);
    // The settled selector is the one that the lever wrote: unless it gave it back, the next step were fenced off.
    expect(stack.owner()).not.toBe("rollouts-lever");
    const next = await stack.run("1.2.5");
    expect(next).toMatchObject({ outcome: "promoted", exposures: [5, 20, 50, 100] });
    await stack.close();
  });

  it("an ordinary update that comes after the lever puts nobody back", async () => {
    let runs = 0;
    const stack: Awaited<ReturnType<typeof open>> = await open([], async (step) => {
      // The second run at 50 is the update: its preview has found nothing in the way.
      if (step === "50" && ++runs === 2) await createRatioLever(stack.sandbox, names).setExposure(0);
    });
    const outcome = await stack.run("1.2.4");
    expect(outcome).toMatchObject({ outcome: "reverted", failedAt: "50", cause: { reason: "UpdateFailed" } });
    expect(JSON.stringify(outcome)).toContain("rollouts-lever");
    expect(JSON.stringify(outcome)).toContain("v1: .spec.selector");
    expect(stack.shares()).toEqual([0, 14, 25, 0]);
    expect(stack.failed()).toEqual([]);
    await stack.close();
  });
});
