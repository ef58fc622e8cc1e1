import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openRevisions } from "../../../src/cli/compose/revisions.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { aPolicy } from "../../support/builders.ts";
import { setDeployment, sides } from "../../support/http-fake-deployment.ts";
import { type KubeFake, startKubeFake } from "../../support/http-fake-kube.ts";

let kube: KubeFake;
beforeEach(async () => {
  kube = await startKubeFake();
});
afterEach(() => kube.close());

const soak = { increments: [{ exposure: 100, soakSeconds: 300 }] };

function policyOf(more: Partial<EnvironmentPolicy>): EnvironmentPolicy {
  const lever = { kind: "http-route", namespace: "prod", route: "atp", kubeconfig: kube.kubeconfig } as const;
  return aPolicy({ service: "atp", lever, ...soak, ...more });
}

describe("whose revisions are read", () => {
  it.each(["rolling", "direct"] as const)("%s: those of the service's Deployment", async (strategy) => {
    setDeployment(kube, { template: sides.stable, sets: [{ identity: sides.stable, pods: 6, ready: 6 }] });
    const revisions = await openRevisions(policyOf({ strategy }));
    expect(await revisions?.list()).toMatchObject([{ identity: sides.stable, ready: 6 }]);
  });

  const none = [
    { why: "a canary moves the route", policy: { strategy: "canary" } },
    { why: "blue-green has two sides", policy: { strategy: "blue-green" } },
    { why: "a flag has no Deployment of its own", policy: { strategy: "feature-flag" } },
    { why: "a lever that moves no Deployment", policy: { strategy: "rolling", lever: { kind: "sandbox" } } },
  ] as const;
  it.each(none)("$why: none", async ({ policy }) => {
    expect(await openRevisions(policyOf(policy))).toBeUndefined();
    expect(kube.requests).toEqual([]);
  });
});
