import type { Issue } from "../errors/errors.ts";
import { issueAt, missingSource, type Rule, watched } from "./rule.ts";
import { triggerKeys } from "./watch-of.ts";

const triggers = Object.keys(triggerKeys) as readonly (keyof typeof triggerKeys)[];
const levels = [...triggers, "queueLag"] as const;

/** Production says of each of the guide's triggers on levels what watches it, or why nothing does. */
export const triggersAreNamed: Rule = {
  name: "triggers-are-named",
  says: "In production a rollout that is watched by real metrics names the source of each trigger on a level (`watch.dbPool`, `watch.queue`, `watch.memory`), or says why there is none: `{ kind: none, reason: … }`.",
  reads: ["preset", "strategy", "increments", "soak", "metrics", "watch"],
  check: ({ written, policy }) => {
    if (policy.preset !== "production" || !watched(policy) || policy.metrics.kind === "sandbox") return [];
    return triggers
      .filter((key) => written.watch?.[key] === undefined)
      .map((key) =>
        missingSource(written, `watch.${key}`, {
          rule: "where its level comes from, as it reverts by itself",
          hint: "Write { kind: prometheus, url: …, query: … }, or { kind: none, reason: … }.",
        }),
      );
  },
};

/** A source in Azure is at one place, and its sides differ. */
export const azureIsOnePlace: Rule = {
  name: "azure-is-one-place",
  says: "Azure Monitor has either `workspaceId` or `resourceId`; a cohort by `role` names both roles, and no two sides have the same value.",
  reads: ["metrics", "watch"],
  check: ({ written }) => {
    const issues: Issue[] = [];
    const one = (path: string, at: { readonly workspaceId?: unknown; readonly resourceId?: unknown }) => {
      if ((at.workspaceId === undefined) !== (at.resourceId === undefined)) return;
      const hint =
        "A workspace has the tables App*, an Application Insights resource the classic ones: name one.";
      issues.push(issueAt(written, `${path}.workspaceId`, { rule: "either it or resourceId", hint }));
    };
    const { metrics, watch = {} } = written;
    if (metrics?.kind === "azure-monitor") {
      one("metrics", metrics);
      const cohort = typeof metrics.cohort === "string" ? { by: metrics.cohort } : metrics.cohort;
      const { stable, candidate } = cohort as { readonly stable?: string; readonly candidate?: string };
      if (cohort.by === "role" && (stable === undefined || candidate === undefined || stable === candidate)) {
        const hint = "Write { by: role, stable: atp-ingestion, candidate: atp-ingestion-canary }.";
        issues.push(issueAt(written, "metrics.cohort", { rule: "two different roles", hint }));
      } else if (stable !== undefined && stable === candidate) {
        const hint = "With one value stable would be judged as the candidate: leave both out.";
        issues.push(
          issueAt(written, "metrics.cohort", { rule: "two different values, or the versions' own", hint }),
        );
      }
    }
    for (const key of levels) {
      const source = watch[key];
      if (source?.kind === "azure-logs") one(`watch.${key}`, source);
    }
    (watch.review ?? []).forEach(({ source }, index) => {
      if (source.kind === "azure-logs") one(`watch.review[${index}].source`, source);
    });
    return issues;
  },
};

/** Levels of the sandbox never judge real traffic either. */
export const noMixedLevels: Rule = {
  name: "no-mixed-levels",
  says: "With a real lever no source under `watch` is `sandbox`.",
  reads: ["watch", "lever"],
  check: ({ written: { watch = {}, ...rest }, policy }) => {
    if (policy.lever.kind === "sandbox") return [];
    const written = { watch, ...rest };
    const hint = "Name a real source; a rehearsal puts the sandbox in its place by itself.";
    const advice = { rule: `a real source beside the lever ${policy.lever.kind}`, hint };
    const named = levels.filter((key) => watch[key]?.kind === "sandbox").map((key) => `watch.${key}.kind`);
    const reviews = (watch.review ?? []).flatMap(({ source }, index) =>
      source.kind === "sandbox" ? [`watch.review[${index}].source.kind`] : [],
    );
    return [...named, ...reviews].map((path) => issueAt(written, path, advice));
  },
};
