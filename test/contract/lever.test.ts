import { afterEach } from "vitest";
import { createHttpRouteLever } from "../../src/adapters/lever/http-route.ts";
import { type KubeFake, startKubeFake } from "../support/http-fake-kube.ts";
import { names, routeJson, routePath, setReady } from "../support/http-fake-route.ts";
import { createMemoryLever } from "../support/memory-lever.ts";
import { leverSuite } from "./lever-suite.ts";

const servers = new Set<KubeFake>();
afterEach(async () => {
  for (const server of servers) await server.close();
  servers.clear();
});

leverSuite("memory", async () => {
  const lever = createMemoryLever();
  let set = 0;
  return {
    lever,
    writes: () => lever.weights.length - 1 - set,
    set: async (route) => {
      const before = lever.weights.length;
      lever.apply(route);
      set += lever.weights.length - before;
    },
    breakIt: async () => lever.failWith(new Error("down")),
  };
});

leverSuite("HTTPRoute", async () => {
  const kube = await startKubeFake();
  servers.add(kube);
  setReady(kube, { [names.stable]: 3, [names.candidate]: 1 });
  const config = {
    kind: "http-route" as const,
    namespace: "prod",
    route: "atp",
    kubeconfig: kube.kubeconfig,
  };
  return {
    lever: createHttpRouteLever({ config, names }),
    writes: () => kube.requests.filter(({ method }) => method !== "GET").length,
    set: async ({ exposure, hasCandidate }) => {
      const stable = { name: names.stable, weight: 100 - exposure };
      const candidate = { name: names.candidate, weight: exposure };
      kube.objects.set(routePath, routeJson({ rules: [hasCandidate ? [stable, candidate] : [stable]] }));
    },
    breakIt: async () => {
      servers.delete(kube);
      await kube.close();
    },
  };
});
