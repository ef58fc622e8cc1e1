import { getStack, log, RunError } from "@pulumi/pulumi";
import type { Rollout } from "../components/rollout.ts";
import { RolloutError } from "../errors/errors.ts";
import type { Resolved } from "../types/engine.ts";
import { currentContext, type RolloutContext } from "./context.ts";
import { journalOutput, readPresent } from "./record.ts";
import { createRollout } from "./rollout.ts";
import { policyFromConfig, targetFromConfig } from "./stack-config.ts";

/** Outputs of a stack, by name. */
export type StackOutputs = Record<string, unknown>;

/** A program: makes resources; what it returns, or resolves to, is more stack outputs. Nothing is fine too. */
export type RolloutFunction = (rollout: Rollout) => unknown;

/**
 * Makes the default export of a Pulumi program with a rollout. A driver runs it with a target of its own; a
 * plain `pulumi up` takes version and step from stack config. Either way one rule, `nextRelease`, decides what
 * is rendered, from the record of the last good update. The outputs of `rollout.outputs()` are added where the
 * function doesn't return them: without them the next update would know nothing of this one. A driver adds the head of
 * its journal as the output `journal`; a plain `pulumi up` keeps it.
 *
 * @throws in the run: RolloutError `config-invalid`, `version-missing`, `record-invalid`,
 * `rollout-not-used` and what components throw; a plain `pulumi up` gets them as one readable text
 */
export function rolloutProgram(program: RolloutFunction): () => Promise<StackOutputs> {
  return async () => {
    const context = currentContext();
    try {
      return await runOnce(program, context);
    } catch (error) {
      if (context !== undefined || !(error instanceof RolloutError)) throw error;
      throw readable(error);
    }
  };
}

async function runOnce(program: RolloutFunction, context: RolloutContext | undefined): Promise<StackOutputs> {
  const policy = policyFromConfig();
  const target = context?.target ?? targetFromConfig();
  const { record, journalHead } = await readPresent();
  const rollout = createRollout({
    policy,
    environment: getStack(),
    record,
    target,
    report: (resolved) => (context === undefined ? tell(resolved) : context.report(resolved)),
  });
  const outputs = await program(rollout);
  // True whatever becomes of the update, so a plain value. A program's own output of that name is left to it.
  const anchor = target.journalHead ?? journalHead;
  const journal = anchor === undefined ? {} : { [journalOutput]: anchor };
  return { ...journal, ...Object(outputs), ...rollout.outputs() };
}

function tell({ notes }: Resolved): void {
  for (const note of notes) void log.warn(note);
}

/** As a RunError: the language host prints its text without a stack trace. */
function readable(error: RolloutError): Error {
  const issues = error.issues.map(({ path, received, rule, hint }) => {
    const got = received === undefined ? "" : ` is ${received}`;
    return `  ${path}${got}: ${rule}. ${hint}`;
  });
  const hint = error.hint === undefined || issues.length > 0 ? [] : [`  ${error.hint}`];
  return new RunError([`${error.message} (${error.code})`, ...issues, ...hint].join("\n"));
}
