import { wayOf } from "../../driver/way.ts";
import { exitCodes } from "../../errors/errors.ts";
import { recordSteps, stepsOf } from "../../plan/steps.ts";
import type { ChangeKind, StrategyOverride } from "../../types/change.ts";
import type { PolicyViolation, Way } from "../../types/engine.ts";
import type { Release, StepId } from "../../types/release.ts";
import type { CommandContext, CommandResult } from "../command.ts";
import type { StackAt } from "../world.ts";

/** `preview` of `plan --preview --json`. */
export interface PlanPreview {
  /** The step that the stack would take next. */
  readonly step: StepId;
  /** `update Deployment atp-ingestion`; nothing that stays as it is. */
  readonly changes: readonly string[];
  readonly violations: readonly PolicyViolation[];
}

/** What is previewed: a version, as what it comes. */
export interface Previewed {
  readonly version: string;
  readonly change?: { readonly kind: ChangeKind; readonly overridden?: StrategyOverride };
}

/**
 * The next step in the engine's own preview, judged by the stack's guardrails. Takes no lease and writes nothing; throws
 * as the engine does.
 */
export async function previewStep(
  context: CommandContext,
  at: StackAt,
  { version, change }: Previewed,
): Promise<PlanPreview> {
  const { engine, policy } = await context.world.openDriver(at, context, () => {});
  const target = { kind: "step", version } as const;
  const { record } = (await engine.preview({ target })).resolved;
  const steps = stepsOf(policy, { installed: record !== undefined });
  const step = nextOf(recordSteps(steps), record);
  const way: Way = {
    ...wayOf(policy.strategy, steps),
    ...(change === undefined ? {} : { change: change.kind }),
    ...(change?.overridden === undefined ? {} : { reason: change.overridden.reason }),
  };
  const preview = await engine.preview({ target: { ...target, step, way } });
  return {
    step,
    changes: preview.changes.map(({ op, urn }) => `${op} ${urn.split("::").slice(-2).join(" ")}`),
    violations: preview.violations,
  };
}

/** The first step of a version that isn't on its way, else the one behind the record's. */
function nextOf(steps: readonly StepId[], record: Release | undefined): StepId {
  const [first = "install"] = steps;
  if (record?.candidate === undefined) return first;
  return steps[steps.indexOf(record.step) + 1] ?? record.step;
}

/** For people, behind the plan. */
export function renderPreview({ step, changes, violations }: PlanPreview): string {
  const found = violations.map(
    ({ policy, level, urn, message }) =>
      `    ${level === "mandatory" ? "✗" : "!"} ${policy}${urn === undefined ? "" : ` on ${urn.split("::").at(-1)}`}: ${message}`,
  );
  return [
    `  preview of ${step}: ${changes.length} changes${violations.length === 0 ? ", and every guardrail holds" : ""}`,
    ...changes.map((change) => `    ${change}`),
    ...found,
  ].join("\n");
}

/** Exit 5 as from the driver: the Pulumi CLI itself ends with 1. */
export function endedBy({ violations }: PlanPreview): Pick<CommandResult, "exit" | "problem"> {
  const mandatory = violations.filter(({ level }) => level === "mandatory");
  if (mandatory.length === 0) return {};
  const names = [...new Set(mandatory.map(({ policy }) => policy))].join(", ");
  return {
    exit: exitCodes.policy,
    problem: {
      code: "policy-violated",
      message: `The preview violates ${names}.`,
      hint: "Write what each of them says; docs/guardrails.md has the rules.",
    },
  };
}
