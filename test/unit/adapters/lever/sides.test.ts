import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createIngressNginxLever } from "../../../../src/adapters/lever/ingress-nginx.ts";
import { createIstioLever } from "../../../../src/adapters/lever/istio.ts";
import { createReplicaRatioLever } from "../../../../src/adapters/lever/replica-ratio.ts";
import type { Lever } from "../../../../src/ports/lever.ts";
import { canaryIngressJson, canaryIngressPath } from "../../../support/http-fake-ingress.ts";
import { virtualServiceJson, virtualServicePath } from "../../../support/http-fake-istio.ts";
import { names, routeJson, routePath } from "../../../support/http-fake-route.ts";
import { sharedServiceJson, sharedServicePath } from "../../../support/http-fake-shared-service.ts";
import { startWorld, type World } from "./lever-world.ts";

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(async () => {
  await world.kube.close();
});

const path = "/apis/apps/v1/namespaces/prod/deployments/atp";
const said = { annotations: { "pulumi-rollouts/identity": "1.2.4+abc" } };

/** Stable's Deployment with 6 pods wanted, at generation 7, as the API gives it. */
function put(status: Readonly<Record<string, number>>, of: { template?: object; replicas?: number } = {}) {
  const { template = { metadata: said }, replicas = 6 } = of;
  const metadata = { name: "atp", namespace: "prod", generation: 7, resourceVersion: "1" };
  world.kube.objects.set(path, { metadata, spec: { replicas, template }, status });
}

const done = {
  observedGeneration: 7,
  replicas: 6,
  readyReplicas: 6,
  updatedReplicas: 6,
  availableReplicas: 6,
};

const onRoute = async () => {
  const rules = [
    [
      { name: "atp", weight: 0 },
      { name: "atp-canary", weight: 100 },
    ],
  ];
  return (await world.open({ rules }).lever.read()).stable;
};

describe("stable is complete", () => {
  // The rule of `kubectl rollout status` (deployment_status.go: ViewRollout) and of the Deployment controller
  // (deployment_util.go: DeploymentComplete).
  const table: { why: string; change: Record<string, number>; complete: boolean; progress?: string }[] = [
    {
      why: "where every pod is updated and available",
      change: {},
      complete: true,
      progress: "6 of 6 updated",
    },
    {
      why: "not by counts of the generation before: they are of other pods",
      change: { observedGeneration: 6 },
      complete: false,
      progress: "its controller has not looked at the change yet",
    },
    {
      why: "not while old pods are left",
      change: { replicas: 7, updatedReplicas: 6 },
      complete: false,
      progress: "6 of 6 updated, 1 old pending",
    },
    {
      why: "not while pods of the new version are missing",
      change: { updatedReplicas: 2 },
      complete: false,
      progress: "2 of 6 updated, 4 old pending",
    },
    {
      why: "not while one isn't ready for long enough",
      change: { availableReplicas: 5 },
      complete: false,
      progress: "6 of 6 updated, 5 available",
    },
  ];
  it.each(table)("$why", async ({ change, complete, progress }) => {
    put({ ...done, ...change });
    expect(await onRoute()).toEqual({ identity: "1.2.4+abc", complete, progress });
  });

  it("at 0 pods too, whose counts are all left out, and not without any status", async () => {
    put({ observedGeneration: 7 }, { replicas: 0 });
    expect(await onRoute()).toMatchObject({ complete: true, progress: "0 of 0 updated" });
    put({}, { replicas: 0 });
    expect(await onRoute()).toMatchObject({ complete: false });
  });

  it("and names no version where the template has none", async () => {
    put(done, { template: {} });
    expect(await onRoute()).toEqual({ complete: true, progress: "6 of 6 updated" });
  });
});

describe("every router's reading has it", () => {
  const place = () => ({ namespace: "prod", kubeconfig: world.kube.kubeconfig });
  const levers: Record<string, () => Lever> = {
    "http-route": () => world.open(undefined).lever,
    istio: () => createIstioLever({ config: { kind: "istio", ...place(), virtualService: "atp" }, names }),
    "ingress-nginx": () =>
      createIngressNginxLever({
        config: { kind: "ingress-nginx", ...place(), ingress: "atp-canary" },
        names,
      }),
    "replica-ratio": () =>
      createReplicaRatioLever({ config: { kind: "replica-ratio", ...place(), service: "atp" }, names }),
  };
  it.each(Object.entries(levers))("%s", async (_kind, open) => {
    const { objects } = world.kube;
    objects.set(routePath, routeJson({ rules: [[{ name: "atp", weight: 100 }]] }));
    objects.set(virtualServicePath, virtualServiceJson({ routes: [[{ host: "atp", weight: 100 }]] }));
    objects.set(
      canaryIngressPath,
      canaryIngressJson({ annotations: { canary: "true", "canary-weight": "0" } }),
    );
    objects.set(sharedServicePath, sharedServiceJson());
    put({ ...done, updatedReplicas: 1 });
    const { stable, ready } = await open().read();
    expect(stable).toEqual({
      identity: "1.2.4+abc",
      complete: false,
      progress: "1 of 6 updated, 5 old pending",
    });
    expect(ready?.stable).toBe(6);
  });
});
