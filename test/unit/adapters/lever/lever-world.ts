import { createHttpRouteLever } from "../../../../src/adapters/lever/http-route.ts";
import { type KubeFake, startKubeFake } from "../../../support/http-fake-kube.ts";
import {
  type BackendJson,
  names,
  type RouteJson,
  routeJson,
  routePath,
  setReady,
} from "../../../support/http-fake-route.ts";
import { createMemoryRuntime } from "../../../support/memory-runtime.ts";

export const stable = (weight?: number): BackendJson => ({
  name: "atp",
  ...(weight === undefined ? {} : { weight }),
});
export const canary = (weight?: number): BackendJson => ({
  name: "atp-canary",
  ...(weight === undefined ? {} : { weight }),
});
export const other: BackendJson = { name: "other", weight: 1 };

/** An API server with both Deployments ready, and what a test asks of it. */
export async function startWorld() {
  const kube: KubeFake = await startKubeFake();
  setReady(kube, { [names.stable]: 3, [names.candidate]: 1 });
  const config = {
    kind: "http-route" as const,
    namespace: "prod",
    route: "atp",
    kubeconfig: kube.kubeconfig,
  };
  return {
    kube,
    config,
    /** A lever, on a route where one is given. */
    open(route: RouteJson | undefined, over: { context?: string; kubeconfig?: string } = {}) {
      if (route) kube.objects.set(routePath, routeJson(route));
      const { runtime, lines } = createMemoryRuntime();
      return { lever: createHttpRouteLever({ config: { ...config, ...over }, names, runtime }), lines };
    },
    /** The patches that the server saw. */
    patches: () => kube.requests.filter(({ method }) => method === "PATCH"),
    /** `[name, weight]` of each backend of each rule, as they stand now. */
    backendsNow() {
      const spec = kube.objects.get(routePath)?.spec as { rules: { backendRefs: BackendJson[] }[] };
      return spec.rules.map(({ backendRefs }) => backendRefs.map(({ name, weight }) => [name, weight]));
    },
  };
}
export type World = Awaited<ReturnType<typeof startWorld>>;
