import type { Issue } from "../errors/errors.ts";
import { formatDuration } from "../lib/duration.ts";
import { routesCohort } from "../lib/strategies.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import { issueAt, missingSource, type Rule, watched } from "./rule.ts";

/** What is watched has a source that somebody named. */
export const watchedHasSources: Rule = {
  name: "watched-has-sources",
  says: "A rollout that is watched names `metrics` and `health`, and its `lever` where the strategy is built on one: nothing is watched by a source that nobody named.",
  reads: ["preset", "strategy", "increments", "soak", "metrics", "health", "lever"],
  check: ({ written, policy }) => {
    const issues: Issue[] = [];
    if (watched(policy) && written.metrics === undefined) {
      const hint =
        "Write metrics: { kind: prometheus, url: …, cohort: { stable: stable, candidate: canary } }.";
      issues.push(
        missingSource(written, "metrics", {
          rule: "a source of metrics, as the gates judge each soak",
          hint,
        }),
      );
    }
    if (watched(policy) && written.health === undefined) {
      const hint = "Write health: { kind: http, candidate: [http://…], stable: [http://…] }.";
      issues.push(
        missingSource(written, "health", { rule: "health URLs, as any health failure reverts", hint }),
      );
    }
    if (watched(policy) && standsBeside(policy) && policy.health.kind === "http") {
      const hint = "Write candidate: [http://<service>-canary.<namespace>/health/ready].";
      const rule = "health URLs of the candidate, which stands beside stable";
      if (policy.health.candidate.length === 0)
        issues.push(missingSource(written, "health.candidate", { rule, hint }));
    }
    if (needsLever(policy) && written.lever === undefined) {
      const hint =
        "Write lever: { kind: http-route, namespace: … }; istio, ingress-nginx and replica-ratio (no router) are others.";
      issues.push(
        missingSource(written, "lever", {
          rule: "a lever, as the way back is one call past the engine",
          hint,
        }),
      );
    }
    return issues;
  },
};

/** The sides can be told apart in the metrics. */
export const cohortsDiffer: Rule = {
  name: "cohorts-differ",
  says: "The two cohorts of Prometheus have different values.",
  reads: ["metrics"],
  check: ({ written, policy: { metrics } }) => {
    if (metrics.kind !== "prometheus" || metrics.cohort.stable !== metrics.cohort.candidate) return [];
    const rule = "another value than metrics.cohort.stable";
    const hint = "With one value stable would be judged as the candidate: write canary.";
    return [issueAt(written, "metrics.cohort.candidate", { rule, hint })];
  },
};

/** The sides can be told apart by their health. */
export const healthUrlsDiffer: Rule = {
  name: "health-urls-differ",
  says: "No health URL is asked for both sides; beside the lever `replica-ratio` stable isn't asked by the Service that users call.",
  reads: ["health", "lever"],
  check: ({ written, policy: { service, health, lever } }) => {
    if (health.kind !== "http") return [];
    const shared = health.stable.flatMap((url, index) => {
      if (lever.kind !== "replica-ratio" || !isServiceHost(url, lever)) return [];
      const hint = `Both sides answer there: write http://${service}-stable.${lever.namespace}/health/ready.`;
      const rule = "a URL of stable alone beside the lever replica-ratio";
      return [issueAt(written, `health.stable[${index}]`, { rule, hint })];
    });
    const both = health.candidate.flatMap((url, index) => {
      if (!health.stable.includes(url)) return [];
      const hint =
        "An ill candidate and an ill cluster would look the same: ask each side by its own Service.";
      return [
        issueAt(written, `health.candidate[${index}]`, {
          rule: "a URL that is not among health.stable",
          hint,
        }),
      ];
    });
    return [...shared, ...both];
  },
};

/** By its name in the namespace, or in the cluster. */
function isServiceHost(
  url: string,
  { service, namespace }: { readonly service: string; readonly namespace: string },
): boolean {
  const { hostname } = new URL(url);
  const name = `${service}.${namespace}`;
  return hostname === service || hostname === name || hostname.startsWith(`${name}.svc`);
}

/** Simulated numbers never judge real traffic. */
export const noMixedClouds: Rule = {
  name: "no-mixed-clouds",
  says: "Real traffic is never judged by simulated numbers: with a real lever, neither `metrics` nor `health` is `sandbox`.",
  reads: ["metrics", "health", "lever"],
  check: ({ written, policy }) => {
    if (policy.lever.kind === "sandbox") return [];
    return (["metrics", "health"] as const)
      .filter((field) => written[field]?.kind === "sandbox")
      .map((field) => {
        const hint = "Name a real source; a rehearsal puts the sandbox in its place by itself.";
        return issueAt(written, `${field}.kind`, {
          rule: `a real source beside the lever ${policy.lever.kind}`,
          hint,
        });
      });
  },
};

