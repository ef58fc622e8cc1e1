import { ratioReplicas } from "./capacity.ts";

/** What the Service says beside its exposure: how many pods of stable the candidate's number is counted from. */
export const stableReplicasAnnotation = "pulumi-rollouts/stable-replicas";

/** Labels that a Service selects its pods by. */
type Selector = Readonly<Record<string, string>>;

/** Pods of both sides. */
export interface PodCounts {
  readonly stable: number;
  readonly candidate: number;
}

/** Whose pods the Service takes at an exposure of 0-100 %: one side's at the ends, everybody's in between. */
export function selectorAt(app: string, exposure: number): Selector {
  if (exposure === 0) return { app, version: "stable" };
  return exposure === 100 ? { app, version: "canary" } : { app };
}

/** What a selector of `app` means: all or nothing, or a share by pods. Undefined: it is none that `selectorAt` makes. */
export function meaningOf(selector: Selector, app: string): 0 | 100 | "pods" | undefined {
  const { app: own, version, ...others } = selector;
  if (own !== app || Object.keys(others).length > 0) return undefined;
  if (version === undefined) return "pods";
  if (version === "stable") return 0;
  return version === "canary" ? 100 : undefined;
}

/** A Service over the pods of both sides, and those pods. */
interface RatioState {
  /** The share that it is to be, as the Service says; undefined: it says none between 0 and 100. */
  readonly declared: number | undefined;
  /** What it was counted from; undefined: stable's pods as they are asked for now. */
  readonly stableReplicas: number | undefined;
  readonly desired: PodCounts;
  readonly ready: PodCounts;
}

/** How such a Service is read back. */
interface RatioReading {
  /** 0-100 %: the declared one, unless the pods that are asked for are another share. */
  readonly exposure: number;
  readonly accepted: boolean;
  /** For people: `2 of 2 candidate pods beside 6 of stable, 25 %`. */
  readonly progress: string;
}

/**
 * In force when the candidate has exactly the pods that its share takes, all of them ready, and stable is at most one
 * short. More of stable's only make the share smaller: its autoscaler may add some. A candidate that was given more
 * pods, or stable fewer, is read as the share that this is, for it is no step's: on the way to the next one, whose pods
 * come before it is declared, it stays below that (one pod is left out, as a step's number is rounded up).
 */
export function ratioReading({ declared, stableReplicas, desired, ready }: RatioState): RatioReading {
  const share = `${percentOf(ready)} %`;
  const progress = `${ready.candidate} of ${desired.candidate} candidate pods beside ${ready.stable} of stable, ${share}`;
  if (declared === undefined) return { exposure: percentOf(ready), accepted: false, progress };
  const counted = stableReplicas ?? desired.stable;
  const planned = ratioReplicas({ exposure: declared, stableReplicas: counted });
  if (desired.stable + 1 < counted) return { exposure: percentOf(desired), accepted: false, progress };
  if (desired.candidate > planned) {
    const sure = percentOf({ ...desired, candidate: desired.candidate - 1 });
    return { exposure: Math.max(declared, sure), accepted: false, progress };
  }
  const accepted =
    desired.candidate === planned && ready.candidate === planned && ready.stable >= Math.max(1, counted - 1);
  return { exposure: declared, accepted, progress };
}

/** The candidate's share of some pods in percent, to a tenth; without any pod 0. */
export function percentOf({ stable, candidate }: PodCounts): number {
  const all = stable + candidate;
  return all === 0 ? 0 : Math.round((candidate * 1000) / all) / 10;
}
