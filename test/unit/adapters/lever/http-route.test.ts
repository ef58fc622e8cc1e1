import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createHttpRouteLever } from "../../../../src/adapters/lever/http-route.ts";
import { openKubeApi } from "../../../../src/adapters/lever/kube-api.ts";
import type { FakeAnswer } from "../../../support/http-fake.ts";
import { names, routeJson, routePath } from "../../../support/http-fake-route.ts";
import { canary, other, stable, startWorld, type World } from "./lever-world.ts";

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.kube.close());

const open: World["open"] = (...parameters) => world.open(...parameters);
const patches = () => world.patches();
const backendsNow = () => world.backendsNow();

describe("the write", () => {
  it("is one JSON patch that tests the names before it replaces the weights", async () => {
    await open({ rules: [[other], [canary(5), stable(95)]] }).lever.setExposure(20);
    const [patch, ...more] = patches();
    expect(more).toHaveLength(0);
    expect(patch?.headers["content-type"]).toBe("application/json-patch+json");
    expect(patch?.url.searchParams.get("fieldManager")).toBe("rollouts-lever");
    const at = "/spec/rules/1/backendRefs";
    expect(JSON.parse(patch?.body ?? "")).toEqual([
      { op: "test", path: `${at}/1/name`, value: "atp" },
      { op: "test", path: `${at}/0/name`, value: "atp-canary" },
      { op: "replace", path: `${at}/1/weight`, value: 80 },
      { op: "replace", path: `${at}/0/weight`, value: 20 },
    ]);
  });

  it("adds weights that are absent, and moves every rule of the rollout at once", async () => {
    await open({
      rules: [
        [stable(), canary()],
        [stable(95), canary(5)],
      ],
    }).lever.setExposure(0);
    expect(backendsNow()).toEqual([
      [
        ["atp", 100],
        ["atp-canary", 0],
      ],
      [
        ["atp", 100],
        ["atp-canary", 0],
      ],
    ]);
    expect(patches()).toHaveLength(1);
  });

  it("is left out where the weights are there already, in whatever sum", async () => {
    await open({ rules: [[stable(4), canary(1)]] }).lever.setExposure(20);
    expect(patches()).toHaveLength(0);
  });
});

describe("a route that changes under the write", () => {
  const before = { rules: [[stable(95), canary(5)]] };
  const conflict: FakeAnswer = {
    status: 409,
    body: JSON.stringify({ reason: "Conflict", message: "please apply your changes to the latest version" }),
  };

  it("is read again after a failed test, and written at its new places", async () => {
    const { lever, lines } = open(before);
    let moved = false;
    world.kube.override = ({ method }) => {
      if (method === "PATCH" && !moved) {
        moved = true;
        world.kube.objects.set(routePath, routeJson({ rules: [[other], [canary(5), stable(95)]] }));
      }
      return undefined;
    };
    await lever.setExposure(0);
    expect(backendsNow()).toEqual([
      [["other", 1]],
      [
        ["atp-canary", 0],
        ["atp", 100],
      ],
    ]);
    expect(patches()).toHaveLength(2);
    expect(lines).toEqual([expect.stringContaining("reading it again")]);
  });

  it("needs no write when the candidate went meanwhile", async () => {
    const { lever } = open(before);
    world.kube.override = ({ method }) => {
      if (method === "PATCH") world.kube.objects.set(routePath, routeJson({ rules: [[stable(100)]] }));
      return undefined;
    };
    await lever.setExposure(0);
    expect(backendsNow()).toEqual([[["atp", 100]]]);
  });

  it.each([
    ["twice in conflict, then free", 2, undefined],
    [
      "always in conflict",
      99,
      /httproutes\.gateway\.networking\.k8s\.io prod\/atp: HTTP 409 Conflict: please apply/,
    ],
  ])("%s", async (_, conflicts, message) => {
    const { lever } = open(before);
    world.kube.override = ({ method }) =>
      method === "PATCH" && patches().length <= conflicts ? conflict : undefined;
    const write = lever.setExposure(0);
    if (message) await expect(write).rejects.toThrow(message);
    else await write;
    expect(patches()).toHaveLength(3);
  });
});

describe("errors name the object and the API's reason", () => {
  const rules = [[stable(95), canary(5)]];
  const denied: FakeAnswer = {
    status: 403,
    body: JSON.stringify({ reason: "Forbidden", message: "User ci cannot patch" }),
  };

  it("404: no such route", async () => {
    const refused = {
      code: "kube-api",
      exit: "resource",
      message:
        "Could not read httproutes.gateway.networking.k8s.io prod/atp: HTTP 404 NotFound: httproutes atp not found.",
    };
    await expect(open(undefined).lever.read()).rejects.toMatchObject(refused);
  });

  it("403: not allowed, and not tried again", async () => {
    const { lever } = open({ rules });
    world.kube.override = ({ method }) => (method === "PATCH" ? denied : undefined);
    await expect(lever.setExposure(0)).rejects.toMatchObject({
      code: "kube-denied",
      exit: "auth",
      message: expect.stringMatching(/Forbidden: User ci cannot patch/),
    });
    expect(patches()).toHaveLength(1);
  });

  it.each<[string, FakeAnswer, RegExp]>([
    ["500 without a Status", { status: 500, body: "boom" }, /HTTP 500/],
    ["a dropped connection", "cut", /Could not read .*prod\/atp/],
    [
      "an object of another form",
      { status: 200, body: '{"metadata":{}}', headers: { "content-type": "application/json" } },
      /not what the API promises/,
    ],
  ])("%s", async (_, answer, message) => {
    world.kube.override = ({ url }) => (url.pathname === routePath ? answer : undefined);
    await expect(open({ rules }).lever.read()).rejects.toThrow(message);
  });

  it("an API server where nothing listens, without the token", async () => {
    const error = await open({ rules }, { context: "nowhere" })
      .lever.read()
      .catch((thrown: Error) => thrown);
    expect(String(error)).toMatch(/Could not read .*: (ECONNREFUSED|.*bad port.*)/i);
    expect(JSON.stringify(error) + String(error)).not.toContain("fake-bearer-token");
  });

  it("an API server that hangs is given up", async () => {
    world.kube.override = () => "hang";
    const config = {
      kind: "http-route" as const,
      namespace: "prod",
      route: "atp",
      kubeconfig: world.kube.kubeconfig,
    };
    const lever = createHttpRouteLever({ config, names, api: openKubeApi(config, { timeoutMs: 50 }) });
    await expect(lever.read()).rejects.toThrow(/no answer in time/);
  });

  it("a context that the kubeconfig lacks, with those that it has", async () => {
    await expect(open({ rules }, { context: "prod" }).lever.read()).rejects.toMatchObject({
      code: "kubeconfig-invalid",
      exit: "config",
      message: expect.stringContaining("here, nowhere"),
    });
  });

  it("a kubeconfig that is none", async () => {
    const dir = await mkdtemp(join(tmpdir(), "rollouts-kubeconfig-"));
    await writeFile(join(dir, "config"), "a: [");
    const read = open({ rules }, { kubeconfig: join(dir, "config") }).lever.read();
    await expect(read).rejects.toMatchObject({ code: "kubeconfig-invalid" });
    await rm(dir, { recursive: true });
  });
});
