import { stderr, stdout } from "node:process";
import { argoAbortMs, spread } from "../test/support/cluster-measure.ts";
import { type RevertRound, revertRound } from "../test/support/cluster-rounds.ts";
import { openStack, startClusterSite } from "../test/support/cluster-stack.ts";

// `npm run bench:revert [-- times]`: takes a candidate to 5 % and lets its health check fail, again and again, on
// the real engine and control plane, and measures verdict → weight 0 at a watcher of the route. Ends by itself;
// a slow machine is no failure, a wrong state is (exit 1).

const times = Number(process.argv[2] ?? 20);
/** No new round begins after it, ms. */
const longestMs = 15 * 60_000;
const talk = (line: string): void => void stderr.write(`${line}\n`);

function print(rounds: readonly RevertRound[]): void {
  const lever = spread(rounds.map(({ leverMs }) => leverMs));
  const bare = spread(rounds.map(({ bareMs }) => bareMs));
  const stack = spread(rounds.map(({ stackMs }) => stackMs));
  const line = (what: string, { min, median, max }: typeof lever) =>
    stdout.write(`${what.padEnd(44)} ${[min, median, max].map((ms) => `${ms}`.padStart(7)).join(" ")}\n`);
  stdout.write(`${`${rounds.length} reverts, ms`.padEnd(44)}     min  median     max\n`);
  line("verdict → weight 0 at a watcher", lever);
  line("a bare JSON patch → the same watcher", bare);
  line("Argo Rollouts v1.9, abort → weight 0", argoAbortMs);
  line("verdict → stack restored (drain of 1 s in it)", stack);
  stdout.write(`ratio of the medians to a bare patch: ${(lever.median / bare.median).toFixed(1)}\n`);
}

async function main(): Promise<void> {
  const begun = performance.now();
  const site = await startClusterSite(talk);
  try {
    const timeouts = { rollout: "60s", confirm: "20s", verify: "20s", afterRevert: "1s" };
    const stack = await openStack(site, { rollout: { soak: "5m", drain: "1s", timeouts } });
    try {
      const rounds: RevertRound[] = [];
      while (rounds.length < times && performance.now() - begun < longestMs) {
        rounds.push(await revertRound(site, stack, `2.0.${rounds.length}`));
        const last = rounds.at(-1);
        talk(
          `${rounds.length}/${times}: verdict → weight 0 ${last?.leverMs} ms, bare patch ${last?.bareMs} ms`,
        );
      }
      if (rounds.length < times) talk(`stopped after ${longestMs / 60_000} min with ${rounds.length} rounds`);
      print(rounds);
    } finally {
      await stack.stop();
    }
  } finally {
    await site.stop();
  }
}

if (!Number.isInteger(times) || times < 1 || times > 100) {
  talk(`${process.argv[2]} is no number of rounds: a whole number from 1 to 100; default 20`);
  process.exitCode = 2;
} else {
  try {
    await main();
  } catch (error) {
    talk(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
