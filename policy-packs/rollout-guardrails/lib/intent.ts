import type { RolloutIntent } from "../../../src/types/release.ts";

/**
 * What a component says of the update, as plain values. A settled stack leaves out which way the next version comes.
 * Undefined: a component that has none.
 */
export type Intent = Omit<RolloutIntent, "strategy" | "increments"> &
  Partial<Pick<RolloutIntent, "strategy" | "increments">>;

export function intentOf(props: Record<string, unknown>): Intent | undefined {
  const intent = props["intent"];
  return typeof intent === "object" && intent !== null ? (intent as Intent) : undefined;
}
