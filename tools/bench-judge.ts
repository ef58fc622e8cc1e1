import { argv, stderr, stdout } from "node:process";
import { parseArgs } from "node:util";
import { badShares, promotionsOf, tableOf } from "./judge/bench.ts";
import { report } from "./judge/report.ts";
import { binsPerSecond, bytesPerRollout } from "./judge/speed.ts";
import { missedTargets } from "./judge/targets.ts";

// `npm run bench:judge [-- --rollouts N]`: speed and size of the evidence, and how often and how late it reverts,
// beside the guide's rules and two peers, on simulated rollouts with fixed seeds. A figure that misses its target is
// exit 1. Ends by itself.

/** N healthy rollouts a rate, a fifth of it for each bad canary, a tenth for promotions. */
const defaultRollouts = 60_000;
const talk = (line: string): void => void stderr.write(`${line}\n`);

function main(rollouts: number): readonly string[] {
  talk("speed and size");
  const speed = binsPerSecond(Math.min(1_000_000, rollouts * 50));
  const bytes = bytesPerRollout(10_000);
  talk(`${rollouts} healthy rollouts at each of six rates`);
  const healthy = tableOf(0.001, rollouts, 100);
  const some = Math.ceil(rollouts / 5);
  const bad = badShares.map((share, index) => {
    talk(`${some} rollouts at each rate whose canary fails ${share * 100} %`);
    return tableOf(share, some, 200 + 100 * index);
  });
  talk("promotions");
  const few = Math.ceil(rollouts / 10);
  const promotions = [promotionsOf(0.001, few, 600), promotionsOf(0.02, few, 700)];
  const measured = { binsPerSecond: speed, bytesPerRollout: bytes, healthy, bad, promotions };
  stdout.write(`${report(measured)}\n`);
  return missedTargets(measured);
}

function rolloutsOf(args: readonly string[]): number | undefined {
  try {
    const { values } = parseArgs({ args: [...args], options: { rollouts: { type: "string" } } });
    const rollouts = Number(values.rollouts ?? defaultRollouts);
    return Number.isInteger(rollouts) && rollouts >= 1 && rollouts <= 1_000_000 ? rollouts : undefined;
  } catch {
    return undefined;
  }
}

const rollouts = rolloutsOf(argv.slice(2));
if (rollouts === undefined) {
  talk(
    `usage: bench:judge [-- --rollouts N], N a whole number from 1 to 1000000, default ${defaultRollouts}`,
  );
  process.exitCode = 2;
} else {
  const missed = main(rollouts);
  for (const one of missed) stdout.write(`missed: ${one}\n`);
  if (missed.length > 0) process.exitCode = 1;
  else stdout.write("all targets met\n");
}
