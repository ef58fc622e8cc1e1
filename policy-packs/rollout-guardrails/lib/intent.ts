import type { RolloutIntent } from "../../../src/types/release.ts";
import { quoteNumber } from "./quote.ts";
import { isShare } from "./read.ts";
import type { Finding } from "./rule.ts";

/**
 * What a component says of the update, as plain values. A settled stack leaves out which way the next version comes.
 * Undefined: a component that has none.
 */
export type Intent = Omit<RolloutIntent, "strategy" | "increments"> &
  Partial<Pick<RolloutIntent, "strategy" | "increments">>;

/** The end of its way that is no share of whom it moves, if one is. */
export function wrongShare({ from, to }: Intent, of: "traffic" | "tenants"): Finding | undefined {
  const wrong = Object.entries({ from, to }).find(([, share]) => !isShare(share));
  if (wrong === undefined) return undefined;
  return {
    what: `intent.${wrong[0]} is ${quoteNumber(wrong[1])}, not a share of the ${of} from 0 to 100 %`,
    hint: "Let the component say it: it takes it from the rollout.",
  };
}

export function intentOf(props: Record<string, unknown>): Intent | undefined {
  const intent = props["intent"];
  return typeof intent === "object" && intent !== null ? (intent as Intent) : undefined;
}
