import { afterEach, expect, it } from "vitest";
import { createHttpRouteLever } from "../../../../src/adapters/lever/http-route.ts";
import { type KubeFake, startKubeFake } from "../../../support/http-fake-kube.ts";
import { names, routeJson, routePath, setReady } from "../../../support/http-fake-route.ts";

let kube: KubeFake | undefined;
afterEach(() => kube?.close());

it("takes every tenant off in one patch, whatever the route's annotation still says", async () => {
  kube = await startKubeFake();
  setReady(kube, { [names.stable]: 3, [names.candidate]: 1 });
  const backends = (stable: number) => [
    { name: names.stable, weight: stable },
    { name: names.candidate, weight: 100 - stable },
  ];
  const route = routeJson({ rules: [backends(0), backends(0), backends(100)] });
  const annotations = { "pulumi-rollouts/exposure": "20" };
  kube.objects.set(routePath, { ...route, metadata: { ...Object(route["metadata"]), annotations } });
  const { kubeconfig, requests } = kube;
  const lever = createHttpRouteLever({
    config: { kind: "http-route", namespace: "prod", route: "atp", kubeconfig },
    names,
  });
  expect(await lever.read()).toMatchObject({ exposure: 20, hasCandidate: true });
  await lever.setExposure(0);
  expect(requests.filter(({ method }) => method !== "GET")).toHaveLength(1);
  const { spec } = kube.objects.get(routePath) as {
    spec: { rules: { backendRefs: { weight: number }[] }[] };
  };
  expect(spec.rules.map(({ backendRefs }) => backendRefs.map(({ weight }) => weight))).toEqual([
    [100, 0],
    [100, 0],
    [100, 0],
  ]);
  expect(await lever.read()).toMatchObject({ exposure: 0 });
});
