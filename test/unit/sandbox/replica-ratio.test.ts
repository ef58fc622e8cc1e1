import { describe, expect, it } from "vitest";
import { parseFault } from "../../../src/sandbox/faults.ts";
import { LEVER_MANAGER } from "../../../src/sandbox/lever.ts";
import { createRatioLever } from "../../../src/sandbox/lever-ratio.ts";
import type { Manifest } from "../../../src/sandbox/manifest.ts";
import { createSandbox, type Sandbox } from "../../../src/sandbox/sandbox.ts";
import { deployment, MINUTE, names, ref, SECOND, START_MS, service } from "./world.ts";

const annotations = (exposure: number): Manifest => ({
  "pulumi-rollouts/exposure": String(exposure),
  "pulumi-rollouts/stable-replicas": "6",
});

/** The Service that users call: `version` is the side that it takes, undefined both. */
function shared(version: "stable" | "canary" | undefined, exposure?: number): Manifest {
  const side: Manifest = version === undefined ? {} : { version };
  const said: Manifest = exposure === undefined ? {} : { annotations: annotations(exposure) };
  return {
    ...service("stable"),
    metadata: { name: names.stable, namespace: names.namespace, ...said },
    spec: { selector: { app: "ingestion", ...side }, ports: [{ port: 8080 }] },
  };
}

const canary = (replicas: number) => deployment("canary", { image: "atp/ingestion:1.1.0", replicas });

/** Six pods of stable and one of a candidate that gets nothing yet. */
async function world(faults: readonly string[] = []): Promise<Sandbox> {
  const sandbox = createSandbox({
    seed: 7,
    startMs: START_MS,
    faults: faults.map(parseFault),
    sharedService: names.stable,
  });
  const { cloud, clock } = sandbox;
  cloud.create(deployment("stable", { replicas: 6 }));
  await cloud.awaitLive(ref("Deployment", names.stable), 10 * MINUTE);
  cloud.create(shared("stable"));
  cloud.create(service("canary"));
  cloud.create(canary(1));
  await cloud.awaitLive(ref("Deployment", names.candidate), 10 * MINUTE);
  await clock.advance(START_MS + 2 * MINUTE - clock.now());
  return sandbox;
}

/** A step as an update takes it: pods first, then the Service. */
async function step(sandbox: Sandbox, exposure: number, pods: number): Promise<void> {
  sandbox.cloud.preview(shared(undefined, exposure));
  sandbox.cloud.update(canary(pods));
  await sandbox.cloud.awaitLive(ref("Deployment", names.candidate), 10 * MINUTE);
  sandbox.cloud.update(shared(undefined, exposure));
  await sandbox.clock.advance(SECOND);
}

const shares = ({ routeHistory }: Sandbox) => routeHistory.map(({ exposure }) => exposure);
const users = ({ cloud }: Sandbox) => cloud.get(ref("Service", names.stable));
/** Shares of the requests, in thousandths, in the second that has just passed. */
function flowing({ clock, cloud, traffic }: Sandbox): Record<string, number> {
  cloud.settle();
  const found: Record<string, number> = {};
  for (const { flow } of traffic.between(clock.now() - SECOND, clock.now())) {
    const key = flow.served ? flow.cohort : "nobody";
    found[key] = (found[key] ?? 0) + flow.share * 1000;
  }
  return Object.fromEntries(Object.entries(found).map(([key, share]) => [key, Math.round(share)]));
}

describe("requests to a Service over both sides", () => {
  it("spread evenly over the ready pods of both", async () => {
    const sandbox = await world();
    await sandbox.clock.advance(SECOND);
    expect(flowing(sandbox)).toEqual({ stable: 1000 });
    await step(sandbox, 5, 1);
    await sandbox.clock.advance(SECOND);
    expect(flowing(sandbox)).toEqual({ candidate: 143, stable: 857 });
    await step(sandbox, 50, 6);
    await sandbox.clock.advance(SECOND);
    expect(flowing(sandbox)).toEqual({ candidate: 500, stable: 500 });
    expect(sandbox.cloud.violations).toEqual([]);
  });

  it("follow a new selector a second after it was written, and pods as they get ready", async () => {
    const sandbox = await world();
    const fromMs = sandbox.clock.now();
    sandbox.cloud.update(shared(undefined, 5));
    await sandbox.clock.advance(SECOND - 1);
    expect(shares(sandbox)).toEqual([0]);
    await sandbox.clock.advance(1);
    expect(shares(sandbox)).toEqual([0, 14]);
    sandbox.cloud.update(canary(3));
    await sandbox.clock.advance(15 * SECOND);
    const recent = sandbox.routeHistory.slice(1);
    // Two pods at one instant are one change.
    expect(recent.map(({ exposure, atMs }) => [exposure, atMs - fromMs])).toEqual([
      [14, 1_000],
      [33, 16_000],
    ]);
  });

  it("don't come by a Service that nobody named: there a route does", async () => {
    const sandbox = createSandbox({ seed: 7, startMs: START_MS, faults: [] });
    sandbox.cloud.create(deployment("stable", { replicas: 6 }));
    sandbox.cloud.create(shared("stable"));
    await sandbox.clock.advance(MINUTE);
    expect([shares(sandbox), flowing(sandbox)]).toEqual([[], {}]);
  });

  it("all fail without a ready pod, and deleting what they go to is said", async () => {
    const sandbox = await world();
    await step(sandbox, 5, 1);
    sandbox.cloud.remove(ref("Deployment", names.candidate));
    sandbox.cloud.remove(ref("Deployment", names.stable));
    await sandbox.clock.advance(SECOND);
    expect(flowing(sandbox)).toEqual({ nobody: 1000 });
    const kinds = sandbox.cloud.violations.map(({ kind }) => kind);
    expect(kinds).toEqual(["deleted-in-use", "deleted-in-use", "no-ready-pods"]);
  });
});

