import { describe, expect, it } from "vitest";
import { type TriageInput, triage } from "../../../src/analysis/triage.ts";
import { RolloutError } from "../../../src/errors/errors.ts";

const abort = (what: string) => `rollouts abort --stack prod --by NAME --reason "${what}"`;
const status = "rollouts status --stack prod";
const report = "write the root cause analysis and the incident report";
const again = (trend: string) => `rollouts triage --stack prod --sev 2 --error-rate 0.4% --trend ${trend}`;
const sev1 = "SEV1: data loss or corruption";
const sev2 = "SEV2: service degradation";
const sev3 = "SEV3: minor bug";
const pause = `rollouts pause --stack prod --by NAME --reason "${sev2}"`;
const watched = [pause, status, again("improves"), again("worsens")];

interface Leaf {
  readonly why: string;
  readonly input: TriageInput;
  readonly action: string;
  readonly answers: readonly string[];
  readonly next: readonly string[];
}

/** Every leaf of the guide's "Rollback Decision Tree", and the branch that it doesn't draw. */
const leaves: readonly Leaf[] = [
  {
    why: "SEV1: at once, whatever else is known",
    input: { severity: 1, errorRatePercent: 0, trend: "improves", userFacing: false },
    action: "revert",
    answers: [sev1],
    next: [`${abort(sev1)} --concern corruption`, "rollouts evidence export --stack prod", status, report],
  },
  {
    why: "SEV2 above 1 %: at once",
    input: { severity: 2, errorRatePercent: 1.0001 },
    action: "revert",
    answers: [sev2, "1.0001 % of the requests fail, more than 1 %"],
    next: [abort(sev2), status, report],
  },
  {
    why: "SEV2 above 1 %: a better trend doesn't save it",
    input: { severity: 2, errorRatePercent: 4, trend: "improves" },
    action: "revert",
    answers: [sev2, "4 % of the requests fail, more than 1 %"],
    next: [abort(sev2), status, report],
  },
  {
    why: "SEV2 below 1 %: watched first",
    input: { severity: 2, errorRatePercent: 0.4 },
    action: "watch",
    answers: [sev2, "0.4 % of the requests fail, not more than 1 %", "not watched yet"],
    next: watched,
  },
  {
    why: "and it improves",
    input: { severity: 2, errorRatePercent: 0.4, trend: "improves" },
    action: "continue",
    answers: [sev2, "0.4 % of the requests fail, not more than 1 %", "improves"],
    next: ["rollouts resume --stack prod --by NAME", status],
  },
  {
    why: "and it worsens",
    input: { severity: 2, errorRatePercent: 0.4, trend: "worsens" },
    action: "revert",
    answers: [sev2, "0.4 % of the requests fail, not more than 1 %", "worsens"],
    next: [abort(sev2), status, report],
  },
  {
    why: "and it does neither: held, and a person decides",
    input: { severity: 2, errorRatePercent: 0.4, trend: "unknown" },
    action: "watch",
    answers: [sev2, "0.4 % of the requests fail, not more than 1 %", "neither better nor worse"],
    next: [...watched, "ask the on-call SRE to decide, if it stays as it is"],
  },
  {
    why: "SEV3 that users meet",
    input: { severity: 3, userFacing: true },
    action: "revert-and-hotfix",
    answers: [sev3, "yes"],
    next: [abort(sev3), status, report, "rollouts run --stack prod --change hotfix"],
  },
  {
    why: "SEV3 that no user meets",
    input: { severity: 3, userFacing: false },
    action: "file-bug",
    answers: [sev3, "no"],
    next: ["file a bug", "fix it in the next release; the rollout goes on"],
  },
];

describe("the decision tree", () => {
  it.each(leaves)("$why: $action", ({ input, action, answers, next }) => {
    const found = triage({ ...input, stack: "prod" });
    expect(found.action).toBe(action);
    expect(found.path.map(({ answer }) => answer)).toEqual(answers);
    expect(found.next).toEqual(next);
    expect(found.watchSeconds).toBe(action === "watch" ? 600 : undefined);
    expect(found.reason).not.toBe("");
  });

  it.each([
    [0, "watch"],
    [0.9999, "watch"],
    [1, "watch"],
    [1.0001, "revert"],
    [100, "revert"],
  ] as const)("SEV2 with %d %% errors: %s", (errorRatePercent, action) => {
    expect(triage({ severity: 2, errorRatePercent }).action).toBe(action);
  });

  it("names a place for the stack where none is given", () => {
    expect(triage({ severity: 1 }).next[0]).toContain("--stack STACK");
  });
});

describe("what a leaf needs and isn't given", () => {
  const problems = (input: TriageInput) => {
    try {
      triage(input);
    } catch (error) {
      if (error instanceof RolloutError) {
        return { code: error.code, exit: error.exit, paths: error.issues.map(({ path }) => path) };
      }
    }
    return undefined;
  };
  const refused = (...paths: string[]) => ({ code: "triage-input", exit: "config", paths });

  it("SEV2 asks for the error rate, SEV3 whether users meet it, SEV1 for nothing", () => {
    expect(problems({ severity: 2 })).toEqual(refused("--error-rate"));
    expect(problems({ severity: 3 })).toEqual(refused("--user-facing"));
    expect(problems({ severity: 1 })).toBeUndefined();
  });

  it.each([Number.NaN, -0.1, 100.1, Number.POSITIVE_INFINITY])("%d %% is no error rate", (share) => {
    expect(problems({ severity: 2, errorRatePercent: share })).toEqual(refused("--error-rate"));
  });

  it("everything at once", () => {
    expect(problems({ severity: 3, errorRatePercent: 200 })).toEqual(
      refused("--error-rate", "--user-facing"),
    );
    expect(problems({ severity: 4 as never, errorRatePercent: -1 })).toEqual(
      refused("--sev", "--error-rate"),
    );
  });
});
