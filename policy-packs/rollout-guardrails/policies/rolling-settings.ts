import * as z from "zod";
import { rollingDefaults } from "../../../src/components/workload-defaults.ts";
import { everywhere } from "../lib/belongs.ts";
import { stackRule } from "../lib/define.ts";
import { about, checkPolicy } from "../lib/in-stack.ts";
import { intentOf } from "../lib/intent.ts";
import { memberAt, podsOf } from "../lib/kubernetes.ts";
import { quoteNumber } from "../lib/quote.ts";
import type { Finding } from "../lib/rule.ts";
import { tooFewPods, type Workload, workloadsIn } from "../lib/workloads.ts";

const count = (value: number) => z.number().int().min(0).default(value);

const parameters = z.object({
  everywhere,
  maxSurge: count(rollingDefaults.maxSurge),
  maxUnavailable: count(rollingDefaults.maxUnavailable),
  minReadySeconds: count(rollingDefaults.minReadySeconds),
  progressDeadlineSeconds: count(rollingDefaults.progressDeadlineSeconds),
  /** Pods of stable at the least, by the preset of the stack: of one alone nothing is left while it is replaced. */
  minReplicas: z
    .object({
      development: count(1),
      test: count(2),
      staging: count(2),
      production: count(2),
      hotfix: count(2),
    })
    .prefault({}),
});
type Limits = z.output<typeof parameters>;

/** How pods of a Deployment are replaced: a few at a time, each proved before the next, with an end. */
export const rollingSettings = stackRule({
  name: "rolling-settings",
  description: "Pods are replaced one at a time, each ready for a while before the next, and not for ever.",
  level: "mandatory",
  parameters,
  *check(seen) {
    const workloads = workloadsIn(seen.resources, seen.parameters);
    for (const workload of workloads) yield* about(workload.deployment, judge(workload, seen.parameters));
    if (workloads.length === 0) return;
    yield* checkPolicy(seen, function* ({ preset }) {
      const least = seen.parameters.minReplicas[preset];
      for (const workload of workloads) yield* tooFewPods(workload, { least, parameter: "minReplicas" });
    });
  },
});

function* judge(workload: Workload, limits: Limits): Iterable<Finding> {
  const { deployment } = workload;
  const spec = memberAt(deployment.props, "spec");
  const rolling = memberAt(spec, "strategy", "rollingUpdate");
  const type = memberAt(spec, "strategy", "type");
  if (type !== undefined && type !== "RollingUpdate") {
    yield {
      what: "spec.strategy.type is not RollingUpdate, so every pod stops before a new one starts",
      hint: "Write RollingUpdate.",
    };
    return;
  }
  const pods = mostPods(workload);
  if (!isAtOnce(workload)) yield* surge(memberAt(rolling, "maxSurge"), pods, limits.maxSurge);
  yield* unavailable(memberAt(rolling, "maxUnavailable"), pods, limits.maxUnavailable);
  yield* times(memberAt(spec, "minReadySeconds"), memberAt(spec, "progressDeadlineSeconds"), limits);
}

/** A hotfix reaches everybody with one wave of pods, and so does what takes it back: while it is watched, and no longer. */
function isAtOnce({ owner }: Workload): boolean {
  return owner !== undefined && intentOf(owner.props)?.strategy === "direct";
}

function* surge(value: unknown, pods: number, most: number): Iterable<Finding> {
  const extra = podsOf(value, pods, Math.ceil);
  const least = Math.min(1, most);
  if (extra !== undefined && extra >= least && extra <= most) return;
  yield {
    what: `maxSurge is ${said(value, extra)}, and a rolling update has ${least === most ? "" : `${least} to `}${most} more than its pods`,
    hint: `Write maxSurge: ${most}.`,
  };
}

function* unavailable(value: unknown, pods: number, most: number): Iterable<Finding> {
  const missing = podsOf(value, pods, Math.floor);
  if (missing !== undefined && missing >= 0 && missing <= most) return;
  yield {
    what: `maxUnavailable is ${said(value, missing)}, and a rolling update goes without ${most} at most`,
    hint: `Write maxUnavailable: ${most}.`,
  };
}

function* times(ready: unknown, deadline: unknown, limits: Limits): Iterable<Finding> {
  if (typeof ready !== "number" || ready < limits.minReadySeconds)
    yield {
      what: `minReadySeconds is ${quoteNumber(ready)}, and a pod is ready for ${limits.minReadySeconds} s before the next goes`,
      hint: `Write minReadySeconds: ${limits.minReadySeconds}.`,
    };
  const least = typeof ready === "number" ? ready : 0;
  const most = limits.progressDeadlineSeconds;
  if (typeof deadline === "number" && deadline <= most && deadline > least) return;
  yield {
    what: `progressDeadlineSeconds is ${quoteNumber(deadline)}, and an update without progress has failed after ${most} s at most, and more than minReadySeconds`,
    hint: `Write progressDeadlineSeconds: ${most}.`,
  };
}

/** Pods that a share is of, at the most. */
function mostPods({ deployment, autoscaler }: Workload): number {
  const pods =
    autoscaler === undefined
      ? memberAt(deployment.props, "spec", "replicas")
      : memberAt(autoscaler.props, "spec", "maxReplicas");
  return typeof pods === "number" ? pods : 1;
}

function said(value: unknown, pods: number | undefined): string {
  return pods === undefined ? quoteNumber(value) : `${pods}`;
}
