import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { runRollout } from "../../src/driver/run.ts";
import type { DriverDeps } from "../../src/driver/session.ts";
import type { Announcement } from "../../src/types/communication.ts";
import type { JournalEntry } from "../../src/types/journal.ts";
import { clusterPart } from "../../tools/cluster-parts.ts";
import { journaled, startDriver } from "../support/cluster-child.ts";
import { type Load, lost, startLoad } from "../support/cluster-load.ts";
import { candidate } from "../support/cluster-program.ts";
import {
  type ClusterSite,
  type ClusterStack,
  openStack,
  startClusterSite,
} from "../support/cluster-stack.ts";
import { waitUntil } from "../support/process.ts";
import { openRollingStack, rollingService } from "../support/rolling-stack.ts";

const drainMs = 2_000;

let site: ClusterSite;
let stack: ClusterStack;
let load: Load | undefined;
let kubectl: string;
beforeAll(async () => {
  const log = (line: string) => console.log(line);
  kubectl = (await clusterPart("kubectl", { env: process.env, log })).path;
  site = await startClusterSite(log);
});
afterEach(async () => {
  await load?.stop();
  load = undefined;
  await stack?.stop();
});
afterAll(() => site?.stop());

const soaksAt = (step: string) => (entry: JournalEntry) => entry.state === "soaking" && entry.step === step;

/** Somebody's shell, in which nothing of this tool runs: the line as it was announced, and nothing else. */
function shell(line: string): Promise<{ readonly code: number; readonly output: string }> {
  const env = { PATH: `${dirname(kubectl)}:/usr/bin:/bin`, HOME: site.dir };
  return new Promise((resolve) => {
    execFile("/bin/sh", ["-c", line], { env, timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? -1);
      resolve({ code, output: `${stdout}${stderr}` });
    });
  });
}

/** What the journal's first entry announced, as whoever is called finds it. */
async function announced({ record }: Pick<DriverDeps, "record">): Promise<readonly string[]> {
  const first = (await record.journal.read()).findLast(({ kind }) => kind === "begin");
  const announcement = first?.data["announcement"] as Announcement | undefined;
  return (announcement?.breakGlass ?? []).flatMap(({ commands }) => commands);
}

describe("the announced command lines, with the driver stopped", () => {
  it("take the traffic off a canary, and an abort lets the stack follow", async () => {
    stack = await openStack(site);
    const { inputs } = await stack.deps.engine.deployed();
    load = startLoad({ url: stack.haproxy.url, perSecond: 200, maxSeconds: 120 });
    const driver = startDriver(stack, "1.2.4");
    const begin = await journaled(stack, "the soak at 20", soaksAt("20"));
    await driver.kill("driver-and-engine");
    expect(stack.watcher.weights()).toEqual([0, 5, 20]);

    const lines = await announced(stack.deps);
    expect(lines).toHaveLength(1);
    for (const line of lines) {
      const { code, output } = await shell(line);
      expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining("patched") });
    }
    await waitUntil({
      what: "the balancer at weight 0",
      timeoutMs: 10_000,
      ready: async () => stack.follower.seen.at(-1)?.weights[candidate] === 0,
    });
    const offAt = stack.follower.seen.at(-1)?.appliedAt ?? Number.NaN;
    await new Promise((resolve) => setTimeout(resolve, drainMs + 1_000));
    expect(stack.watcher.weights()).toEqual([0, 5, 20, 0]);
    // Once more is as good as once: nobody has to know what was done already.
    expect((await shell(lines[0] ?? "")).code).toBe(0);

    // Later somebody has the tool again.
    const at = new Date().toISOString();
    const { rolloutId } = begin;
    await stack.deps.record.requests.submit({ kind: "abort", by: "dana", reason: "by hand", at, rolloutId });
    expect(await stack.run("1.2.4")).toMatchObject({ outcome: "reverted", revert: { stateEqual: true } });
    expect(stack.watcher.weights()).toEqual([0, 5, 20, 0]);
    expect((await stack.deps.engine.deployed()).inputs).toBe(inputs);

    const samples = await load.stop();
    expect(lost(samples)).toEqual([]);
    const after = samples.filter(({ startedAt }) => startedAt > offAt + drainMs);
    expect(after.length).toBeGreaterThan(100);
    expect(after.filter(({ side }) => side !== "stable")).toEqual([]);
  });

  it("put back a version that stands in stable's place", async () => {
    const rolling = await openRollingStack(site);
    const outcome = await runRollout(rolling.deps, { version: "1.2.4", holder: `test pid ${process.pid}` });
    expect(outcome).toMatchObject({ outcome: "promoted" });
    const lines = await announced(rolling.deps);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      const { code, output } = await shell(line);
      expect({ code, output }).toMatchObject({ code: 0 });
    }
    const path = `/apis/apps/v1/namespaces/${rolling.namespace}/deployments/${rollingService}`;
    const { body } = await site.plane.api({ path });
    expect(body.spec.template.spec.containers[0].image).toContain("1.2.3");
    expect(body.status).toMatchObject({ updatedReplicas: 6, readyReplicas: 6 });
  });
});
