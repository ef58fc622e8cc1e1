import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { type ExitName, RolloutError } from "../../errors/errors.ts";
import type { Engine, EngineFailure, PreviewResult, UpOptions, UpResult } from "../../ports/engine.ts";
import type { Resolved, Target } from "../../types/engine.ts";
import {
  asFault,
  pendingNote,
  type RecoverOptions,
  recoverLocks,
  refreshWhenFree,
  secretsOf,
} from "./automation-recover.ts";
import { cliEnv, openStack, runCli, syncProject } from "./automation-workspace.ts";
import { EventCollector, type EventLog } from "./events.ts";
import { deployedOf } from "./exported-state.ts";
import { classifyFailure } from "./failure.ts";

/** How an engine is made. */
export interface AutomationOptions extends RecoverOptions {
  /**
   * Runs the user's program for a target, in a context in which `rolloutProgram` finds it. Given from outside:
   * an adapter doesn't know the program.
   */
  readonly program: (context: {
    readonly target: Target;
    report(resolved: Resolved): void;
  }) => Promise<Record<string, unknown>>;
  /**
   * Executable files or folders. A mandatory violation in a preview is a result; in an update a failure. They judge
   * steps forward alone: no policy may block the way back to a baseline that passed before.
   */
  readonly policyPacks?: readonly string[];
  /** A JSON file a pack, in their order. */
  readonly policyPackConfigs?: readonly string[];
}

type Operation = "preview" | "up";
interface Request extends UpOptions {
  readonly operation: Operation;
}
interface Outcome {
  readonly log: EventLog;
  readonly resolved: Resolved | undefined;
  readonly failed?: { readonly failure: EngineFailure; readonly programError: unknown };
}

const forceVariable = "PULUMI_K8S_ENABLE_PATCH_FORCE";

/**
 * The Pulumi engine on one stack, with the program run inline in this process. The SDK and the stack are loaded
 * at the first call.
 */
export function createAutomationEngine(options: AutomationOptions): Engine {
  let opened: Promise<Stack> | undefined;
  const stack = () => {
    opened ??= openStack(options).catch((error: unknown) => {
      opened = undefined;
      throw asFault(error, options);
    });
    return opened;
  };
  const deployed = async () => {
    await stack();
    // Not `exportStack`: that one always asks for secrets in the clear.
    const text = await runCli(options, ["stack", "export", "--stack", options.stack]).catch(
      (error: unknown) => {
        throw asFault(error, options);
      },
    );
    return deployedOf(text);
  };
  return {
    preview: async (request) =>
      previewResult(await run(await stack(), options, { ...request, operation: "preview" })),
    up: async (request) => up(stack, options, request),
    deployed,
    recover: async (request) => {
      await stack();
      const done = await recoverLocks(options, request);
      const { pendingOperations } = await deployed();
      const more = await refreshWhenFree(await stack(), options, request);
      return [
        ...done,
        ...pendingOperations.map(pendingNote),
        ...more,
        "Refreshed the stack's state from the cloud.",
      ];
    },
  };
}

async function up(
  stack: () => Promise<Stack>,
  options: AutomationOptions,
  request: UpOptions,
): Promise<UpResult> {
  const { wall } = options.runtime;
  const begun = wall.now();
  // The SDK ignores a signal that has already aborted and runs the update to its end.
  if (request.signal?.aborted === true) {
    const failure: EngineFailure = { kind: "cancelled", message: "Stopped before the update began." };
    return { ok: false, failure, durationMs: 0 };
  }
  const { log, resolved, failed } = await run(await stack(), options, { ...request, operation: "up" });
  const durationMs = wall.now() - begun;
  if (failed !== undefined) return { ok: false, failure: failed.failure, durationMs };
  return { ok: true, resolved: known(resolved), summary: log.summary, durationMs };
}

/** One CLI operation with the program inline. Never throws for what the engine, a resource or the program did. */
async function run(stack: Stack, options: AutomationOptions, request: Request): Promise<Outcome> {
  await syncProject(options);
  const events = new EventCollector();
  let resolved: Resolved | undefined;
  let programError: unknown;
  const program = async () => {
    try {
      return await options.program({ target: request.target, report: (value) => (resolved = value) });
    } catch (error) {
      programError = error;
      throw error;
    }
  };
  const settings = {
    program,
    color: "never" as const,
    onEvent: (event: unknown) => events.add(event),
    ...(request.refresh === true ? { refresh: true } : {}),
    ...packsOf(options, request),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  };
  stack.workspace.envVars = {
    ...cliEnv(options),
    // The CLI runs in a folder of ours; a pack finds the stack's record from the user's.
    ...(options.policyPacks === undefined ? {} : { ROLLOUTS_PROJECT_DIR: options.projectDir }),
    ...(request.converge === true ? { [forceVariable]: "true" } : {}),
  };
  try {
    if (request.operation === "preview") await stack.preview(settings);
    else await stack.up({ ...settings, showSecrets: false });
    return { log: events.log(), resolved };
  } catch (error) {
    const log = events.log();
    const aborted = request.signal?.aborted === true;
    const failure = classifyFailure({ log, error, programError, aborted, secrets: secretsOf(options) });
    return { log, resolved, failed: { failure, programError } };
  } finally {
    stack.workspace.envVars = cliEnv(options);
  }
}

/**
 * Packs judge a step forward. A record that is written verbatim has passed before, whatever way back it is; and a survey
 * asks for no step.
 */
function packsOf(
  { policyPacks, policyPackConfigs }: AutomationOptions,
  { target, converge }: Request,
): { policyPacks?: string[]; policyPackConfigs?: string[] } {
  const isForward = target.kind === "step" && target.step !== undefined;
  if (policyPacks === undefined || converge === true || !isForward) return {};
  return {
    policyPacks: [...policyPacks],
    ...(policyPackConfigs === undefined ? {} : { policyPackConfigs: [...policyPackConfigs] }),
  };
}

function previewResult({ log, resolved, failed }: Outcome): PreviewResult {
  const { summary, changes, violations } = log;
  const refused = violations.some(({ level }) => level === "mandatory");
  if (failed !== undefined && !(refused && resolved !== undefined)) {
    const { failure, programError } = failed;
    if (programError instanceof RolloutError) throw programError;
    throw new RolloutError(`The preview failed: ${failure.message}`, {
      code: `preview-${failure.kind}`,
      exit: exitOf(failure),
      ...(failure.urn === undefined ? {} : { path: failure.urn }),
    });
  }
  return { resolved: known(resolved), summary, changes, violations };
}

function exitOf({ kind }: EngineFailure): ExitName {
  if (kind === "resource" || kind === "conflict") return "resource";
  if (kind === "cancelled") return "cancelled";
  return kind === "locked" ? "leaseHeld" : "error";
}

function known(resolved: Resolved | undefined): Resolved {
  if (resolved !== undefined) return resolved;
  throw new RolloutError("The program ran, and no component of it took part in the rollout.", {
    code: "rollout-not-used",
    exit: "config",
    hint: "export default rolloutProgram(…) from the file that `main` in Pulumi.yaml names, and use its rollout",
  });
}