describe("faults go by the share that pods are", () => {
  it.each([
    ["errors=3%@14", 5, 1, true],
    ["errors=3%@15", 5, 1, false],
    ["errors=3%@25", 20, 2, true],
  ])("%s at %i with %i pods: %s", async (fault, exposure, pods, isOn) => {
    const sandbox = await world([fault]);
    await step(sandbox, exposure, pods);
    await sandbox.clock.advance(MINUTE);
    sandbox.cloud.settle();
    const binMs = Math.floor(sandbox.clock.now() / 10_000) * 10_000 - 10_000;
    expect(sandbox.faults.onBin("errors", binMs).length > 0).toBe(isOn);
  });

  it("those of pods by the step that they are made for", async () => {
    const sandbox = await world(["image-pull@20"]);
    await step(sandbox, 5, 1);
    sandbox.cloud.preview(shared(undefined, 20));
    sandbox.cloud.update(canary(2));
    await expect(sandbox.cloud.awaitLive(ref("Deployment", names.candidate), 5 * MINUTE)).rejects.toThrow(
      "ImagePullBackOff",
    );
    // The pod that never starts takes no share.
    expect(shares(sandbox)).toEqual([0, 14]);
  });

  it("a slow router keeps the Service's last write from being in force", async () => {
    const sandbox = await world(["slow-router@20:3m"]);
    await step(sandbox, 5, 1);
    const lever = createRatioLever(sandbox, names);
    expect(await lever.read()).toMatchObject({ exposure: 5, accepted: true });
    await step(sandbox, 20, 2);
    expect(await lever.read()).toMatchObject({ exposure: 20, accepted: false });
    await sandbox.clock.advance(3 * MINUTE);
    expect(await lever.read()).toMatchObject({ exposure: 20, accepted: true });
  });
});

describe("the lever and the engine on one Service", () => {
  it("takes everything off the candidate within a second, and says so", async () => {
    const sandbox = await world();
    await step(sandbox, 20, 2);
    const lever = createRatioLever(sandbox, names);
    expect(await lever.read()).toEqual({
      exposure: 20,
      accepted: true,
      hasCandidate: true,
      ready: { stable: 6, candidate: 2 },
      stable: { complete: true, progress: "6 of 6 updated" },
      progress: "2 of 2 candidate pods beside 6 of stable, 25 %",
    });
    await lever.setExposure(0);
    expect(users(sandbox)?.manifest).toEqual(shared("stable", 0));
    expect(await lever.read()).toMatchObject({ exposure: 0, accepted: false });
    await sandbox.clock.sleep(SECOND);
    expect(await lever.read()).toMatchObject({ exposure: 0, accepted: true, hasCandidate: true });
    await sandbox.clock.sleep(SECOND);
    expect(flowing(sandbox)).toEqual({ stable: 1000 });
  });

  it("an update after it meets a conflict, until the lever has given the selector back", async () => {
    const sandbox = await world();
    await step(sandbox, 20, 2);
    const lever = createRatioLever(sandbox, names);
    await lever.setExposure(0);
    expect(() => sandbox.cloud.update(shared(undefined, 50))).toThrow(
      'conflict with "rollouts-lever" using v1: .spec.selector',
    );
    // The baseline's own selector is the one that the lever wrote: by force too it is only shared.
    sandbox.cloud.update(shared("stable"), { force: true });
    expect(users(sandbox)?.rulesOwner).toBe(LEVER_MANAGER);
    expect(() => sandbox.cloud.update(shared(undefined, 5))).toThrow("conflict");
    await lever.release?.();
    expect(() => sandbox.cloud.update(shared(undefined, 5))).not.toThrow();
  });

  it("gives the candidate everything, but moves no share", async () => {
    const sandbox = await world();
    await step(sandbox, 20, 2);
    const lever = createRatioLever(sandbox, names);
    await lever.setExposure(20);
    expect(users(sandbox)?.rulesOwner).not.toBe(LEVER_MANAGER);
    await expect(lever.setExposure(50)).rejects.toMatchObject({ code: "exposure-invalid", exit: "config" });
    await lever.setExposure(100);
    await sandbox.clock.advance(2 * SECOND);
    expect(await lever.read()).toMatchObject({ exposure: 100, accepted: true });
    expect(flowing(sandbox)).toEqual({ candidate: 1000 });
  });

  it("refuses what it doesn't know, and a candidate that isn't there", async () => {
    const sandbox = await world();
    const lever = createRatioLever(sandbox, names);
    sandbox.cloud.remove(ref("Deployment", names.candidate));
    await expect(lever.setExposure(100)).rejects.toMatchObject({ code: "lever-no-candidate" });
    expect(await lever.read()).toMatchObject({ exposure: 0, hasCandidate: false });
    sandbox.cloud.update({ ...shared("stable"), spec: { selector: { tier: "web" } } });
    await expect(lever.read()).rejects.toMatchObject({ code: "lever-route-shape" });
    await expect(lever.setExposure(0)).rejects.toMatchObject({ code: "lever-route-shape" });
    const other = createRatioLever(sandbox, { ...names, route: "other" });
    await expect(other.read()).rejects.toMatchObject({ code: "lever-no-route" });
  });
});
