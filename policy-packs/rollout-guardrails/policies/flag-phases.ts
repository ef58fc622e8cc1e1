import * as z from "zod";
import { betaExposure } from "../../../src/lib/strategies.ts";
import { flagRollout } from "../lib/components.ts";
import { resourceRule } from "../lib/define.ts";
import { intentOf, wrongShare } from "../lib/intent.ts";
import { quoteNumber } from "../lib/quote.ts";
import { elementsOf, isShare, type Members, membersOf } from "../lib/read.ts";
import type { Finding } from "../lib/rule.ts";

/** Tenants that have a feature keep it: a flag opens phase by phase, and closes for everybody at once. */
export const flagPhases = resourceRule({
  name: "flag-phases",
  description: "A flag opens along its phases, one at a time, and goes back to nobody alone.",
  level: "mandatory",
  types: [flagRollout],
  parameters: z.object({}),
  *check({ props }) {
    const intent = intentOf(props);
    if (intent === undefined) return;
    const { from, to } = intent;
    const wrong = wrongShare(intent, "tenants");
    if (wrong !== undefined) {
      yield wrong;
      return;
    }
    const phases = phasesOf(props, elementsOf(intent.increments));
    yield* ascending(phases);
    yield* moved(phases, { from, to });
  },
});

function* ascending(phases: readonly unknown[]): Iterable<Finding> {
  const numbers = phases.map((share) => (typeof share === "number" ? share : Number.NaN));
  const at = numbers.findIndex((share, index) => !isShare(share) || share <= (numbers[index - 1] ?? 0));
  if (at < 0) return;
  yield {
    what: `the phases are ${phases.map(quoteNumber).join(", ")} %, and ${quoteNumber(phases[at])} % takes the feature from tenants that have it`,
    hint: "Write rollout.flag.phases in ascending order, each above 0 and to 100.",
  };
}

function* moved(
  phases: readonly unknown[],
  { from, to }: { readonly from: number; readonly to: number },
): Iterable<Finding> {
  if (to === from || to === 0) return;
  if (to < from) {
    yield {
      what: `the flag goes from ${said(from)} back to ${said(to)}, which takes it from some tenants and not from others`,
      hint: "Switch it off for everybody: rollouts flag off.",
    };
    return;
  }
  const next = phases.map(Number).find((share) => share > from);
  if (next === to) return;
  const phase = next === betaExposure ? "beta" : next;
  yield {
    what: `the flag goes from ${said(from)} to ${said(to)}, and the next phase is ${next === undefined ? "none: there is no plan" : said(next)}`,
    hint:
      next === undefined
        ? "Give the flag its phases: rollout.flag.phases."
        : `Write: pulumi config set step ${phase}; beside a service flag-${phase}.`,
  };
}

/** The component names who is in the beta by numbers alone; with nobody in it there is no such phase. */
function phasesOf(props: Members, increments: readonly unknown[]): readonly unknown[] {
  const beta = membersOf(membersOf(props["flag"])["beta"]);
  const named = Number(beta["users"] ?? 0) + elementsOf(beta["groups"]).length;
  return named > 0 ? [betaExposure, ...increments] : increments;
}

function said(share: number): string {
  return share === betaExposure ? "its named tenants" : `${share} %`;
}
