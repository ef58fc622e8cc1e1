import type { Pod } from "./deployments.ts";
import type { Backend } from "./router.ts";

/** Whose requests they are, by the pods' `version` label. */
export type Cohort = "candidate" | "stable";

/** A stream of requests: a share of all of them, to one build. */
export interface Flow {
  readonly cohort: Cohort;
  /** 0-1 of the base rate. */
  readonly share: number;
  /** Build of the pods that answer; `""` where none does. */
  readonly build: string;
  /** False: no ready pod stands behind the Service, every request fails. */
  readonly served: boolean;
  readonly service: string;
}

/** What flows needs to know of the cloud. */
export interface FlowSource {
  /** Selector of a Service; undefined when there is no such Service. */
  selector(namespace: string, service: string): Readonly<Record<string, string>> | undefined;
  /** Selector that the Service had last, also when it is gone. */
  lastSelector(namespace: string, service: string): Readonly<Record<string, string>> | undefined;
  pods(namespace: string, selector: Readonly<Record<string, string>>): readonly Pod[];
}

/** Splits what a route serves into flows: a Service's requests spread evenly over its ready pods. */
export function flowsOf(backends: readonly Backend[], source: FlowSource): readonly Flow[] {
  return backends.flatMap((backend): readonly Flow[] => {
    if (backend.share === 0) return [];
    const { namespace, service, share } = backend;
    const selector = backend.selector ?? source.selector(namespace, service);
    const ready =
      selector === undefined ? [] : source.pods(namespace, selector).filter((pod) => pod.state === "ready");
    if (ready.length === 0) {
      const cohort = cohortOf(backend.selector ?? source.lastSelector(namespace, service) ?? {});
      return [{ cohort, share, build: "", served: false, service }];
    }
    return ready.map((pod) => ({
      cohort: cohortOf(pod.labels),
      share: share / ready.length,
      build: pod.build,
      served: true,
      service,
    }));
  });
}

/** `version=canary` is the candidate; everything else counts as stable. */
export function cohortOf(labels: Readonly<Record<string, string>>): Cohort {
  return labels["version"] === "canary" ? "candidate" : "stable";
}
