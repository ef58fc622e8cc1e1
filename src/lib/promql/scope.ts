import { configError } from "../../errors/errors.ts";
import { labelName, type Matcher, selector } from "./selector.ts";

/** Whose series a check reads, and over how long. */
export interface PromScope {
  /** Labels that all of them have: `{ app: "atp-ingestion" }`. */
  readonly match?: Readonly<Record<string, string>>;
  /** The label that tells sides apart, and the values that are read. Absent: everything that matches, together. */
  readonly cohort?: { readonly label: string; readonly values: readonly string[] };
  /** Minutes, whole ones; default 5. */
  readonly windowMinutes?: number;
}

/** What a counter or a sum grew by in the window, by side. */
export function growth(scope: PromScope, metric: string, more: readonly Matcher[] = []): string {
  return `sum${by(scope)} (increase(${ranged(scope, metric, more)}))`;
}

/** A selector over the window. */
export function ranged(
  { match = {}, cohort, windowMinutes = 5 }: PromScope,
  metric: string,
  more: readonly Matcher[] = [],
): string {
  if (!(Number.isSafeInteger(windowMinutes) && windowMinutes >= 1))
    throw refused("windowMinutes", "a whole number of minutes from 1");
  const fixed = Object.entries(match).map(([label, value]) => ({ label, value }));
  // Of no value nothing is read, rather than everything: an empty expression would match series without the label.
  if (cohort?.values.length === 0) throw refused("cohort.values", "at least one value");
  const sides = cohort === undefined ? [] : [{ label: cohort.label, value: { oneOf: cohort.values } }];
  return `${selector(metric, [...fixed, ...sides, ...more])}[${windowMinutes}m]`;
}

/** ` by (version)`; empty without sides. */
export function by(scope: PromScope): string {
  const labels = groups(scope);
  return labels.length === 0 ? "" : ` by (${labels.join(", ")})`;
}

export function groups({ cohort }: PromScope): readonly string[] {
  return cohort === undefined ? [] : [labelName(cohort.label)];
}

export function refused(path: string, rule: string): ReturnType<typeof configError> {
  return configError([{ path, rule, hint: `Give ${path} as ${rule}.` }]);
}
