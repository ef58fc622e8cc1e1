import type { JournalEntry } from "../../src/types/journal.ts";
import { candidate, service } from "./cluster-program.ts";
import type { ClusterSite, ClusterStack } from "./cluster-stack.ts";
import { watchRoute } from "./cluster-watch.ts";
import { mustSucceed } from "./kube-api.ts";
import { httpRoute, routesPath } from "./manifests.ts";

/** Argo Rollouts v1.9 on two cores, abort → weight 0, ms: taken earlier, not in our runs (docs/measured.md). */
export const argoAbortMs = { min: 73, median: 100, max: 284 } as const;

/** ms from the verdict (wall time of the decision that turned back) to weight 0 at the watcher. */
export async function verdictToZero(stack: ClusterStack, from = 0): Promise<number> {
  const verdict = stack.entries.findLast(isTurn);
  if (verdict === undefined) throw new Error("no decision turned this rollout back");
  const exposed = stack.watcher.seen.findIndex(({ weight }, index) => index >= from && weight > 0);
  const zero = await stack.watcher.waitFor(0, { from: Math.max(from, exposed), timeoutMs: 5_000 });
  return zero.at - Date.parse(verdict.wallAt);
}

function isTurn({ kind, data }: JournalEntry): boolean {
  return kind === "decision" && Object(data["decision"])["kind"] === "revert";
}

/** The floor: a JSON patch of the weights by a bare client, to the watcher. ms of each of `times` patches. */
export async function barePatches(
  { plane }: ClusterSite,
  namespace: string,
  times: number,
): Promise<readonly number[]> {
  const name = "bare";
  const path = routesPath(namespace);
  const watcher = watchRoute(plane, { namespace, route: name, candidate });
  const set = (weight: number) =>
    mustSucceed(plane.api, {
      method: "PATCH",
      path: `${path}/${name}`,
      contentType: "application/json-patch+json",
      body: [
        { op: "replace", path: "/spec/rules/0/backendRefs/0/weight", value: 100 - weight },
        { op: "replace", path: "/spec/rules/0/backendRefs/1/weight", value: weight },
      ],
    });
  try {
    const body = httpRoute(name, { [service]: 80, [candidate]: 20 });
    await mustSucceed(plane.api, { method: "POST", path, body });
    const found: number[] = [];
    for (let i = 0; i < times; i++) {
      await watcher.waitFor(20, { from: watcher.seen.length === 0 ? 0 : watcher.seen.length - 1 });
      const from = watcher.seen.length;
      const begun = Date.now();
      await set(0);
      found.push((await watcher.waitFor(0, { from })).at - begun);
      await set(20);
    }
    return found;
  } finally {
    await watcher.stop();
    await plane.api({ method: "DELETE", path: `${path}/${name}` });
  }
}

/** Smallest, middle and largest of some values. */
export function spread(values: readonly number[]): {
  readonly min: number;
  readonly median: number;
  readonly max: number;
} {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  return {
    min: at(0),
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    max: at(sorted.length - 1),
  };
}

/** Steps of a stack with 4 replicas that move weights alone: 5 and 20 % both need one pod, the switch needs none. */
const weightsAlone: readonly string[] = ["20", "promote-switch"];

/** ms of each step's update, with whether it changed pods or weights alone. */
export function upTimes(
  entries: readonly JournalEntry[],
): readonly { readonly step: string; readonly ms: number; readonly pods: boolean }[] {
  return entries
    .filter(({ kind, data }) => kind === "effect" && data["effect"] === "up" && data["ok"] === true)
    .map(({ step, data }) => ({ step, ms: Number(data["ms"]), pods: !weightsAlone.includes(step) }));
}
