import { ComponentResource, type ComponentResourceOptions, type Output } from "@pulumi/pulumi";
import type { StrategyKind } from "../types/plan.ts";
import { carriers, recordedArgs, recordedIntent, registerWorkload } from "./register.ts";
import type { ClaimedRollout } from "./rollout.ts";
import { settingsOf, type WorkloadSettings } from "./validate-args.ts";
import type { WorkloadArgs } from "./workload-args.ts";

/** What sets one component class apart from another. */
export interface ComponentKind {
  /** Type token, `rollouts:index:<Class>`. */
  readonly token: string;
  /** Strategies that the class takes; the rollout refuses others. */
  readonly strategies: readonly StrategyKind[];
}

/** A service behind one route, rendered from the release; base of the component classes. */
export abstract class ServiceComponent extends ComponentResource {
  /** Id of what users come in by, an HTTPRoute, VirtualService, Ingress or Service: `<namespace>/<service>`. */
  readonly routeId: Output<string>;

  protected constructor(
    kind: ComponentKind,
    of: { readonly name: string; readonly args: WorkloadArgs },
    opts?: ComponentResourceOptions,
  ) {
    const { name, args } = of;
    const settings = settingsOf(name, args);
    // Before super(): a refused step must not register anything, the component itself included.
    const claimed = args.rollout.claim({
      component: name,
      workload: settings.workload,
      replicas: Math.max(settings.replicas, settings.hpa?.min ?? 0),
      strategies: kind.strategies,
    });
    super(kind.token, name, recordedArgs(name, claimed, settings), opts);
    const registered = registerWorkload(this, {
      service: name,
      namespace: args.namespace,
      route: args.route,
      settings,
      release: claimed.release,
      inPlace: rendersInPlace(claimed.intent.strategy),
      atOnce: claimed.intent.strategy === "direct",
      ...(claimed.cohort === undefined ? {} : { cohort: claimed.cohort }),
      ...(args.transform === undefined ? {} : { transform: args.transform }),
    });
    args.rollout.track(carriers(registered));
    this.routeId = registered.route.id;
    this.registerOutputs({ routeId: this.routeId, ...judged(claimed, settings) });
  }
}

/**
 * What rules over a whole stack go by, which see outputs alone: the intent, and while a candidate stands beside stable
 * how many of stable's pods a revert needs.
 */
function judged(claimed: ClaimedRollout, settings: WorkloadSettings): Record<string, unknown> {
  const { release, intent } = claimed;
  const beside = release.candidate !== undefined && !rendersInPlace(intent.strategy);
  const stableReplicas = release.rollout?.stableReplicas ?? settings.replicas;
  return { intent: recordedIntent(claimed), ...(beside ? { stableReplicas } : {}) };
}

/** Strategies whose new version takes stable's place. */
function rendersInPlace(strategy: string): boolean {
  return strategy === "rolling" || strategy === "direct";
}
