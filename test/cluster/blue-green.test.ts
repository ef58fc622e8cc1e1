import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { lost, startLoad } from "../support/cluster-load.ts";
import { verdictToZero } from "../support/cluster-measure.ts";
import {
  type ClusterSite,
  type ClusterStack,
  openStack,
  startClusterSite,
} from "../support/cluster-stack.ts";

// Blue-green on Kubernetes: the real API server, provider, route, balancer, Prometheus and validation over HTTP.

const talk = (line: string) => console.log(line);

let site: ClusterSite;
let stack: ClusterStack;
beforeAll(async () => {
  site = await startClusterSite(talk);
});
beforeEach(async () => {
  stack = await openStack(site, { rollout: { strategy: "blue-green", soak: "12s" } });
});
afterEach(() => stack?.stop());
afterAll(() => site?.stop());

function checks(): readonly string[] {
  const entry = stack.entries.find(({ kind, data }) => kind === "effect" && data["effect"] === "validate");
  const results = entry?.data["results"] as
    | readonly { readonly name: string; readonly ok: boolean }[]
    | undefined;
  return (results ?? []).map(({ name, ok }) => `${name} ${ok ? "passes" : "fails"}`);
}

describe("a version that is brought up whole, validated, and given everybody", () => {
  it("is promoted: the watcher sees 0, 100, 0, and no request is lost", async () => {
    const load = startLoad({ url: stack.haproxy.url, perSecond: 200, maxSeconds: 120 });
    const outcome = await stack.run("2.0.0");
    const samples = await load.stop();
    expect(outcome, outcome.cause?.message).toMatchObject({ outcome: "promoted" });
    expect(stack.watcher.weights()).toEqual([0, 100, 0]);
    expect(checks()).toEqual(["health passes", "ready passes"]);
    expect(lost(samples)).toEqual([]);
    talk(`${samples.length} requests through a switch and back to stable, none lost`);
    const { record } = await stack.deps.engine.deployed();
    expect(record).toMatchObject({ stable: { version: "2.0.0" }, exposure: 0, step: "promote-clean" });
  });

  it("goes back where its health fails after the swap, and the stack equals its baseline", async () => {
    const before = await stack.deps.engine.deployed();
    const running = stack.run("2.0.0");
    await stack.entry("the soak", ({ state }) => state === "soaking");
    await stack.candidate.set({ ready: false });
    const outcome = await running;
    expect(outcome).toMatchObject({ outcome: "reverted", failedAt: "swap", revert: { stateEqual: true } });
    expect(stack.watcher.weights()).toEqual([0, 100, 0]);
    expect((await stack.deps.engine.deployed()).hash).toBe(before.hash);
    talk(`swap back, verdict → weight 0 at a watcher: ${await verdictToZero(stack)} ms, objective 30 s`);
  });

  it("never gets a user where it doesn't validate", async () => {
    await stack.candidate.set({ ready: false });
    const outcome = await stack.run("2.0.0");
    expect(outcome).toMatchObject({
      outcome: "reverted",
      failedAt: "validate",
      cause: { reason: "ValidationFailed" },
      revert: { stateEqual: true },
    });
    expect(Math.max(...stack.watcher.weights())).toBe(0);
    expect(checks()).toEqual(["health passes", "ready fails"]);
  });
});