/** Whole tenants need a route that can tell them. */
export const tenantsHaveRoute: Rule = {
  name: "tenants-have-a-route",
  says: "`cohort` goes with a canary on an HTTPRoute, and names each tenant once.",
  reads: ["preset", "strategy", "lever", "cohort"],
  check: ({ written, policy: { cohort, lever } }) => {
    if (cohort === undefined) return [];
    const issues: Issue[] = [];
    if (lever.kind !== "http-route" && lever.kind !== "sandbox") {
      const hint =
        "Take cohort out, or put an HTTPRoute before the service: no other router is built for it yet.";
      issues.push(issueAt(written, "lever.kind", { rule: "http-route beside cohort", hint }));
    }
    const twice = cohort.tenants.filter((tenant, index) => cohort.tenants.indexOf(tenant) !== index);
    if (twice.length > 0) {
      const hint = "Name each once: a tenant is in or out.";
      issues.push(
        issueAt(written, "cohort.tenants", { rule: `no tenant twice (${twice.join(", ")})`, hint }),
      );
    }
    return issues;
  },
};

/** Slots take all traffic or none, and a queue of another place is named whole. */
export const slotsSwap: Rule = {
  name: "slots-swap",
  says: "The lever `app-service-slot` goes with blue-green; on Kubernetes `validate.serviceBus` names subscription and resource group.",
  reads: ["preset", "strategy", "lever", "validate"],
  check: ({ written, policy }) => {
    const issues: Issue[] = [];
    if (policy.platform === "app-service" && policy.strategy !== "blue-green") {
      const rule = `blue-green beside the lever app-service-slot, not ${policy.strategy}`;
      const hint =
        "Slots take all traffic or none: write strategy: blue-green, with strategyReason where a change picks another.";
      issues.push(issueAt(written, "strategy", { rule, hint }));
    }
    const { serviceBus } = policy.validate;
    if (serviceBus === undefined || policy.platform === "app-service") return issues;
    const missing = (["subscriptionId", "resourceGroup"] as const).filter(
      (name) => serviceBus[name] === undefined,
    );
    const advice = {
      rule: "required where there is no slot to take it from",
      hint: "Write where the namespace lies.",
    };
    return [...issues, ...missing.map((name) => issueAt(written, `validate.serviceBus.${name}`, advice))];
  },
};

/** Pools move one after another, and an update has time for its nodes. */
export const poolsRoll: Rule = {
  name: "pools-roll",
  says: "The lever `node-pools` goes with rolling, and `timeouts.rollout` leaves time for at least one node's `drainTimeout`.",
  reads: ["preset", "strategy", "lever", "timeouts"],
  check: ({ written, policy: { lever, strategy, timeouts } }) => {
    if (lever.kind !== "node-pools") return [];
    const issues: Issue[] = [];
    if (strategy !== "rolling") {
      const rule = `rolling beside the lever node-pools, not ${strategy}`;
      const hint =
        "Pools move one after another: write strategy: rolling, with strategyReason where a change picks another.";
      issues.push(issueAt(written, "strategy", { rule, hint }));
    }
    if (timeouts.rolloutSeconds <= lever.drainTimeoutSeconds) {
      const rule = `more than lever.drainTimeout (${formatDuration(lever.drainTimeoutSeconds)})`;
      const hint =
        "An update makes a pool and empties the old one: leave the time-out out for its default, 2h.";
      issues.push(issueAt(written, "timeouts.rollout", { rule, hint }));
    }
    return issues;
  },
};

/** Whether a candidate is there to be asked: not in stable's place, and not on a slot that serves alone. */
function standsBeside({ strategy, platform }: EnvironmentPolicy): boolean {
  if (platform === "app-configuration") return false;
  return routesCohort(strategy) || (strategy === "blue-green" && platform === "kubernetes");
}

/** A canary moves by it, and a watched version in stable's place is undone by it. */
function needsLever(policy: EnvironmentPolicy): boolean {
  const inPlace = policy.strategy === "rolling" || policy.strategy === "direct";
  const moves = routesCohort(policy.strategy) || policy.strategy === "blue-green";
  return moves || (inPlace && watched(policy));
}
