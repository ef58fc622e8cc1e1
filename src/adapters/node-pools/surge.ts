import { configError } from "../../errors/errors.ts";

/** A number of nodes, or a share of them in percent. */
export const surgePattern = /^(\d+)(%)?$/;

/**
 * How many of `nodes` are emptied at a time, as AKS writes it: `2`, or a share rounded up, `33%`. At least 1, at most
 * all. Throws RolloutError `config-invalid`.
 */
export function surgeOf(maxSurge: string, nodes: number): number {
  const [, digits, percent] = surgePattern.exec(maxSurge) ?? [];
  if (digits === undefined) {
    throw configError([
      {
        path: "maxSurge",
        received: JSON.stringify(maxSurge),
        rule: "must be a number of nodes or a percentage",
        hint: "Write 1 or 33%.",
      },
    ]);
  }
  const asked = percent === undefined ? Number(digits) : Math.ceil((Number(digits) * nodes) / 100);
  return Math.max(1, Math.min(asked, nodes));
}
