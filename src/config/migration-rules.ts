import type { Issue } from "../errors/errors.ts";
import { migrationIssues } from "../lib/migration-rules.ts";
import type { WrittenAction, WrittenPhase } from "./migration-of.ts";
import { issueAt, type Rule } from "./rule.ts";

type Found = Pick<Issue, "path" | "rule" | "hint">;

/** What holds in one action and one phase, then what holds between the phases. */
export const migrationHolds: Rule = {
  name: "migration-holds",
  says: "In a `migration` each action is either `run` or `deploy`, and each phase has either `undo` or `irreversible`; a phase that deploys deploys on its way back too, that of `switch-reads` the version of `dual-write`; `contract` deploys before its last command, and is irreversible.",
  reads: ["migration", "promotedIn"],
  check: ({ written, policy: { migration } }) => {
    if (migration === undefined) return [];
    const phases = Object.entries(written.migration?.phases ?? {});
    const parts = phases.flatMap(([name, phase]) => phaseIssues(`phases.${name}`, phase));
    const broken = new Set(parts.map(({ path }) => phaseOf(path)));
    const whole = migrationIssues(migration)
      .map(inConfig)
      // A phase that is wrong by itself is not judged again for what it lacks.
      .filter(({ path }) => !broken.has(phaseOf(path)));
    return [...parts, ...whole].map(({ path, ...advice }) =>
      issueAt(written, `migration.${path}`, { rule: advice.rule, hint: advice.hint }),
    );
  },
};

/** `phases.expand` of `phases.expand.do[0]`. */
function phaseOf(path: string): string {
  return path.split(".").slice(0, 2).join(".");
}

function phaseIssues(path: string, { do: forward, undo, irreversible }: WrittenPhase): readonly Found[] {
  const actions = [...forward.entries()].flatMap(([index, one]) => actionIssues(`${path}.do[${index}]`, one));
  const back = [...(undo ?? []).entries()].flatMap(([index, one]) =>
    actionIssues(`${path}.undo[${index}]`, one),
  );
  return [...actions, ...back, ...reverseIssues(path, undo, irreversible)];
}

function reverseIssues(
  path: string,
  undo: WrittenPhase["undo"],
  irreversible: string | undefined,
): readonly Found[] {
  if (undo === undefined && irreversible === undefined) {
    const rule = "required: undo, or irreversible with the reason";
    const hint = "Write undo: [] where what it added harms nobody.";
    return [{ path: `${path}.undo`, rule, hint }];
  }
  if (undo === undefined || irreversible === undefined) return [];
  const hint = "What has a way back is not irreversible: leave one of the two out.";
  return [{ path: `${path}.irreversible`, rule: "not beside undo", hint }];
}

function actionIssues(path: string, { run, deploy, timeout }: WrittenAction): readonly Found[] {
  if ((run === undefined) === (deploy === undefined)) {
    const hint = "Write { run: [npm, run, migrate] } or { deploy: 2.0.0 }, as two actions where it is both.";
    return [{ path, rule: "either run or deploy", hint }];
  }
  if (timeout === undefined || run !== undefined) return [];
  const hint = "Remove it: a deploy has the times of `timeouts`.";
  return [{ path: `${path}.timeout`, rule: "only beside run", hint }];
}

/** The words of config for those of the migration. */
function inConfig({ path, rule, hint }: Issue): Found {
  if (path.endsWith(".reverse.possible")) {
    return {
      path: path.replace(".reverse.possible", ".undo"),
      rule: "irreversible in its place, with the reason",
      hint,
    };
  }
  const written = path
    .replace(/^contractAfterSeconds$/, "contractAfter")
    .replace(".forward", ".do")
    .replace(".reverse.actions", ".undo")
    .replace(/\.timeoutSeconds$/, ".timeout")
    .replace(/\.version$/, ".deploy");
  return { path: written, rule, hint };
}
