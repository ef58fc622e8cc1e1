import type { Runtime } from "../lib/runtime.ts";

/** Id of a rollout in the journal: what it is about, and chance. */
export function newRolloutId(about: string, random: Runtime["random"]): string {
  const suffix = Math.floor(random() * 36 ** 8)
    .toString(36)
    .padStart(8, "0");
  return `${about}-${suffix}`;
}
