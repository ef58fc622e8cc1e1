import { afterEach } from "vitest";
import { createIngressNginxLever } from "../../src/adapters/lever/ingress-nginx.ts";
import { createIstioLever } from "../../src/adapters/lever/istio.ts";
import { createReplicaRatioLever } from "../../src/adapters/lever/replica-ratio.ts";
import { ratioReplicas } from "../../src/plan/capacity.ts";
import { selectorAt } from "../../src/plan/replica-ratio.ts";
import { canaryIngressJson, canaryIngressPath } from "../support/http-fake-ingress.ts";
import { virtualServiceJson, virtualServicePath } from "../support/http-fake-istio.ts";
import { type KubeFake, startKubeFake } from "../support/http-fake-kube.ts";
import { names, setReady } from "../support/http-fake-route.ts";
import { setPods, sharedServiceJson, sharedServicePath } from "../support/http-fake-shared-service.ts";
import { type LeverReach, type LeverUnderTest, leverSuite } from "./lever-suite.ts";

const servers = new Set<KubeFake>();
afterEach(async () => {
  for (const server of servers) await server.close();
  servers.clear();
});

async function startCluster(): Promise<KubeFake> {
  const kube = await startKubeFake();
  servers.add(kube);
  setReady(kube, { [names.stable]: 3, [names.candidate]: 1 });
  return kube;
}

/** What is the same for every router behind the API server. */
function onCluster(kube: KubeFake): Pick<LeverUnderTest, "writes" | "breakIt"> {
  return {
    writes: () => kube.requests.filter(({ method }) => method !== "GET").length,
    breakIt: async () => {
      servers.delete(kube);
      await kube.close();
    },
  };
}

leverSuite("Istio VirtualService", async () => {
  const kube = await startCluster();
  const config = {
    kind: "istio" as const,
    namespace: "prod",
    virtualService: "atp",
    kubeconfig: kube.kubeconfig,
  };
  return {
    ...onCluster(kube),
    lever: createIstioLever({ config, names }),
    set: async ({ exposure, hasCandidate }) => {
      const stable = { host: names.stable, weight: 100 - exposure };
      const candidate = { host: names.candidate, weight: exposure };
      const routes = [hasCandidate ? [stable, candidate] : [stable]];
      kube.objects.set(virtualServicePath, virtualServiceJson({ routes }));
    },
  };
});

leverSuite("ingress-nginx", async () => {
  const kube = await startCluster();
  const config = {
    kind: "ingress-nginx" as const,
    namespace: "prod",
    ingress: "atp-canary",
    kubeconfig: kube.kubeconfig,
  };
  return {
    ...onCluster(kube),
    lever: createIngressNginxLever({ config, names }),
    set: async ({ exposure, hasCandidate }) => {
      const annotations = { canary: "true", "canary-weight": String(exposure) };
      if (hasCandidate) kube.objects.set(canaryIngressPath, canaryIngressJson({ annotations }));
      else kube.objects.delete(canaryIngressPath);
    },
  };
});

/** All or nothing: a share that is not in force already comes by pods, and so not by a lever. */
const oneSide: LeverReach = {
  moves: [100, 0, 20],
  refuses: [5, 50, -1, 101, 0.5, Number.NaN],
  keepsCandidate: true,
  needsCandidate: { exposure: 100, code: "route-shape" },
};

leverSuite(
  "replica ratio",
  async () => {
    const kube = await startCluster();
    const config = {
      kind: "replica-ratio" as const,
      namespace: "prod",
      service: "atp",
      kubeconfig: kube.kubeconfig,
    };
    return {
      ...onCluster(kube),
      lever: createReplicaRatioLever({ config, names }),
      set: async ({ exposure, hasCandidate }) => {
        const selector = selectorAt("atp", exposure);
        const says = { exposure: String(exposure), "stable-replicas": "6" };
        kube.objects.set(
          sharedServicePath,
          sharedServiceJson({ selector, ...(hasCandidate ? { says } : {}) }),
        );
        setPods(kube, 6, hasCandidate ? ratioReplicas({ exposure, stableReplicas: 6 }) : undefined);
      },
    };
  },
  oneSide,
);
