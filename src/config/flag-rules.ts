import type { Issue } from "../errors/errors.ts";
import { opensFlag } from "../lib/strategies.ts";
import { issueAt, missingSource, type Rule, type RuleInput } from "./rule.ts";

/** A strategy that opens a flag has one, and code that comes with it by a canary. */
export const flagsAreOpened: Rule = {
  name: "flags-are-opened",
  says: "`feature-flag` and `combined` name a `flag`, and go with a route of Kubernetes or with the lever `app-configuration`, which goes with nothing else and has `flag.phases` in place of increments.",
  reads: ["preset", "strategy", "lever", "flag", "increments"],
  check: ({ written, policy: { strategy, platform } }) => {
    const opens = opensFlag(strategy);
    const issues: Issue[] = [];
    if ((opens || platform === "app-configuration") && written.flag === undefined) {
      const hint = "Write flag: { id: AuditTrail.NewAlgorithm, endpoint: https://atp-prod.azconfig.io }.";
      issues.push(missingSource(written, "flag", { rule: "the flag that is opened", hint }));
    }
    if (opens && (platform === "app-service" || platform === "node-pools")) {
      const rule = `a route of Kubernetes or app-configuration beside the strategy ${strategy}`;
      const hint = "Give the flag a stack of its own, with the lever app-configuration.";
      issues.push(issueAt(written, "lever.kind", { rule, hint }));
    }
    if (!opens && platform === "app-configuration") {
      const rule = `feature-flag or combined beside the lever app-configuration, not ${strategy}`;
      issues.push(issueAt(written, "strategy", { rule, hint: "Write strategy: feature-flag." }));
    }
    if (platform === "app-configuration" && written.increments !== undefined) {
      const rule = "absent beside the lever app-configuration";
      issues.push(issueAt(written, "increments", { rule, hint: "Write them as flag.phases." }));
    }
    return issues;
  },
};

/** What a flag says of itself holds together. */
export const flagHolds: Rule = {
  name: "flag-holds",
  says: "`flag.phases` ascend strictly to 100; nobody is both named and excluded; `exclude` goes not with `by: percentage`; `variants` go with `by: variant`, whose groups are in as a whole; the two values of `flag.cohort` differ.",
  reads: ["flag"],
  check: (input) => {
    const { flag } = input.policy;
    return flag === undefined ? [] : [...phaseOrder(input), ...membersHold(input), ...waysHold(input)];
  },
};

function phaseOrder({ written, policy: { flag } }: RuleInput): readonly Issue[] {
  const shares = (flag?.phases ?? []).map(({ percentage }) => percentage);
  const at = (index: number, advice: Pick<Issue, "rule" | "hint">) =>
    issueAt(written, `flag.phases[${index}]`, advice);
  const falling = shares.flatMap((share, index) => {
    const before = shares[index - 1];
    if (before === undefined || share > before) return [];
    const hint =
      "A phase never takes the feature from a tenant: write them in order, like [10, 25, 50, 100].";
    return [at(index, { rule: `more than the phase before it (${before})`, hint })];
  });
  const last = shares.at(-1);
  if (last === 100 || falling.length > 0) return falling;
  return [at(shares.length - 1, { rule: "the last phase is 100", hint: `Add 100 after ${last}.` })];
}

function membersHold({ written, policy: { flag } }: RuleInput): readonly Issue[] {
  if (flag === undefined) return [];
  const { beta, exclude } = flag.spec;
  const both = [
    { path: "flag.exclude.users", names: beta.users.filter((user) => exclude.users.includes(user)) },
    {
      path: "flag.exclude.groups",
      names: beta.groups.map(({ name }) => name).filter((name) => exclude.groups.includes(name)),
    },
  ];
  return both.flatMap(({ path, names }) =>
    names.length === 0
      ? []
      : [
          issueAt(written, path, {
            rule: `nobody who stands in flag.beta (${names.join(", ")})`,
            hint: "An exclusion wins: take the name out of one of the two.",
          }),
        ],
  );
}

function waysHold({ written, policy: { flag } }: RuleInput): readonly Issue[] {
  if (flag === undefined) return [];
  const { by, variants, beta, exclude } = flag.spec;
  const issues: Issue[] = [];
  if (by === "percentage" && exclude.users.length + exclude.groups.length > 0) {
    const hint = "Chance lets in whom Targeting keeps out, as any one filter is enough: leave `by` out.";
    issues.push(issueAt(written, "flag.exclude", { rule: "absent with by: percentage", hint }));
  }
  if (by === "variant" && variants === undefined) {
    const hint = "Write { on: { name: sha512, value: SHA-512 }, off: { name: sha256, value: SHA-256 } }.";
    issues.push(missingSource(written, "flag.variants", { rule: "the two variants", hint }));
  }
  if (by !== "variant" && variants !== undefined) {
    const hint = "Write by: variant, or take variants out: nobody would get one.";
    issues.push(issueAt(written, "flag.variants", { rule: `absent with by: ${by}`, hint }));
  }
  if (variants !== undefined && variants.on.name === variants.off.name) {
    const rule = "another name than flag.variants.on";
    issues.push(issueAt(written, "flag.variants.off.name", { rule, hint: "Both sides would be one." }));
  }
  const part = beta.groups.findIndex(({ percentage }) => percentage < 100);
  if (by === "variant" && part >= 0) {
    const hint = "An allocation takes a group as a whole: write 100, or by: targeting.";
    issues.push(
      issueAt(written, `flag.beta.groups[${part}].percentage`, { rule: "100 with by: variant", hint }),
    );
  }
  if (flag.cohort.on === flag.cohort.off) {
    const hint = "With one value both cohorts would be the same requests: write on and off.";
    issues.push(issueAt(written, "flag.cohort.off", { rule: "another value than flag.cohort.on", hint }));
  }
  return issues;
}
