import { certifies } from "../../src/analysis/clopper-pearson.ts";
import { errorsMetric } from "../../src/analysis/pace-options.ts";
import { soakBins } from "./gates.ts";
import type { Random } from "./random.ts";
import { drawsOf, type Scenario, SimulatedRollout, weights } from "./rollout.ts";

export type Outcome = "promoted" | "reverted" | "held";

/** gates.md 2.5, items 4 and 5: a hold extends the soak in 5 min steps up to 4 times its length, then asks a person. */
const stepBins = 30;
const mostSoaks = 4;
/** Evidence from which on a step isn't promoted. */
const doubt = 3;

/**
 * A rollout with its holds, judged on errors: at the end of each soak, only little evidence against the canary and
 * proof of an error share below 1 %, on the data of this rollout, lets it go on.
 */
export function runToEnd(scenario: Scenario, random: Random): Outcome {
  const rollout = new SimulatedRollout(weights.length * soakBins * mostSoaks);
  let at = 0;
  for (const draws of drawsOf(scenario)) {
    let passed = false;
    for (let inStep = 1; inStep <= soakBins * mostSoaks && !passed; inStep += 1) {
      rollout.draw(draws, at, random);
      if (rollout.reverts(at)) return "reverted";
      at += 1;
      if (inStep >= soakBins && (inStep - soakBins) % stepBins === 0) passed = mayGoOn(rollout, at);
    }
    if (!passed) return "held";
  }
  return "promoted";
}

function mayGoOn({ pace, trace }: SimulatedRollout, bins: number): boolean {
  const count = { bad: trace.bad[bins] ?? 0, n: trace.n[bins] ?? 0 };
  return pace.evidence() < doubt && certifies(count, errorsMetric.limitShare);
}
