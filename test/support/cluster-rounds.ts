import type { Outcome } from "../../src/driver/outcome.ts";
import { barePatches, verdictToZero } from "./cluster-measure.ts";
import type { ClusterSite, ClusterStack } from "./cluster-stack.ts";

/** One revert of a candidate at 5 % whose health check fails, ms. */
export interface RevertRound {
  readonly leverMs: number;
  readonly bareMs: number;
  readonly stackMs: number;
}

/** Takes a candidate to 5 %, lets its health fail, and measures the way back. Throws where the state is wrong after it. */
export async function revertRound(
  site: ClusterSite,
  stack: ClusterStack,
  version: string,
): Promise<RevertRound> {
  const from = stack.watcher.seen.length;
  const running = stack.run(version);
  const soak = stack.entry("the soak at 5 %", ({ state }) => state === "soaking");
  // A driver that ends early is told of by its outcome, below.
  soak.catch(() => {});
  await Promise.race([soak, running]);
  await stack.candidate.set({ ready: false });
  const outcome = await running;
  await stack.candidate.set({ ready: true });
  check(outcome, stack.watcher.weights(from));
  const leverMs = await verdictToZero(stack, from);
  const [bareMs = Number.NaN] = await barePatches(site, stack.namespace, 1);
  return { leverMs, bareMs, stackMs: outcome.revert?.stackMs ?? Number.NaN };
}

function check({ outcome, cause, revert }: Outcome, weights: readonly number[]): void {
  const right = outcome === "reverted" && revert?.stateEqual === true && cause?.gate === "health";
  if (right && weights.join(" ") === "5 0") return;
  throw new Error(
    `a wrong state: ${outcome} (${cause?.message}), equal to its baseline: ${revert?.stateEqual}, weights ${weights}`,
  );
}
