import { describe, expect, it } from "vitest";
import { RolloutError } from "../../../src/errors/errors.ts";
import { parseFault } from "../../../src/sandbox/faults.ts";
import { createSandboxHealth } from "../../../src/sandbox/health.ts";
import { createSandboxLever, LEVER_MANAGER } from "../../../src/sandbox/lever.ts";
import type { Manifest } from "../../../src/sandbox/manifest.ts";
import { createSandbox } from "../../../src/sandbox/sandbox.ts";
import {
  canaryWorld,
  deployment,
  MINUTE,
  names,
  ref,
  route,
  SECOND,
  START_MS,
  service,
  shift,
} from "./world.ts";

const empty = () => createSandbox({ seed: 1, startMs: START_MS, faults: [] });

function errorOf(run: () => unknown): RolloutError {
  try {
    run();
  } catch (error) {
    if (error instanceof RolloutError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("writes", () => {
  it.each([
    ["batch/v1", "Job", "a kind that isn't served"],
    ["apps/v1beta1", "Deployment", "an API version of long ago"],
    ["apps/v1", "DeploymentPatch", "Pulumi's patch resources"],
  ])("refuse %s/%s and list what is served", (apiVersion, kind) => {
    const error = errorOf(() => empty().cloud.create({ apiVersion, kind, metadata: { name: "x" } }));
    expect(error.code).toBe("sandbox-kind-unknown");
    expect(error.message).toContain(`${apiVersion}/${kind}`);
    for (const served of [
      "apps/v1/Deployment",
      "gateway.networking.k8s.io/v1/HTTPRoute",
      "policy/v1/PodDisruptionBudget",
    ]) {
      expect(error.message).toContain(served);
    }
  });

  const labels = { app: "other" };
  it.each<[string, Manifest, string]>([
    [
      "a selector that misses its own pods",
      deployment("stable", { spec: { selector: { matchLabels: labels } } }),
      "labels",
    ],
    ["a paused Deployment, which isn't modelled", deployment("stable", { spec: { paused: true } }), "paused"],
    ["half a weight", route(99.5, 0.5), "weight"],
    ["a negative weight", route(101, -1), "weight"],
  ])("refuse %s", (_reason, manifest, path) => {
    expect(errorOf(() => empty().cloud.create(manifest)).path).toContain(path);
  });

  it("refuse another selector for a Deployment: the field is immutable", () => {
    const { cloud } = empty();
    cloud.create(deployment("stable"));
    const relabelled = deployment("canary");
    const changed = { ...relabelled, metadata: { name: names.stable, namespace: names.namespace } };
    expect(errorOf(() => cloud.update(changed)).message).toContain("field is immutable");
  });

  it("refuse to create what is there and to update what isn't", () => {
    const { cloud } = empty();
    cloud.create(service("stable"));
    expect(errorOf(() => cloud.create(service("stable"))).code).toBe("sandbox-exists");
    expect(errorOf(() => cloud.update(service("canary"))).code).toBe("sandbox-not-found");
  });

  it("leave the cloud alone in a dry run", () => {
    const { cloud } = empty();
    cloud.create(service("stable"), { dryRun: true });
    expect(cloud.list()).toEqual([]);
  });
});

describe("a Deployment", () => {
  const rolls: readonly [string, Manifest, number][] = [
    // One pod at once by surge 1: start 5 s + first probe 10 s + 30 s until it counts.
    ["one pod", { replicas: 1 }, 45],
    ["a first rollout makes all pods at once", { replicas: 6 }, 45],
    ["no probe delay and no minReadySeconds", { replicas: 1, minReadySeconds: 0 }, 15],
    ["no pods at all", { replicas: 0 }, 0],
  ];
  it.each(rolls)("is live after its pods are: %s", async (_reason, spec, seconds) => {
    const { cloud, clock } = empty();
    cloud.create(deployment("stable", { spec }));
    await cloud.awaitLive(ref("Deployment", names.stable), 10 * MINUTE);
    expect((clock.now() - START_MS) / SECOND).toBe(seconds);
    expect(cloud.status(ref("Deployment", names.stable))).toMatchObject({
      complete: true,
      ready: spec["replicas"],
    });
  });

  const strategies: readonly [string, Manifest, number, number][] = [
    // With surge and unavailability of 1, two pods change in each round of 45 s: 6 pods in 3 rounds.
    [
      "surge 1, unavailable 1",
      { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
      3 * 45,
      5,
    ],
    [
      "surge 1, unavailable 0",
      { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      6 * 45,
      6,
    ],
    [
      "half of them in surplus",
      { type: "RollingUpdate", rollingUpdate: { maxSurge: "50%", maxUnavailable: 0 } },
      2 * 45,
      6,
    ],
    [
      "none of both counts as unavailable 1",
      { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } },
      6 * 45,
      5,
    ],
    ["Recreate", { type: "Recreate" }, 45, 0],
  ];
  it.each(strategies)("rolls 6 pods by its strategy: %s", async (_reason, strategy, seconds, leastReady) => {
    const { cloud, clock } = empty();
    const target = ref("Deployment", names.stable);
    cloud.create(deployment("stable", { replicas: 6, spec: { strategy } }));
    await cloud.awaitLive(target, 10 * MINUTE);
    const startedMs = clock.now();
    cloud.update(deployment("stable", { replicas: 6, image: "atp/ingestion:1.1.0", spec: { strategy } }));
    let least = cloud.status(target)?.ready ?? 0;
    const looking = (async () => {
      for (let look = 0; look < 300; look += 1) {
        await clock.sleep(SECOND);
        least = Math.min(least, cloud.status(target)?.ready ?? 0);
      }
    })();
    const release = clock.hold();
    await cloud.awaitLive(target, 10 * MINUTE);
    expect((clock.now() - startedMs) / SECOND).toBe(seconds);
    release();
    await looking;
    expect(least).toBe(leastReady);
    expect(cloud.pods(names.namespace, { app: "ingestion" }).map((pod) => pod.image)).toEqual(
      Array(6).fill("atp/ingestion:1.1.0"),
    );
  });

  it("scales without a rollout, and keeps its pods when only metadata changes", async () => {
    const { cloud, clock } = empty();
    const target = ref("Deployment", names.stable);
    cloud.create(deployment("stable"));
    await cloud.awaitLive(target, 10 * MINUTE);
    const [first] = cloud.pods(names.namespace, { app: "ingestion" });
    cloud.update({
      ...deployment("stable", { replicas: 3 }),
      metadata: { name: names.stable, namespace: names.namespace, labels: { a: "b" } },
    });
    expect(cloud.status(target)).toMatchObject({ replicas: 3, ready: 1, complete: false });
    await cloud.awaitLive(target, 10 * MINUTE);
    expect(cloud.pods(names.namespace, { app: "ingestion" })).toContain(first);
    expect(clock.now() - START_MS).toBe(90 * SECOND);
  });

  it("follows its autoscaler's bounds", async () => {
    const { cloud } = empty();
    const target = ref("Deployment", names.stable);
    const spec = Object.fromEntries(
      Object.entries(deployment("stable")["spec"] as Manifest).filter(([key]) => key !== "replicas"),
    );
    cloud.create({ ...deployment("stable"), spec });
    expect(cloud.status(target)?.replicas).toBe(1);
    const scaler = (minReplicas: number): Manifest => ({
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: names.stable, namespace: names.namespace },
      spec: {
        minReplicas,
        maxReplicas: 8,
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: names.stable },
      },
    });
    cloud.create(scaler(4));
    expect(cloud.status(target)?.replicas).toBe(4);
    cloud.update(scaler(6));
    expect(cloud.status(target)?.replicas).toBe(6);
  });
});

describe("pods that don't come up", () => {
  it.each([
    ["crashloop@5", "CrashLoopBackOff"],
    ["image-pull@5", "ImagePullBackOff"],
  ])(
    "%s: the clock goes to the progress deadline and the wait fails in Kubernetes' words",
    async (fault, said) => {
      const sandbox = createSandbox({ seed: 1, startMs: START_MS, faults: [parseFault(fault)] });
      sandbox.announce(5);
      sandbox.cloud.create(deployment("canary", { spec: { progressDeadlineSeconds: 120 } }));
      const waiting = sandbox.cloud.awaitLive(ref("Deployment", names.candidate), 10 * MINUTE);
      await expect(waiting).rejects.toThrow("failed to fully initialize or become live");
      await expect(waiting).rejects.toThrow(said);
      await expect(waiting).rejects.toThrow("ProgressDeadlineExceeded");
      expect(sandbox.clock.now() - START_MS).toBe(120 * SECOND);
      expect(sandbox.cloud.notLive(ref("Deployment", names.candidate)).join()).toContain(said);
    },
  );

  it("leave stable alone: only what the candidate runs is faulty", async () => {
    const sandbox = createSandbox({ seed: 1, startMs: START_MS, faults: [parseFault("crashloop@5")] });
    sandbox.announce(5);
    sandbox.cloud.create(deployment("stable"));
    await sandbox.cloud.awaitLive(ref("Deployment", names.stable), 10 * MINUTE);
    expect(sandbox.cloud.notLive(ref("Deployment", names.stable))).toEqual([]);
  });

  it("follow the version: stable crashes too when it takes the candidate's build", async () => {
    const sandbox = await canaryWorld({ faults: ["crashloop@5"] });
    await shift(sandbox, 5);
    sandbox.cloud.update(deployment("stable", { replicas: 6, image: "atp/ingestion:1.1.0" }));
    await expect(sandbox.cloud.awaitLive(ref("Deployment", names.stable), 20 * MINUTE)).rejects.toThrow(
      "CrashLoopBackOff",
    );
    // The rolling update stopped with the old pods in service: one was allowed to be missing.
    expect(sandbox.cloud.status(ref("Deployment", names.stable))?.ready).toBe(5);
  });

  it("break down pods that run when the exposure is reached without new ones", async () => {
    const sandbox = await canaryWorld({ faults: ["crashloop@10"] });
    await shift(sandbox, 5);
    expect(sandbox.cloud.status(ref("Deployment", names.candidate))?.ready).toBe(1);
    await shift(sandbox, 10);
    expect(sandbox.cloud.status(ref("Deployment", names.candidate))?.ready).toBe(0);
    expect((await createSandboxHealth(sandbox).probe({ tries: 3, timeoutMs: 1 })).candidate.status).toBe(
      "no-answer",
    );
    expect(sandbox.cloud.violations.map((violation) => violation.kind)).toEqual(["no-ready-pods"]);
  });

  it("of a mere scale-up fail by the provider's time-out: Kubernetes sets no deadline there", async () => {
    const sandbox = await canaryWorld({ faults: ["image-pull@20"] });
    const target = ref("Deployment", names.candidate);
    const startedMs = sandbox.clock.now();
    sandbox.cloud.preview(route(80, 20));
    sandbox.cloud.update(
      deployment("canary", {
        image: "atp/ingestion:1.1.0",
        replicas: 2,
        spec: { progressDeadlineSeconds: 60 },
      }),
    );
    await expect(sandbox.cloud.awaitLive(target, 5 * MINUTE)).rejects.toThrow("ImagePullBackOff");
    expect(sandbox.clock.now() - startedMs).toBe(5 * MINUTE);
    expect(sandbox.cloud.status(target)?.ready).toBe(1);
  });
});

describe("the lever and the engine on one route", () => {
  it("an update after the lever fails with the provider's conflict, and the weights stay", async () => {
    const sandbox = await canaryWorld();
    await shift(sandbox, 20);
    await createSandboxLever(sandbox, names).setExposure(0);
    const error = errorOf(() => sandbox.cloud.update(route(50, 50)));
    expect(error.message).toMatch(/Server-Side Apply field conflict detected/);
    expect(error.message).toMatch(
      /field manager .* had an apply conflict: Apply failed with 1 conflict: conflict with "rollouts-lever".*\.spec\.rules/,
    );
    expect(sandbox.cloud.get(ref("HTTPRoute", names.route))?.manifest).toEqual(route(100, 0));
    expect(sandbox.cloud.get(ref("HTTPRoute", names.route))?.rulesOwner).toBe(LEVER_MANAGER);
  });

  it("a dry run says the same", async () => {
    const sandbox = await canaryWorld();
    await createSandboxLever(sandbox, names).setExposure(5);
    expect(errorOf(() => sandbox.cloud.update(route(50, 50), { dryRun: true })).code).toBe(
      "sandbox-conflict",
    );
  });

  const forced: readonly [string, Manifest, boolean, boolean][] = [
    ["the request's force", route(100, 0), true, false],
    ["setForce", route(100, 0), false, true],
    [
      "the annotation on the route",
      {
        ...route(100, 0),
        metadata: {
          name: names.route,
          namespace: names.namespace,
          annotations: { "pulumi.com/patchForce": "true" },
        },
      },
      false,
      false,
    ],
  ];
  it.each(forced)(
    "%s takes the weights back; later updates need no force",
    async (_reason, manifest, force, setForce) => {
      const sandbox = await canaryWorld();
      await createSandboxLever(sandbox, names).setExposure(5);
      sandbox.cloud.setForce(setForce);
      sandbox.cloud.update(manifest, { force });
      sandbox.cloud.setForce(false);
      expect(() => sandbox.cloud.update(route(80, 20))).not.toThrow();
    },
  );

  it("the lever moves weights within a second and reads back what is in force", async () => {
    const sandbox = await canaryWorld();
    await shift(sandbox, 20);
    const lever = createSandboxLever(sandbox, names);
    await lever.setExposure(0);
    expect(await lever.read()).toMatchObject({ exposure: 20, accepted: false, hasCandidate: true });
    await sandbox.clock.sleep(SECOND);
    expect(await lever.read()).toEqual({
      exposure: 0,
      accepted: true,
      hasCandidate: true,
      ready: { stable: 6, candidate: 1 },
      stable: { complete: true, progress: "6 of 6 updated" },
    });
  });

  it("the same exposure twice, and 0 without a candidate, write nothing", async () => {
    const sandbox = await canaryWorld();
    await shift(sandbox, 20);
    const lever = createSandboxLever(sandbox, names);
    await lever.setExposure(20);
    expect(() => sandbox.cloud.update(route(100))).not.toThrow();
    await lever.setExposure(0);
    expect(() => sandbox.cloud.update(route(100))).not.toThrow();
    await expect(lever.setExposure(5)).rejects.toMatchObject({ code: "lever-no-candidate" });
  });

  it.each<[string, Manifest, string]>([
    [
      "a foreign backend",
      { ...route(100), spec: { rules: [{ backendRefs: [{ name: "legacy", weight: 1 }] }] } },
      "legacy",
    ],
    [
      "two rules",
      {
        ...route(100),
        spec: {
          rules: [{ backendRefs: [{ name: names.stable }] }, { backendRefs: [{ name: names.stable }] }],
        },
      },
      "2 rules",
    ],
  ])("refuses a route with %s", async (_reason, manifest, said) => {
    const sandbox = await canaryWorld();
    sandbox.cloud.update(manifest);
    await expect(createSandboxLever(sandbox, names).setExposure(0)).rejects.toMatchObject({
      code: "lever-route-shape",
      message: expect.stringContaining(said),
    });
  });
});

describe("the router", () => {
  it("keeps every weight that was in force, with its time", async () => {
    const sandbox = await canaryWorld();
    const fromMs = sandbox.clock.now();
    for (const exposure of [5, 20]) await shift(sandbox, exposure);
    await createSandboxLever(sandbox, names).setExposure(0);
    await sandbox.clock.sleep(SECOND);
    const recent = sandbox.routeHistory.filter((entry) => entry.atMs > fromMs);
    expect(recent.map(({ exposure, atMs }) => [exposure, atMs - fromMs])).toEqual([
      [5, 1_000],
      [20, 2_000],
      [0, 3_000],
    ]);
    expect(recent[1]?.weights).toEqual({ [names.stable]: 80, [names.candidate]: 20 });
  });

  it.each([
    ["slow-router@20", 3_600, 5],
    ["slow-router@20:3m", 179, 5],
    ["slow-router@20:3m", 180, 20],
  ])("%s: after %d s, %d %% is in force; the way back is quick", async (fault, seconds, exposure) => {
    const sandbox = await canaryWorld({ faults: [fault] });
    await shift(sandbox, 5);
    const lever = createSandboxLever(sandbox, names);
    sandbox.cloud.update(route(80, 20));
    await sandbox.clock.advance(seconds * SECOND);
    expect(await lever.read()).toMatchObject({ exposure, accepted: exposure === 20 });
    await lever.setExposure(0);
    await sandbox.clock.advance(SECOND);
    expect(await lever.read()).toMatchObject({ exposure: 0, accepted: true });
  });
});

describe("health", () => {
  it.each([
    ["health=503@20", { status: "unhealthy", httpStatus: 503 }, { status: "ok" }],
    ["health=no-answer@20", { status: "no-answer" }, { status: "ok" }],
    ["health=cluster-down@20", { status: "no-answer" }, { status: "no-answer" }],
  ])("%s starts with its exposure", async (fault, candidate, stable) => {
    const sandbox = await canaryWorld({ faults: [fault] });
    const health = createSandboxHealth(sandbox);
    await shift(sandbox, 5);
    expect(await health.probe({ tries: 3, timeoutMs: 5_000 })).toEqual({
      candidate: { status: "ok" },
      stable: { status: "ok" },
    });
    await shift(sandbox, 20);
    expect(await health.probe({ tries: 3, timeoutMs: 5_000 })).toMatchObject({ candidate, stable });
  });
});

describe("violations", () => {
  it("none in a good rollout", async () => {
    const sandbox = await canaryWorld();
    for (const exposure of [5, 100, 0]) await shift(sandbox, exposure);
    sandbox.cloud.remove(ref("Deployment", names.candidate));
    sandbox.cloud.remove(ref("Service", names.candidate));
    expect(sandbox.cloud.violations).toEqual([]);
  });

  it.each(["Deployment", "Service"])(
    "a %s that is deleted under traffic; its requests fail",
    async (kind) => {
      const sandbox = await canaryWorld();
      await shift(sandbox, 20);
      sandbox.cloud.remove(ref(kind, names.candidate));
      expect(sandbox.cloud.violations.map((violation) => violation.kind)).toEqual([
        "deleted-in-use",
        "no-ready-pods",
      ]);
      await sandbox.clock.advance(20 * SECOND);
      const last = sandbox.telemetry.series("candidate", 0, []).bins.at(-1);
      expect(last?.n).toBeGreaterThan(0);
      expect(last?.errors).toBe(last?.n);
    },
  );

  it("a Service whose selector matches nothing", async () => {
    const sandbox = await canaryWorld();
    await shift(sandbox, 20);
    const lost = {
      ...service("canary"),
      spec: { selector: { app: "ingestion", version: "canary", tier: "gone" } },
    };
    sandbox.cloud.update(lost);
    expect(sandbox.cloud.violations.map((violation) => violation.message).join()).toContain(names.candidate);
  });
});
