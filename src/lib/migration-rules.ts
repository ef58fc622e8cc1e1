import type { Issue } from "../errors/errors.ts";
import type { Migration, MigrationPhase, PhaseAction, PhasePlan } from "../types/migration.ts";

const inOrder: readonly MigrationPhase[] = ["expand", "dual-write", "backfill", "switch-reads", "contract"];

/** All problems of a migration at once; none: it can begin. Paths are members of the migration. */
export function migrationIssues(migration: Migration): readonly Issue[] {
  const { id, contractAfterSeconds: after, phases } = migration;
  return [
    ...(id.trim() === "" ? [issue("id", "a name", "It names the migration in records and messages.")] : []),
    ...(Number.isFinite(after) && after >= 0
      ? []
      : [issue("contractAfterSeconds", "0 or more seconds", "Two weeks are 1209600.")]),
    ...inOrder.flatMap((phase) => [
      ...actionIssues(phase, phases[phase]),
      ...(phase === "contract" ? [] : deployIssues(phase, phases[phase])),
    ]),
    ...chainIssues(phases),
    ...contractIssues(phases.contract),
  ];
}

function actionIssues(phase: MigrationPhase, { forward, reverse }: PhasePlan): readonly Issue[] {
  const path = `phases.${phase}`;
  const back = reverse.possible ? reverse.actions : [];
  return [
    ...(forward.length > 0
      ? []
      : [issue(`${path}.forward`, "at least one action", `What does ${phase} do?`)]),
    ...forward.flatMap((action, index) => partIssues(action, `${path}.forward[${index}]`)),
    ...back.flatMap((action, index) => partIssues(action, `${path}.reverse.actions[${index}]`)),
  ];
}

function partIssues(action: PhaseAction, path: string): readonly Issue[] {
  if (action.kind === "deploy") {
    return action.version.trim() === ""
      ? [issue(`${path}.version`, "a version", "Which one is deployed?")]
      : [];
  }
  const { run, timeoutSeconds: limit } = action;
  return [
    ...((run[0] ?? "") === ""
      ? [issue(`${path}.run`, "a program", "The program first, then its arguments.")]
      : []),
    ...(limit === undefined || (Number.isFinite(limit) && limit > 0)
      ? []
      : [issue(`${path}.timeoutSeconds`, "more than 0 seconds", "Six hours are 21600.")]),
  ];
}

/** A phase that brings a version takes it away again on its way back. */
function deployIssues(phase: MigrationPhase, { forward, reverse }: PhasePlan): readonly Issue[] {
  if (deployed(forward) === undefined || !reverse.possible || deployed(reverse.actions) !== undefined)
    return [];
  const hint = `${phase} deploys ${deployed(forward)}: its way back deploys what ran before.`;
  return [issue(`phases.${phase}.reverse.actions`, "a deploy", hint)];
}

/** Back from switch-reads is the version of dual-write, or rows would be written to one side alone. */
function chainIssues(phases: Migration["phases"]): readonly Issue[] {
  const { reverse } = phases["switch-reads"];
  const writesBoth = deployed(phases["dual-write"].forward);
  const back = reverse.possible ? deployed(reverse.actions) : undefined;
  if (writesBoth === undefined || back === undefined || back === writesBoth) return [];
  const hint = `dual-write deploys ${writesBoth}: what runs after the way back has to write both sides too.`;
  return [issue("phases.switch-reads.reverse.actions", `a deploy of ${writesBoth}`, hint)];
}

/** The version of switch-reads still writes the old column, so that it can go back: one that doesn't comes first. */
function contractIssues({ forward, reverse }: PhasePlan): readonly Issue[] {
  const path = "phases.contract";
  const last = forward.findLastIndex(({ kind }) => kind === "command");
  const ready = forward.slice(0, Math.max(last, 0)).some(({ kind }) => kind === "deploy");
  const hint = "Deploy a version that no longer uses the old schema, then run what removes it.";
  return [
    ...(ready || forward.length === 0
      ? []
      : [issue(`${path}.forward`, "a deploy before the last command", hint)]),
    ...(reverse.possible
      ? [
          issue(
            `${path}.reverse.possible`,
            "false",
            "What contract removes is gone: say so, with the reason.",
          ),
        ]
      : []),
  ];
}

function deployed(actions: readonly PhaseAction[]): string | undefined {
  return actions.findLast((action) => action.kind === "deploy")?.version;
}

function issue(path: string, rule: string, hint: string): Issue {
  return { path, rule, hint };
}
