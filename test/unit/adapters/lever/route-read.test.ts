import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { KubeJson } from "../../../support/http-fake-kube.ts";
import { type BackendJson, type RouteJson, routePath, setReady } from "../../../support/http-fake-route.ts";
import { canary, other, stable, startWorld, type World } from "./lever-world.ts";

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.kube.close());

const open: World["open"] = (...parameters) => world.open(...parameters);

describe("exposure", () => {
  it.each<[string, readonly (readonly BackendJson[])[], number, boolean]>([
    ["weights of 100", [[stable(95), canary(5)]], 5, true],
    ["the order of the backends says nothing", [[canary(20), stable(80)]], 20, true],
    ["weights of another sum", [[stable(3), canary(1)]], 25, true],
    ["absent weights are 1", [[stable(), canary()]], 50, true],
    ["one absent weight is 1", [[stable(9), canary()]], 10, true],
    ["weight 0 is no exposure, and the backend is there", [[stable(100), canary(0)]], 0, true],
    ["stable alone", [[stable(100)]], 0, false],
    ["rules of others pass by", [[other], [stable(80), canary(20)], [other]], 20, true],
    [
      "several rules with both that agree",
      [
        [stable(80), canary(20)],
        [canary(1), stable(4)],
      ],
      20,
      true,
    ],
  ])("%s", async (_, rules, exposure, hasCandidate) => {
    expect(await open({ rules }).lever.read()).toMatchObject({ exposure, hasCandidate });
  });
});

describe("accepted", () => {
  const both = (generation: number) =>
    [
      ["Accepted", "True", generation],
      ["ResolvedRefs", "True", generation],
    ] as const;
  it.each<[string, RouteJson["parents"], boolean]>([
    ["by its one parent, at this generation", [both(7)], true],
    ["by all parents", [both(7), both(7)], true],
    ["not before the controller has seen this generation", [both(6)], false],
    [
      "not when only the backends were looked at for this generation",
      [
        [
          ["Accepted", "True", 6],
          ["ResolvedRefs", "True", 7],
        ],
      ],
      false,
    ],
    ["not while one parent is behind", [both(7), both(6)], false],
    ["not without a parent: nobody routes it", [], false],
    ["not without conditions", [[]], false],
    ["not when refused", [[["Accepted", "False", 7]]], false],
    ["not when unknown", [[["Accepted", "Unknown", 7]]], false],
    [
      "not when a backend does not resolve",
      [
        [
          ["Accepted", "True", 7],
          ["ResolvedRefs", "False", 7],
        ],
      ],
      false,
    ],
    [
      "not when backends were resolved for an older generation",
      [
        [
          ["Accepted", "True", 7],
          ["ResolvedRefs", "True", 6],
        ],
      ],
      false,
    ],
    ["by a controller that sets no ResolvedRefs", [[["Accepted", "True", 7]]], true],
  ])("%s", async (_, parents, accepted) => {
    const { lever } = open({ rules: [[stable(95), canary(5)]], ...(parents ? { parents } : {}) });
    expect((await lever.read()).accepted).toBe(accepted);
  });

  it("not by a route that has no status yet", async () => {
    open({ rules: [[stable(95), canary(5)]] });
    const { status: _, ...fresh } = world.kube.objects.get(routePath) as KubeJson & { status: unknown };
    world.kube.objects.set(routePath, fresh as KubeJson);
    expect((await open(undefined).lever.read()).accepted).toBe(false);
  });
});

describe("readiness", () => {
  const rules = [[stable(95), canary(5)]];
  it.each([
    ["of both", { atp: 3, "atp-canary": 1 }, { stable: 3, candidate: 1 }],
    ["0 where the field is left out", { atp: 3, "atp-canary": 0 }, { stable: 3, candidate: 0 }],
    [
      "0 where the candidate's Deployment is gone",
      { atp: 3, "atp-canary": undefined },
      { stable: 3, candidate: 0 },
    ],
  ])("%s", async (_, replicas, ready) => {
    setReady(world.kube, replicas);
    expect((await open({ rules }).lever.read()).ready).toEqual(ready);
  });

  it("is left out where Deployments may not be read", async () => {
    world.kube.override = ({ url }) =>
      url.pathname.includes("/deployments/") ? { status: 403, body: "{}" } : undefined;
    const reading = await open({ rules }).lever.read();
    expect(reading).toEqual({ exposure: 5, accepted: true, hasCandidate: true });
  });

  it("fails where stable's Deployment is gone", async () => {
    setReady(world.kube, { atp: undefined });
    await expect(open({ rules }).lever.read()).rejects.toThrow(
      /deployments\.apps prod\/atp: HTTP 404 NotFound/,
    );
  });
});
