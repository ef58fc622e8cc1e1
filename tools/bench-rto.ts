import { stderr, stdout } from "node:process";
import { runRollout } from "../src/driver/run.ts";
import { rtoOf } from "../src/plan/matrix.ts";
import type { StrategyKind } from "../src/types/plan.ts";
import { revertRound } from "../test/support/cluster-rounds.ts";
import { type ClusterSite, openStack, startClusterSite } from "../test/support/cluster-stack.ts";
import { mustSucceed } from "../test/support/kube-api.ts";
import { openStack as openRehearsal } from "../test/support/rehearse.ts";
import { openRollingStack, rollingService } from "../test/support/rolling-stack.ts";
import { watchRolling } from "../test/support/rolling-watch.ts";

// `npm run bench:rto`: the way back of each strategy, from the verdict until no user meets the new version any more,
// beside the objective of the guide's matrix. A miss fails (exit 1). What is simulated says so: a virtual clock's pods,
// or an App Service on loopback whose swap takes 0.4 s where a real one warms up first. Ends by itself.

const talk = (line: string): void => void stderr.write(`${line}\n`);

interface Row {
  readonly what: string;
  readonly strategy: StrategyKind;
  readonly ms: number;
  readonly how: string;
}

/** Canary: one patch of the route, seen by a watcher outside. */
async function traffic(site: ClusterSite): Promise<Row> {
  const timeouts = { rollout: "60s", confirm: "20s", verify: "20s", afterRevert: "1s" };
  const stack = await openStack(site, { rollout: { soak: "5m", drain: "1s", timeouts } });
  try {
    const { leverMs } = await revertRound(site, stack, "2.0.0");
    return {
      what: "traffic (canary)",
      strategy: "canary",
      ms: leverMs,
      how: "measured: API server, watcher",
    };
  } finally {
    await stack.stop();
  }
}

/** In place: six pods, one more and one fewer at most, each ready for 30 s before it counts. */
async function undo(site: ClusterSite): Promise<Row> {
  const stack = await openRollingStack(site);
  const watcher = watchRolling(site.plane, stack.namespace);
  try {
    const running = runRollout(stack.deps, { version: "1.2.4", holder: `bench pid ${process.pid}` });
    await watcher.waitFor("six pods of 1.2.4", ({ byVersion }) => byVersion["1.2.4"] === 6);
    while (!stack.entries.some(({ state }) => state === "soaking")) {
      await new Promise((done) => setTimeout(done, 50));
    }
    const path = `/apis/apps/v1/namespaces/${stack.namespace}/deployments/${rollingService}`;
    const body = { spec: { minReadySeconds: 30, progressDeadlineSeconds: 600 } };
    await mustSucceed(site.plane.api, { method: "PATCH", path, body });
    stack.fail(true);
    const { outcome, revert } = await running;
    if (outcome !== "reverted" || revert?.stateEqual !== true) throw new Error(`a wrong state: ${outcome}`);
    return {
      what: "undo (rolling, 6 replicas, 30 s each)",
      strategy: "rolling",
      ms: revert.leverMs ?? Number.NaN,
      how: "measured: API server, pods of kwok",
    };
  } finally {
    watcher.stop();
  }
}

async function rehearsed(row: Omit<Row, "ms">, options: Parameters<typeof openRehearsal>[0]): Promise<Row> {
  const stack = await openRehearsal(options);
  try {
    const { outcome, revert } = await stack.run("1.2.4");
    if (outcome !== "reverted" || revert?.stateEqual !== true) throw new Error(`a wrong state: ${outcome}`);
    return { ...row, ms: revert.leverMs ?? Number.NaN };
  } finally {
    await stack.close();
  }
}

const slot = () =>
  rehearsed(
    {
      what: "slot (blue-green, swapped back)",
      strategy: "blue-green",
      how: "simulated: App Service on loopback",
    },
    { stack: "staging", faults: ["errors=3%@100"] },
  );

const hotfix = () =>
  rehearsed(
    {
      what: "hotfix (direct, 6 replicas, 30 s each)",
      strategy: "direct",
      how: "simulated: pods of a virtual clock",
    },
    { faults: ["errors=3%@100"], change: (rollout) => void Object.assign(rollout, { preset: "hotfix" }) },
  );

async function main(): Promise<boolean> {
  const rows: Row[] = [];
  rows.push(await slot());
  rows.push(await hotfix());
  const site = await startClusterSite(talk);
  try {
    rows.push(await traffic(site));
    rows.push(await undo(site));
  } finally {
    await site.stop();
  }
  const cells = [
    ["way back", "figure", "objective", "", "how"],
    ...rows.map(({ what, strategy, ms, how }) => {
      const objective = rtoOf(strategy) * 1000;
      const met = ms < objective ? "met" : "MISSED";
      return [what, seconds(ms), `< ${seconds(objective)}`, met, how];
    }),
  ];
  const widths =
    cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of cells) {
    stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()}\n`,
    );
  }
  return rows.every(({ strategy, ms }) => ms < rtoOf(strategy) * 1000);
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

try {
  if (!(await main())) process.exitCode = 1;
} catch (error) {
  talk(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
